// optimus: verdict=accepted expect="42\n"
package quiz.one

object Quiz {
    @JvmStatic
    fun main(args: Array<String>) = println(42)
}
