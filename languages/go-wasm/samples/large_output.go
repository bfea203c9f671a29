// optimus: verdict=accepted
// optimus: expect="0123456789\n" expect_times=500000

package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for i := 0; i < 500000; i++ {
		fmt.Fprintln(out, "0123456789")
	}
}
