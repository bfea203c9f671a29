/* Filters for packets and calls: the kernel translates each into code of its own, of which the machine may hold so much.
 * hold: 1
 * limits: memory=256M open_files=2048 processes=32
 * case: datagrams => code 0 | limit memory
 * case: calls => code 0 | limit memory
 * case: streams => code 0 | limit memory
 * case: groups => code 0 | limit memory
 * case: calls_listened => code 0 | limit memory */
#include "held.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#ifndef SO_ATTACH_REUSEPORT_CBPF
#define SO_ATTACH_REUSEPORT_CBPF 51
#endif
static struct sock_filter code[4096];
static struct sock_fprog long_filter(uint32_t answer) {
    for (unsigned i = 0; i < 4095; i++) code[i] = (struct sock_filter){BPF_ALU | BPF_DIV | BPF_K, 0, 0, 3};
    code[4095] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, answer};
    return (struct sock_fprog){4096, code};
}
static int attach(int family, int type, int option) {
    struct sock_fprog filter = long_filter(0);
    int fd = socket(family, type, 0), on = 1;
    if (fd < 0) return -1;
    if (option == SO_ATTACH_REUSEPORT_CBPF) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    return setsockopt(fd, SOL_SOCKET, option, &filter, sizeof filter);
}
static long datagrams(void) { return UNTIL_REFUSED(attach(AF_UNIX, SOCK_DGRAM, SO_ATTACH_FILTER)); }
static long streams(void) { return UNTIL_REFUSED(attach(AF_UNIX, SOCK_STREAM, SO_ATTACH_FILTER)); }
static long groups(void) { return UNTIL_REFUSED(attach(AF_INET, SOCK_DGRAM, SO_ATTACH_REUSEPORT_CBPF)); }
/* Filters add up to 32,768 instructions for each process, so each of many does it for itself. */
static long filters(unsigned flags) {
    struct sock_fprog filter = long_filter(SECCOMP_RET_ALLOW);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return UNTIL_REFUSED(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter));
}
static long calls(void) { return filters(0); }
static long calls_listened(void) { return filters(SECCOMP_FILTER_FLAG_NEW_LISTENER); }
int main(int argc, char **argv) {
    const struct member members[] = {{"datagrams", datagrams, 4}, {"streams", streams, 4}, {"groups", groups, 4},
                                     {"calls", calls, 24}, {"calls_listened", calls_listened, 24}, {0}};
    return held(members, argc, argv);
}
