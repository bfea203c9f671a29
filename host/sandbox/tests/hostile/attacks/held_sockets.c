/* Sockets: descriptors under way are counted for the account, names and options are charged to no group.
 * hold: 1
 * account: rights
 * limits: memory=256M open_files=4096 processes=64
 * case: rights => code 0 | limit memory | limit kernel_memory
 * case: waiting => code 0 | limit memory | limit kernel_memory
 * case: pairs => code 0 | limit memory | limit kernel_memory
 * case: names => code 0 | limit memory | limit kernel_memory
 * case: datagrams => code 0 | limit memory | limit kernel_memory
 * case: streams => code 0 | limit memory | limit kernel_memory
 * case: loops => code 0 | limit memory | limit kernel_memory
 * case: internet => code 0 | limit memory | limit kernel_memory
 * case: ports => code 0 | limit memory | limit kernel_memory
 * case: listeners => code 0 | limit memory | limit kernel_memory
 * case: labels => code 0 | limit memory | limit kernel_memory
 * case: memberships => code 0 | limit memory | limit kernel_memory
 * case: options => code 0 | limit memory | limit kernel_memory */
#include "held.h"
#include <netinet/in.h>
static int ends[2];
static long pairs(void) { return UNTIL_REFUSED(socketpair(AF_UNIX, SOCK_DGRAM, 0, ends)); }
/* A name without a file; the kernel picks it. */
static int name(int type) {
    sa_family_t none = AF_UNIX;
    int fd = socket(AF_UNIX, type, 0);
    return fd < 0 || bind(fd, (struct sockaddr *)&none, sizeof none) != 0 ? -1 : fd;
}
static long names(void) { return UNTIL_REFUSED(name(SOCK_DGRAM)); }
static char block[65536];
static int filled(int type) {
    if (socketpair(AF_UNIX, type | SOCK_NONBLOCK, 0, ends) != 0) return -1;
    int size = 4 << 20;
    setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    while (send(ends[0], block, type == SOCK_STREAM ? sizeof block : 1, 0) > 0) {}
    return 0;
}
static long datagrams(void) { return UNTIL_REFUSED(filled(SOCK_DGRAM)); }
static long streams(void) { return UNTIL_REFUSED(filled(SOCK_STREAM)); }
static int pass(int through, int fd, int count) {
    char control[CMSG_SPACE(253 * sizeof(int))] = {0}, byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE((size_t)count * sizeof(int))};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_len = CMSG_LEN((size_t)count * sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    for (int i = 0; i < count; i++) memcpy(CMSG_DATA(head) + (size_t)i * sizeof fd, &fd, sizeof fd);
    return sendmsg(through, &message, MSG_DONTWAIT) < 0 ? -1 : 0;
}
static int right(void) {
    static int fresh = 1;
    if (fresh && socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return -1;
    fresh = pass(ends[0], 0, 253) != 0;
    return fresh && errno != EAGAIN ? -1 : 0;
}
static long rights(void) { return UNTIL_REFUSED(right()); }
/* A pair that holds itself, which the kernel has to find and collect. */
static int loop(void) {
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0 || pass(ends[0], ends[1], 1) != 0 || pass(ends[1], ends[0], 1) != 0) return -1;
    return close(ends[0]) | close(ends[1]);
}
static long loops(void) { return UNTIL_REFUSED(loop()); }
static int call(int listener) {
    struct sockaddr_un to;
    socklen_t size = sizeof to;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || getsockname(listener, (struct sockaddr *)&to, &size) != 0) return -1;
    return connect(fd, (struct sockaddr *)&to, size);
}
static long waiting(void) {
    int listener = name(SOCK_STREAM);
    return listener < 0 || listen(listener, 4096) != 0 ? 0 : UNTIL_REFUSED(call(listener));
}
static long internet(void) { return UNTIL_REFUSED(socket(AF_INET6, SOCK_STREAM, 0)); }
static int port(int type) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    int fd = socket(AF_INET, type, 0);
    return fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) != 0 ? -1 : fd;
}
static long ports(void) { return UNTIL_REFUSED(port(SOCK_DGRAM)); }
static long listeners(void) { return UNTIL_REFUSED(listen(port(SOCK_STREAM), 4096)); }
static int label(void) {
    static uint32_t next;
    struct {
        struct in6_addr to;
        uint32_t label;
        uint8_t action, share;
        uint16_t flags, expires, linger;
        uint32_t padding;
    } ask = {.to = in6addr_loopback, .label = htonl(0x10000 + next++), .share = 255, .flags = 3, .expires = 6, .linger = 6};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    return fd < 0 ? -1 : setsockopt(fd, IPPROTO_IPV6, 32 /* IPV6_FLOWLABEL_MGR */, &ask, sizeof ask);
}
static long labels(void) { return UNTIL_REFUSED(label()); }
static int membership(void) {
    static uint32_t next;
    struct ip_mreqn group = {.imr_multiaddr.s_addr = htonl(0xe0010000 + next++), .imr_ifindex = 1};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    return fd < 0 ? -1 : setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &group, sizeof group);
}
static long memberships(void) { return UNTIL_REFUSED(membership()); }
static int option(void) {
    static uint8_t header[2040] = {0, 254};
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    return fd < 0 ? -1 : setsockopt(fd, IPPROTO_IPV6, IPV6_DSTOPTS, header, sizeof header);
}
static long options(void) { return UNTIL_REFUSED(option()); }
int main(int argc, char **argv) {
    const struct member members[] = {{"pairs", pairs, 48}, {"names", names, 48}, {"datagrams", datagrams, 4}, {"streams", streams, 4},
                                     {"rights", rights, 4}, {"loops", loops, 4}, {"waiting", waiting, 8}, {"internet", internet, 48},
                                     {"ports", ports, 24}, {"listeners", listeners, 24}, {"labels", labels, 24},
                                     {"memberships", memberships, 24}, {"options", options, 24}, {0}};
    return held(members, argc, argv);
}
