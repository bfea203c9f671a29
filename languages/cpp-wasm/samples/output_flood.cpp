// optimus: verdict=output_limit_exceeded limits.output_bytes=65536
#include <iostream>

int main() {
    for (;;)
        std::cout << "flood\n";
}
