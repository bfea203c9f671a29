// optimus: verdict=time_limit_exceeded limits.cpu_ms=500 limits.wall_ms=20000
// The engine compiles it first, which is wall time.
package main

func main() {
	for {
	}
}
