// optimus: verdict=accepted options.std="c++17"
// optimus: expect="201703\n"
#include <iostream>

int main() {
    std::cout << __cplusplus << "\n";
}
