// optimus: verdict=output_limit_exceeded limits.output_bytes=65536
#include <stdio.h>

int main(void) {
    for (;;)
        puts("flood");
}
