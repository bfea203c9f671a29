// optimus: verdict=wrong_answer
// optimus: expect="42\n"

package main

import "fmt"

func main() {
	fmt.Println(41)
}
