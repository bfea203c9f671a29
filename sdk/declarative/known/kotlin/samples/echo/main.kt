// optimus: verdict=accepted
// optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
fun main() {
    while (true) println(readLine() ?: break)
}
