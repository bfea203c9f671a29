// optimus: verdict=accepted
// optimus: stdin="naïve 世界 😀\n" expect="naïve 世界 😀 — ok\n"
#include <stdio.h>
#include <string.h>

int main(void) {
    char line[256];
    if (!fgets(line, sizeof line, stdin))
        return 1;
    line[strcspn(line, "\n")] = 0;
    printf("%s — ok\n", line);
    return 0;
}
