// optimus: verdict=runtime_error
#include <stdlib.h>

int main(void) {
    // Inside WebAssembly address 0 is memory like any other, so a null pointer alone ends nothing.
    abort();
}
