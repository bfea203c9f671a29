// optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864

package main

func main() {
	var blocks [][]byte
	for {
		block := make([]byte, 1<<20)
		for i := range block {
			block[i] = 1
		}
		blocks = append(blocks, block)
	}
}
