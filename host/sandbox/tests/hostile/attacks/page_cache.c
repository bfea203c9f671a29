/* No attack that a wall stops, but a measurement of what is left: the time that it takes to read a page of a toolchain's file
 * tells whether another program has read it before. One box sends bits by reading pages, another receives by timing. */
#include "hostile.h"
/* Farther apart than the kernel reads ahead, and each bit has a page that was not read before: it works once. */
enum { APART = 65536, KNOWN = 32, MOST = 4096 };
static long read_ns(int fd, int bit) {
    struct timespec before, after;
    char byte;
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (pread(fd, &byte, 1, (off_t)bit * APART) != 1) return -1;
    clock_gettime(CLOCK_MONOTONIC, &after);
    return (after.tv_sec - before.tv_sec) * 1000000000L + after.tv_nsec - before.tv_nsec;
}
static int by_value(const void *a, const void *b) { return (*(const long *)a > *(const long *)b) - (*(const long *)a < *(const long *)b); }
static long middle(long *times, int count) { return qsort(times, (size_t)count, sizeof *times, by_value), times[count / 2]; }
int main(int argc, char **argv) {
    static char bits[MOST + 1];
    static long times[MOST];
    int fd = argc > 2 ? open(argv[2], O_RDONLY) : -1;
    if (fd < 0) return 2;
    posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
    if (strcmp(argv[1], "send") == 0) {
        /* Zeros and ones for the receiver to learn from, and then what standard input says. */
        for (int i = 0; i < KNOWN; i += 2) read_ns(fd, i);
        long count = read(0, bits, MOST);
        for (int i = 0; i < count; i++)
            if (bits[i] == '1') read_ns(fd, KNOWN + i);
        return 0;
    }
    int count = argc > 3 ? atoi(argv[3]) : 0;
    long ones[KNOWN / 2], zeros[KNOWN / 2];
    for (int i = 0; i < KNOWN; i++) *(i % 2 ? &zeros[i / 2] : &ones[i / 2]) = read_ns(fd, i);
    for (int i = 0; i < count && i < MOST; i++) times[i] = read_ns(fd, KNOWN + i);
    long one = middle(ones, KNOWN / 2), zero = middle(zeros, KNOWN / 2), between = one + (zero - one) / 3;
    fprintf(stderr, "a page that was read: %ld ns; one that was not: %ld ns\n", one, zero);
    for (int i = 0; i < count && i < MOST; i++) putchar(times[i] >= 0 && times[i] < between ? '1' : '0');
    return 0;
}
