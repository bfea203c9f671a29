// optimus: verdict=memory_limit_exceeded limits.memory_bytes=134217728 limits.cpu_ms=8000
fun main() {
    val all = ArrayList<ByteArray>()
    while (true) all.add(ByteArray(1 shl 20))
}
