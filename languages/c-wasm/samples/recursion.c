// optimus: verdict=accepted expect="100000\n"
#include <stdio.h>

static int depth(volatile int n) { return n == 0 ? 0 : 1 + depth(n - 1); }

int main(void) {
    printf("%d\n", depth(100000));
}
