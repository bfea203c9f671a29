// optimus: verdict=wrong_answer
// optimus: expect="Hello, moon!\n"
fun main() = println("Hello, world!")
