package main

import (
	"fmt"
	"time"
)

func main() {
	var number int
	fmt.Scan(&number)
	halves := make(chan int)
	go func() { time.Sleep(time.Millisecond); halves <- number / 2 }()
	fmt.Println(<-halves)
}
