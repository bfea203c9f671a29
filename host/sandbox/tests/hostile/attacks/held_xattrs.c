/* Extended attributes of files in memory: values of the kernel's own that no limit of the file system counts.
 * hold: 1
 * limits: memory=128M open_files=1024 processes=32
 * case: acl => code 0 | limit memory
 * case: user => code 0 | limit memory
 * case: default_acl => code 0 | limit memory
 * case: of_descriptors => code 0 | limit memory
 * case: at => code 0 | limit memory
 * case: security => code 0 | limit memory */
#include "held.h"
#include <sys/xattr.h>
static struct {
    uint32_t version;
    struct {
        uint16_t tag, permissions;
        uint32_t id;
    } __attribute__((packed)) entries[4000];
} __attribute__((packed)) acl;
static char value[32768];
static char path[64];
static size_t a_list(void) {
    acl.version = 2;
    unsigned last = sizeof acl.entries / sizeof *acl.entries - 1;
    for (unsigned i = 0; i <= last; i++) {
        acl.entries[i].tag = i == 0 ? 1 : i == last - 2 ? 4 : i == last - 1 ? 0x10 : i == last ? 0x20 : 2;
        acl.entries[i].permissions = 6;
        acl.entries[i].id = acl.entries[i].tag == 2 ? 1000 : UINT32_MAX;
    }
    return sizeof acl;
}
static int next_directory(void) {
    static unsigned number;
    snprintf(path, sizeof path, "/tmp/%d-%u", getpid(), number++);
    return mkdir(path, 0700);
}
static int one_list(const char *name) {
    return next_directory() == 0 ? setxattr(path, name, &acl, sizeof acl, 0) : -1;
}
static long lists(void) { return a_list(), UNTIL_REFUSED(one_list("system.posix_acl_access")); }
static long default_lists(void) { return a_list(), UNTIL_REFUSED(one_list("system.posix_acl_default")); }
static int one_value(const char *kind) {
    static unsigned number;
    char name[64];
    snprintf(name, sizeof name, "%s.%u", kind, number++);
    if (number % 8 == 1 && next_directory() != 0) return -1;
    return setxattr(path, name, value, sizeof value, 0);
}
static long values(void) { return UNTIL_REFUSED(one_value("user")); }
static long labels(void) { return UNTIL_REFUSED(one_value("security")); }
static int of_descriptor(void) {
    static int number;
    char name[64];
    int fd = number % 8 ? number / 8 : memfd_create("values", 0);
    snprintf(name, sizeof name, "user.%d", number++);
    return fd < 0 ? -1 : fsetxattr(fd, name, value, sizeof value, 0);
}
static long of_descriptors(void) { return UNTIL_REFUSED(of_descriptor()); }
static int at(void) {
    struct {
        uint64_t value;
        uint32_t size, flags;
    } what = {(uint64_t)value, sizeof value, 0};
    return next_directory() == 0 ? (int)syscall(463 /* setxattrat */, AT_FDCWD, path, 0, "user.at", &what, sizeof what) : -1;
}
static long by_setxattrat(void) { return UNTIL_REFUSED(at()); }
int main(int argc, char **argv) {
    const struct member members[] = {{"acl", lists, 1}, {"default_acl", default_lists, 8}, {"user", values, 1},
                                     {"of_descriptors", of_descriptors, 4}, {"at", by_setxattrat, 1}, {"security", labels, 1}, {0}};
    return held(members, argc, argv);
}
