// optimus: verdict=compile_error

package main

import "fmt"

func main() {
	var answer int = "42"
	fmt.Println(answer)
}
