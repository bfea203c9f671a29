// optimus: verdict=accepted
// optimus: stdin="6\n" expect="6 * 7 = 42\n"
#include <fstream>
#include <iostream>

#include "lib/multiply.hpp"

int main() {
    int factor, n;
    std::ifstream("data.txt") >> factor;
    std::cin >> n;
    std::cout << n << " * " << factor << " = " << multiply(n, factor) << "\n";
}
