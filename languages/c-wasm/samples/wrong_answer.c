// optimus: verdict=wrong_answer
// optimus: expect="42\n"
#include <stdio.h>

int main(void) {
    puts("41");
    return 0;
}
