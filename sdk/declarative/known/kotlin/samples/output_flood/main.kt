// optimus: verdict=output_limit_exceeded limits.output_bytes=65536
fun main() { while (true) println("flood") }
