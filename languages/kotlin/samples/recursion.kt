// optimus: verdict=accepted expect="100000\n" limits.cpu_ms=5000
fun depth(n: Int): Int = if (n == 0) 0 else 1 + depth(n - 1)

fun main() = println(depth(100_000))
