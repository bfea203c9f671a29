// optimus: verdict=memory_limit_exceeded limits.memory_bytes=67108864
#include <vector>

int main() {
    std::vector<std::vector<char>> blocks;
    for (;;)
        blocks.emplace_back(1 << 20, 'x');
}
