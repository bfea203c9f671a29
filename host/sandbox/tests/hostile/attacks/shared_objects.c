/* Tells another box something through an object of the kernel's that both see. The first box watches for it, the second
 * acts, the first looks; then the next two boxes look.
 * pair: 1
 * limits: open_files=1024
 * case: ranges
 * case: of_descriptors
 * case: leases
 * case: whole_files
 * case: directories
 * case: segments
 * case: watches
 * case: ports
 * case: queues
 * case: labels
 * case: names
 * case: host_name
 * case: keys
 * case: network_settings
 * case: files */
#include "hostile.h"
#include <arpa/inet.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/shm.h>
enum { FILES = 5 };
static const char *const toolchain[FILES] = {"/usr/bin/env", "/bin/sh", "/usr/share/data", "/etc/passwd", "/usr/bin/busybox"};
static int files[FILES], instance = -1;
static volatile sig_atomic_t noticed;
static void notice(int signal) { noticed = signal; }
static void open_all(void) {
    for (int i = 0; i < FILES; i++) files[i] = open(toolchain[i], O_RDONLY);
}
/* A sender that is refused has told nothing, and says why on stderr. */
static void answered(const char *what, long result) {
    if (result < 0) fprintf(stderr, "%s: %s\n", what, strerrorname_np(errno));
}
static void act_ranges(void) {
    struct flock range = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 1L << 40, .l_len = 7};
    for (int i = 0; i < FILES; i++) answered("lock", fcntl(files[i], F_SETLK, &range));
}
static void act_descriptors(void) {
    struct flock range = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 1L << 40, .l_len = 7};
    for (int i = 0; i < FILES; i++) answered("lock", fcntl(files[i], F_OFD_SETLK, &range));
}
static int look_ranges(void) {
    for (int i = 0; i < FILES; i++) {
        struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1L << 40, .l_len = 7};
        if (fcntl(files[i], F_GETLK, &range) == 0 && range.l_type != F_UNLCK) return 1;
        range = (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 1L << 40, .l_len = 7};
        if (fcntl(files[i], F_OFD_GETLK, &range) == 0 && range.l_type != F_UNLCK) return 1;
    }
    return 0;
}
static void act_whole(void) {
    for (int i = 0; i < FILES; i++) answered("flock", flock(files[i], LOCK_EX | LOCK_NB));
}
static int look_whole(void) {
    for (int i = 0; i < FILES; i++) {
        if (flock(files[i], LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return 1;
        flock(files[i], LOCK_UN);
    }
    return 0;
}
static void act_leases(void) {
    for (int i = 0; i < FILES; i++) answered("lease", fcntl(files[i], F_SETLEASE, F_RDLCK));
}
static int look_leases(void) {
    for (int i = 0; i < FILES; i++)
        if (fcntl(files[i], F_GETLEASE) == F_RDLCK || (open(toolchain[i], O_RDWR | O_NONBLOCK) < 0 && errno == EAGAIN)) return 1;
    return 0;
}
static void watch_files(void) {
    instance = inotify_init1(IN_NONBLOCK);
    for (int i = 0; i < FILES; i++) answered("watch", inotify_add_watch(instance, toolchain[i], IN_OPEN | IN_ACCESS));
}
static void act_reads(void) {
    char bytes[16];
    for (int i = 0; i < FILES; i++) close(open(toolchain[i], O_RDONLY)), answered("read", pread(files[i], bytes, sizeof bytes, 0));
    DIR *directory = opendir("/usr/bin");
    while (directory && readdir(directory)) {}
}
static int look_watched(void) {
    char event[4096];
    return instance >= 0 && read(instance, event, sizeof event) > 0;
}
static void watch_directories(void) {
    signal(SIGIO, notice);
    answered("notify", fcntl(open("/usr/bin", O_RDONLY | O_DIRECTORY), F_NOTIFY, DN_ACCESS | DN_MULTISHOT));
}
static int look_noticed(void) { return noticed != 0; }
static struct sockaddr_un own_name = {.sun_family = AF_UNIX, .sun_path = "\0shared-object"};
static void act_name(void) {
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    answered("bind", bind(fd, (struct sockaddr *)&own_name, sizeof own_name));
    answered("listen", listen(fd, 5));
}
static int look_name(void) { return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&own_name, sizeof own_name) == 0; }
static struct sockaddr_in port(void) { return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(34567), .sin_addr.s_addr = htonl(INADDR_ANY)}; }
static void act_port(void) {
    struct sockaddr_in here = port();
    answered("bind", bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&here, sizeof here));
}
static int look_port(void) {
    struct sockaddr_in here = port();
    return bind(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&here, sizeof here) != 0 && errno == EADDRINUSE;
}
static int flow_label(void) {
    struct {
        struct in6_addr to;
        uint32_t label;
        uint8_t action, share;
        uint16_t flags, expires, linger;
        uint32_t padding;
    } ask = {.to = in6addr_loopback, .label = htonl(0x23456), .share = 255, .flags = 3 /* CREATE, EXCL */, .expires = 60, .linger = 60};
    return setsockopt(socket(AF_INET6, SOCK_DGRAM, 0), IPPROTO_IPV6, 32 /* IPV6_FLOWLABEL_MGR */, &ask, sizeof ask);
}
static void act_label(void) { answered("label", flow_label()); }
static int look_label(void) { return flow_label() != 0 && errno == EEXIST; }
static void act_segment(void) { answered("shmget", shmget(0x0b1ec7, 4096, IPC_CREAT | 0666)); }
static int look_segment(void) { return shmget(0x0b1ec7, 4096, 0) >= 0; }
static void act_queue(void) { answered("mq_open", mq_open("/shared-object", O_CREAT | O_RDWR, 0666, NULL)); }
static int look_queue(void) { return mq_open("/shared-object", O_RDONLY) >= 0; }
static char before[256];
static void watch_host_name(void) { gethostname(before, sizeof before); }
static void act_host_name(void) { answered("sethostname", sethostname("shared-object", 13)); }
static int look_host_name(void) {
    char now[256];
    gethostname(now, sizeof now);
    return strcmp(now, "shared-object") == 0;
}
static void act_setting(void) {
    int fd = open("/proc/sys/net/ipv4/ip_default_ttl", O_WRONLY);
    answered("sysctl", fd < 0 ? -1 : write(fd, "77", 2));
}
static int look_setting(void) {
    char ttl[16];
    return slurp("/proc/sys/net/ipv4/ip_default_ttl", ttl, sizeof ttl) > 0 && atoi(ttl) == 77;
}
static void act_key(void) { answered("add_key", syscall(SYS_add_key, "user", "shared-object", "x", 1UL, -4 /* KEY_SPEC_USER_KEYRING */)); }
static int look_key(void) { return syscall(SYS_keyctl, 10 /* SEARCH */, -4, "user", "shared-object", 0) > 0; }
static const char *const places[] = {"/tmp/shared-object", "/dev/shm/shared-object", "/var/tmp/shared-object", "/run/lock/shared-object", "/dev/mqueue/shared-object"};
static void act_files(void) {
    for (int i = 0; i < 5; i++) answered(places[i], open(places[i], O_CREAT | O_WRONLY, 0666));
}
static int look_files(void) {
    for (int i = 0; i < 5; i++)
        if (access(places[i], F_OK) == 0) return 1;
    return 0;
}
int main(int argc, char **argv) {
    static const struct {
        const char *name;
        void (*watch)(void), (*act)(void);
        int (*look)(void);
    } objects[] = {{"ranges", NULL, act_ranges, look_ranges}, {"of_descriptors", NULL, act_descriptors, look_ranges}, {"whole_files", NULL, act_whole, look_whole},
                   {"leases", NULL, act_leases, look_leases}, {"watches", watch_files, act_reads, look_watched}, {"directories", watch_directories, act_reads, look_noticed},
                   {"names", NULL, act_name, look_name}, {"ports", NULL, act_port, look_port}, {"labels", NULL, act_label, look_label},
                   {"segments", NULL, act_segment, look_segment}, {"queues", NULL, act_queue, look_queue}, {"host_name", watch_host_name, act_host_name, look_host_name},
                   {"network_settings", NULL, act_setting, look_setting}, {"keys", NULL, act_key, look_key}, {"files", NULL, act_files, look_files}};
    open_all();
    for (unsigned i = 0; argc > 2 && i < sizeof objects / sizeof *objects; i++) {
        if (strcmp(objects[i].name, argv[1]) != 0) continue;
        if (strcmp(argv[2], "act") == 0) objects[i].act();
        if (strcmp(argv[2], "watch") == 0 && objects[i].watch) objects[i].watch();
        if (strcmp(argv[2], "look") != 0) {
            printf("holding\n"), fflush(stdout);
            for (char byte; read(0, &byte, 1) > 0;) {}
        }
        if (strcmp(argv[2], "act") != 0 && objects[i].look()) BREACH("%s tell of another box", argv[1]);
        return verdict();
    }
    return 2;
}
