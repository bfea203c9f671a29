// optimus: verdict=accepted
// optimus: stdin="3 4\n" expect="7\n"
// optimus: stdin="-5 5\n" expect="0\n"
// optimus: stdin="1000000 2000000\n" expect="3000000\n"
#include <stdio.h>

int main(void) {
    long a, b;
    if (scanf("%ld %ld", &a, &b) != 2)
        return 1;
    printf("%ld\n", a + b);
    return 0;
}
