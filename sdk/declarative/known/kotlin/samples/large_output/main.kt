// optimus: verdict=accepted limits.cpu_ms=10000
// optimus: expect="0123456789\n" expect_times=500000
fun main() = print("0123456789\n".repeat(500_000))
