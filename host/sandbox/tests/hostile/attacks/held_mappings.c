/* What the kernel remembers about memory, rather than the memory itself.
 * hold: 1
 * limits: memory=256M open_files=1024 processes=64
 * case: tables => code 0 | limit memory | limit kernel_memory
 * case: names => code 0 | limit memory | limit kernel_memory
 * case: areas => code 0 | limit memory | limit kernel_memory
 * case: guards => code 0 | limit memory | limit kernel_memory
 * case: policies => code 0 | limit memory | limit kernel_memory
 * case: waiters => code 0 | limit memory | limit kernel_memory */
#include "held.h"
#include <linux/futex.h>
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif
static void *area(size_t size, int protection) {
    return mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}
static void *alternating(void) {
    static unsigned number;
    return area(4096, number++ % 2 ? PROT_READ : PROT_NONE);
}
static long areas(void) { return UNTIL_REFUSED(alternating()); }
static int named(void) {
    static unsigned number;
    char name[80];
    memset(name, 'n', sizeof name);
    snprintf(name, sizeof name, "%-70u", number++);
    for (char *c = name; *c; c++)
        if (*c == ' ') *c = '_';
    void *at = area(4096, PROT_READ);
    return at == MAP_FAILED ? -1 : prctl(PR_SET_VMA, 0 /* PR_SET_VMA_ANON_NAME */, at, 4096UL, name);
}
static long names(void) { return UNTIL_REFUSED(named()); }
/* One page in each two mebibytes. */
static int table(void) {
    char *at = area(2 * MIB, PROT_READ | PROT_WRITE);
    if (at == MAP_FAILED) return -1;
    madvise(at, 2 * MIB, MADV_NOHUGEPAGE);
    return *(volatile char *)at;
}
static long tables(void) { return UNTIL_REFUSED(table()); }
static int guarded(void) {
    char *at = area(2 * MIB, PROT_READ | PROT_WRITE);
    return at == MAP_FAILED ? -1 : madvise(at, 4096, 102 /* MADV_GUARD_INSTALL */);
}
static long guards(void) { return UNTIL_REFUSED(guarded()); }
static int policy(void) {
    unsigned long nodes = 1;
    void *at = area(4096, PROT_READ);
    return at == MAP_FAILED ? -1 : (int)syscall(SYS_mbind, at, 4096UL, 3 /* MPOL_INTERLEAVE */, &nodes, 8UL, 0);
}
static long policies(void) { return UNTIL_REFUSED(policy()); }
/* Threads that wait for a lock whose holder inherits their priority. */
static uint32_t lock_word;
static void *wait_for_it(void *unused) {
    syscall(SYS_futex, &lock_word, FUTEX_LOCK_PI_PRIVATE, 0, NULL);
    return unused;
}
static long waiters(void) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    lock_word = (uint32_t)syscall(SYS_gettid);
    long count = 0;
    for (pthread_t thread; count < 48 && (errno = pthread_create(&thread, &small, wait_for_it, NULL)) == 0; count++) {}
    return count;
}
int main(int argc, char **argv) {
    const struct member members[] = {{"areas", areas, 16}, {"names", names, 16}, {"tables", tables, 16}, {"guards", guards, 16},
                                     {"policies", policies, 8}, {"waiters", waiters, 1}, {0}};
    return held(members, argc, argv);
}
