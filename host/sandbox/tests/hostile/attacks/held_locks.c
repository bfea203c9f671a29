/* Locks on files of one's own: each is memory of the kernel's that no group is charged for.
 * hold: 1
 * limits: memory=128M open_files=1024 processes=32
 * case: ranges => code 0 | limit memory
 * case: whole_files => code 0 | limit memory
 * case: of_descriptors => code 0 | limit memory
 * case: shared => code 0 | limit memory
 * case: waiting => code 0 | limit memory
 * case: leases => code 0 | limit memory
 * case: delegations => code 0 | limit memory */
#include "held.h"
#include <sys/file.h>
static int next_file(void) {
    static unsigned number;
    char name[64];
    snprintf(name, sizeof name, "/tmp/%d-%u", getpid(), number++);
    return open(name, O_RDWR | O_CREAT, 0600);
}
static int lock(int command, short type) {
    static long held;
    static int fd;
    if (held % 500 == 0 && (fd = next_file()) < 0) return -1;
    struct flock range = {.l_type = type, .l_whence = SEEK_SET, .l_start = (500 - held++ % 500) * 2, .l_len = 1};
    return fcntl(fd, command, &range);
}
static long ranges(void) { return UNTIL_REFUSED(lock(F_SETLK, F_WRLCK)); }
static long of_descriptors(void) { return UNTIL_REFUSED(lock(F_OFD_SETLK, F_WRLCK)); }
static long shared(void) { return UNTIL_REFUSED(lock(F_SETLK, F_RDLCK)); }
/* The first holds, the others wait. */
static void *wait_for(void *fd) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    fcntl((int)(intptr_t)fd, F_OFD_SETLKW, &range);
    return NULL;
}
static long waiting(void) {
    int first = open("/tmp/waited-for", O_RDWR | O_CREAT, 0600), count = 0;
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    if (fcntl(first, F_OFD_SETLK, &range) != 0) return 0;
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    for (pthread_t thread; count < 24; count++) {
        int fd = open("/tmp/waited-for", O_RDWR);
        if (fd < 0 || pthread_create(&thread, &small, wait_for, (void *)(intptr_t)fd) != 0) break;
    }
    return count;
}
static int whole(void) {
    int fd = next_file();
    return fd < 0 ? -1 : flock(fd, LOCK_EX | LOCK_NB);
}
static long whole_files(void) { return UNTIL_REFUSED(whole()); }
static int lease(void) {
    int fd = next_file();
    return fd < 0 ? -1 : fcntl(fd, F_SETLEASE, F_WRLCK);
}
static long leases(void) { return UNTIL_REFUSED(lease()); }
static int delegation(void) {
    int fd = next_file();
    uint32_t what[4] = {0, F_RDLCK};
    return fd < 0 ? -1 : fcntl(fd, 1024 + 16 /* F_SETDELEG, Linux 6.19 */, what);
}
static long delegations(void) { return UNTIL_REFUSED(delegation()); }
int main(int argc, char **argv) {
    const struct member members[] = {{"ranges", ranges, 20}, {"of_descriptors", of_descriptors, 20}, {"shared", shared, 20},
                                     {"waiting", waiting, 1}, {"whole_files", whole_files, 20}, {"leases", leases, 20},
                                     {"delegations", delegations, 20}, {0}};
    return held(members, argc, argv);
}
