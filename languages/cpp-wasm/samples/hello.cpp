// optimus: verdict=accepted
// optimus: expect="Hello, world!\n"
#include <iostream>

int main() {
    std::cout << "Hello, world!\n";
}
