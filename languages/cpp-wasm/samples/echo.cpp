// optimus: verdict=accepted
// optimus: stdin="one\ntwo three\n" expect="one\ntwo three\n"
#include <iostream>

int main() {
    std::cout << std::cin.rdbuf();
}
