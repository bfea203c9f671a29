// optimus: verdict=compile_error
fun start() = println(42)
