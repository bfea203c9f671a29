// optimus: verdict=runtime_error
fun main() { throw Exception("on purpose") }
