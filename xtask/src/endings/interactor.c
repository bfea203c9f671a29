/* Decides by the first word of the input; protocol `kattis`. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RIGHT = 42, WRONG = 43 };

static void say(const char *line) {
    puts(line);
    fflush(stdout);
}

/* Takes up to 16 ms to end, as an interpreter does: until it is gone, it must not look as if it waited. */
static void linger(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    usleep(now.tv_nsec / 1000 % 16 * 1000);
}

/* Ten guesses of a number from 1 to 10. */
static int guess(int secret) {
    char line[64];
    say("start");
    for (int turn = 0; turn < 10; turn++) {
        if (!fgets(line, sizeof line, stdin)) return WRONG;
        char *end;
        long number = strtol(line, &end, 10);
        if (end == line || *end != '\n') return WRONG;
        if (number == secret) {
            say("right");
            return RIGHT;
        }
        say(number < secret ? "more" : "less");
    }
    return WRONG;
}

/* Says two numbers, closes its output, and reads their sum. */
static int half(void) {
    int sum;
    say("5\n7");
    fclose(stdout);
    return scanf("%d", &sum) == 1 && sum == 12 ? RIGHT : WRONG;
}

/* Reads to the end before it decides. */
static int drain(void) {
    int right = 0;
    char line[64];
    say("start");
    while (fgets(line, sizeof line, stdin)) right |= strcmp(line, "7\n") == 0;
    return right ? RIGHT : WRONG;
}

/* Takes a fifth of a second for each line. */
static int slow(void) {
    char line[64];
    while (fgets(line, sizeof line, stdin)) usleep(200000);
    return WRONG;
}

int main(int argc, char **argv) {
    char mode[16];
    int secret = 0;
    FILE *input = argc > 1 ? fopen(argv[1], "r") : NULL;
    if (!input || fscanf(input, "%15s %d", mode, &secret) < 1) return 1;
    signal(SIGPIPE, SIG_IGN);
    atexit(linger);
    if (!strcmp(mode, "guess")) return guess(secret);
    if (!strcmp(mode, "half")) return half();
    if (!strcmp(mode, "drain")) return drain();
    if (!strcmp(mode, "slow")) return slow();
    if (!strcmp(mode, "accept")) return RIGHT;
    if (!strcmp(mode, "reject")) return WRONG;
    if (!strcmp(mode, "abort")) abort();
    return 1;
}
