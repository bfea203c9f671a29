// optimus: verdict=accepted
// optimus: expect="0123456789\n" expect_times=500000
#include <iostream>

int main() {
    for (int i = 0; i < 500000; i++)
        std::cout << "0123456789\n";
}
