/* Watches on files: instances are counted for the whole account, events wait in the kernel.
 * hold: 1
 * limits: memory=128M open_files=1024 processes=32
 * case: instances => code 0 | limit memory
 * case: events => code 0 | limit memory
 * case: watches => code 0 | limit memory
 * case: directories => code 0 | limit memory
 * case: whole_mounts => code 0 | limit memory */
#include "held.h"
#include <sys/fanotify.h>
#include <sys/inotify.h>
static long instances(void) { return UNTIL_REFUSED(inotify_init1(0)); }
static int next_file(void) {
    static unsigned number;
    char name[64];
    snprintf(name, sizeof name, "/tmp/%d-%u", getpid(), number++);
    int fd = open(name, O_RDWR | O_CREAT, 0600);
    if (fd >= 0) close(fd);
    return fd;
}
static int watch(int instance) {
    static unsigned number;
    char name[64];
    snprintf(name, sizeof name, "/tmp/%d-%u", getpid(), number++);
    return next_file() < 0 ? -1 : inotify_add_watch(instance, name, IN_ALL_EVENTS);
}
static long watches(void) {
    int instance = inotify_init1(0);
    return instance < 0 ? 0 : UNTIL_REFUSED(watch(instance));
}
static long events(void) {
    int queues[8];
    for (int i = 0; i < 8; i++) {
        queues[i] = inotify_init1(0);
        if (queues[i] < 0 || inotify_add_watch(queues[i], "/tmp", IN_ALL_EVENTS) < 0) return 0;
    }
    return UNTIL_REFUSED(next_file());
}
static int directory(void) {
    static unsigned number;
    char name[64];
    snprintf(name, sizeof name, "/tmp/d%d-%u", getpid(), number++);
    if (mkdir(name, 0700) != 0) return -1;
    int fd = open(name, O_RDONLY | O_DIRECTORY);
    return fd < 0 ? -1 : fcntl(fd, F_NOTIFY, DN_CREATE | DN_ACCESS | DN_MULTISHOT);
}
static long directories(void) { return UNTIL_REFUSED(directory()); }
static long whole_mounts(void) { return UNTIL_REFUSED(fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID, O_RDONLY)); }
int main(int argc, char **argv) {
    const struct member members[] = {{"instances", instances, 1}, {"watches", watches, 4}, {"events", events, 4},
                                     {"directories", directories, 8}, {"whole_mounts", whole_mounts, 1}, {0}};
    return held(members, argc, argv);
}
