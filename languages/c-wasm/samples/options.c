// optimus: verdict=accepted options.std="c11" options.flags=["-DANSWER=42", "-Wall"]
// optimus: args=["a b", "-c"] expect="201112 42 a b -c\n"
#include <stdio.h>

int main(int argc, char **argv) {
    printf("%ld %d", __STDC_VERSION__, ANSWER);
    for (int i = 1; i < argc; i++)
        printf(" %s", argv[i]);
    puts("");
    return 0;
}
