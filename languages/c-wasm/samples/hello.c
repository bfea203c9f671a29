// optimus: verdict=accepted
// optimus: expect="Hello, world!\n"
#include <stdio.h>

int main(void) {
    puts("Hello, world!");
    return 0;
}
