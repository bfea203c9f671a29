// optimus: verdict=compile_error
#include <iostream>
#include <string>

int main() {
    std::string answer = 42;
    std::cout << answer << "\n"
}
