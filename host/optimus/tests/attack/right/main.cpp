#include <future>
#include <iostream>
int main() {
    int number;
    std::cin >> number;
    std::cout << std::async(std::launch::async, [=] { return number / 2; }).get() << std::endl;
}
