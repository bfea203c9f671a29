// optimus: verdict=accepted
// optimus: stdin="6\n" expect="6 * 7 = 42\n"

package main

import (
	"fmt"
	"os"

	"main/lib"
)

func main() {
	var factor, n int
	data, err := os.Open("data.txt")
	if err != nil {
		panic(err)
	}
	fmt.Fscan(data, &factor)
	fmt.Scan(&n)
	fmt.Printf("%d * %d = %d\n", n, factor, lib.Multiply(n, factor))
}
