// optimus: verdict=accepted expect="100000\n"
using System;

static class Quiz {
    static int Depth(int n) {
        return n == 0 ? 0 : 1 + Depth(n - 1);
    }

    static void Main() {
        Console.WriteLine(Depth(100000));
    }
}
