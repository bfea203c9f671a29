// optimus: verdict=accepted expect="42\n"
import lib.answer

fun main() = println(answer())
