// optimus: verdict=accepted
// optimus: expect="Hello, world!\n"

package main

import "fmt"

func main() {
	fmt.Println("Hello, world!")
}
