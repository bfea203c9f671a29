// optimus: verdict=runtime_error

package main

import (
	"fmt"
	"os"
)

func main() {
	numbers := []int{1, 2, 3}
	fmt.Println(numbers[len(os.Args)+2])
}
