// optimus: verdict=accepted
// optimus: stdin="7\n" stdin_times=1000000 expect="7000000\n"
#include <stdio.h>

int main(void) {
    long sum = 0;
    for (int n; scanf("%d", &n) == 1;)
        sum += n;
    printf("%ld\n", sum);
    return 0;
}
