// optimus: verdict=compile_error
fun main() { val x: Int = "42" }
