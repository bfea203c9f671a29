// optimus: verdict=output_limit_exceeded limits.output_bytes=65536

package main

import "fmt"

func main() {
	for {
		fmt.Println("flood")
	}
}
