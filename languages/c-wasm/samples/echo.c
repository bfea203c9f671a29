// optimus: verdict=accepted
// optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
#include <stdio.h>

int main(void) {
    for (int c; (c = getchar()) != EOF;)
        putchar(c);
    return 0;
}
