// optimus: verdict=accepted
// optimus: args=["a b", "-c"] expect="[a b! -c!]\n"

package main

import (
	"fmt"
	"os"
)

func each[T any](items []T, f func(T) T) []T {
	var result []T
	for _, item := range items {
		result = append(result, f(item))
	}
	return result
}

func main() {
	fmt.Println(each(os.Args[1:], func(s string) string { return s + "!" }))
}
