// optimus: verdict=accepted
// optimus: expect="0123456789\n" expect_times=500000
#include <stdio.h>

int main(void) {
    for (int i = 0; i < 500000; i++)
        puts("0123456789");
    return 0;
}
