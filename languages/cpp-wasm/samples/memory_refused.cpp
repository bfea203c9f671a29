// optimus: verdict=memory_limit_exceeded
// The engine refuses at once, and the library, which has no exceptions, goes on with nothing.
#include <iostream>
#include <vector>

int main() {
    volatile unsigned long bytes = 1UL << 30;
    std::vector<char> block(bytes);
    std::cout << block.size() << "\n";
}
