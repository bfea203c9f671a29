// optimus: verdict=compile_error
#include <stdio.h>

int main(void) {
    printf("%d\n", answer)
    return 0;
}
