// optimus: verdict=runtime_error
#include <vector>

int main() {
    std::vector<int> numbers{1, 2, 3};
    return numbers.at(3);
}
