// optimus: verdict=wrong_answer
// optimus: expect="42\n"
#include <iostream>

int main() {
    std::cout << "41\n";
}
