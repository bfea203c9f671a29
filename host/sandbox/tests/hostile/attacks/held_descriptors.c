/* What stands behind a descriptor: the kernel charges for some of it only, and some is counted for the account.
 * hold: 1
 * account: pipe
 * limits: memory=256M open_files=4096 processes=64
 * case: polls => code 0 | limit memory | limit kernel_memory
 * case: full_pipes => code 0 | limit memory | limit kernel_memory
 * case: files => code 0 | limit memory | limit kernel_memory
 * case: pipes => code 0 | limit memory | limit kernel_memory
 * case: large_pipes => code 0 | limit memory | limit kernel_memory
 * case: polled => code 0 | limit memory | limit kernel_memory
 * case: clocks => code 0 | limit memory | limit kernel_memory
 * case: events => code 0 | limit memory | limit kernel_memory
 * case: signals => code 0 | limit memory | limit kernel_memory
 * case: owners => code 0 | limit memory | limit kernel_memory
 * case: processes => code 0 | limit memory | limit kernel_memory
 * case: memory => code 0 | limit memory | limit kernel_memory
 * case: terminals => code 0 | limit memory | limit kernel_memory
 * case: rules => code 0 | limit memory | limit kernel_memory */
#include "held.h"
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
static long files(void) { return UNTIL_REFUSED(open("/dev/null", O_RDONLY)); }
static int ends[2];
static long pipes(void) { return UNTIL_REFUSED(pipe(ends)); }
static int large(void) { return pipe(ends) == 0 ? fcntl(ends[1], F_SETPIPE_SZ, MIB) : -1; }
static long large_pipes(void) { return UNTIL_REFUSED(large()); }
static int full(void) {
    static char block[65536];
    if (large() < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) != 0) return -1;
    while (write(ends[1], block, sizeof block) > 0) {}
    return 0;
}
static long full_pipes(void) { return UNTIL_REFUSED(full()); }
static long polls(void) { return UNTIL_REFUSED(epoll_create1(0)); }
static int add(int set) {
    int fd = eventfd(0, 0);
    struct epoll_event event = {.events = EPOLLIN};
    return fd < 0 ? -1 : epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}
/* Each of them in several sets: watches are counted for the account. */
static long polled(void) {
    static int sets[64];
    int count = 0, fds[512], fd;
    for (int i = 0; i < 64; i++) sets[i] = epoll_create1(0);
    for (int i = 0; i < 64; i++) count += sets[i] >= 0 && add(sets[i]) == 0;
    for (int i = 0; i < 512; i++) fds[i] = eventfd(0, 0);
    for (int i = 0; i < 64 && !enough(); i++)
        for (fd = 0; fd < 512; fd++) {
            struct epoll_event event = {.events = EPOLLIN};
            if (epoll_ctl(sets[i], EPOLL_CTL_ADD, fds[fd], &event) != 0) return count;
            count++;
        }
    return count;
}
static long events(void) { return UNTIL_REFUSED(eventfd(0, 0)); }
static long clocks(void) { return UNTIL_REFUSED(timerfd_create(CLOCK_MONOTONIC, 0)); }
static long signals(void) {
    sigset_t some;
    sigemptyset(&some);
    return UNTIL_REFUSED(signalfd(-1, &some, 0));
}
static int owner(void) {
    int fd = open("/dev/null", O_RDONLY);
    return fd < 0 ? -1 : fcntl(fd, F_SETOWN, getpid());
}
static long owners(void) { return UNTIL_REFUSED(owner()); }
static long processes(void) { return UNTIL_REFUSED(syscall(SYS_pidfd_open, getpid(), 0)); }
static long memory(void) { return UNTIL_REFUSED(memfd_create("memory", 0)); }
static long terminals(void) { return UNTIL_REFUSED(open("/dev/ptmx", O_RDWR | O_NOCTTY)); }
static long rules(void) {
    uint64_t all[3] = {0x1fff};
    return UNTIL_REFUSED(syscall(444 /* landlock_create_ruleset */, all, 8, 0));
}
int main(int argc, char **argv) {
    const struct member members[] = {
        {"files", files, 48}, {"pipes", pipes, 48}, {"large_pipes", large_pipes, 24}, {"full_pipes", full_pipes, 8},
        {"polls", polls, 48}, {"polled", polled, 24}, {"clocks", clocks, 24}, {"events", events, 48}, {"signals", signals, 48}, {"owners", owners, 48},
        {"processes", processes, 48}, {"memory", memory, 24}, {"terminals", terminals, 1}, {"rules", rules, 24}, {0}};
    return held(members, argc, argv);
}
