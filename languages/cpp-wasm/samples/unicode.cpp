// optimus: verdict=accepted
// optimus: stdin="naïve 世界 😀\n" expect="naïve 世界 😀 — ok\n"
#include <iostream>
#include <string>

int main() {
    std::string line;
    std::getline(std::cin, line);
    std::cout << line << " — ok\n";
}
