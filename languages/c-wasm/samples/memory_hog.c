// optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864
#include <stdlib.h>
#include <string.h>

int main(void) {
    for (;;) {
        volatile char *block = malloc(1 << 20);
        memset((void *)block, block[0] | 1, 1 << 20);
    }
}
