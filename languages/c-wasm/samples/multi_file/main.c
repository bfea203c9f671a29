// optimus: verdict=accepted
// optimus: stdin="6\n" expect="6 * 7 = 42\n"
#include <stdio.h>

#include "lib/multiply.h"

int main(void) {
    FILE *data = fopen("data.txt", "r");
    int factor, n;
    if (!data || fscanf(data, "%d", &factor) != 1 || scanf("%d", &n) != 1)
        return 1;
    printf("%d * %d = %d\n", n, factor, multiply(n, factor));
    return 0;
}
