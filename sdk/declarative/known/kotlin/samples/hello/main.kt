// optimus: verdict=accepted
// optimus: expect="Hello, world!\n"
fun main() = println("Hello, world!")
