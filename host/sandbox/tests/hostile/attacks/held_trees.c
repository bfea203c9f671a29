/* Names of files, where a work area counts their bytes: links, directories, files without a name.
 * hold: 1
 * limits: memory=256M open_files=4096 processes=32 work=32M
 * case: links => code 0 | limit memory | limit kernel_memory
 * case: sockets => code 0 | limit memory | limit kernel_memory
 * case: hard_links => code 0 | limit memory | limit kernel_memory
 * case: directories => code 0 | limit memory | limit kernel_memory
 * case: long_names => code 0 | limit memory | limit kernel_memory
 * case: unlinked => code 0 | limit memory | limit kernel_memory
 * case: absent => code 0 | limit memory | limit kernel_memory */
#include "held.h"
static char *next(const char *in) {
    static char path[320];
    static unsigned number;
    snprintf(path, sizeof path, "%s/%d-%u", in, getpid(), number++);
    return path;
}
static int link_to(void) {
    char target[121];
    memset(target, 'x', 120);
    target[120] = 0;
    return symlink(target, next("/tmp"));
}
static long links(void) { return UNTIL_REFUSED(link_to()); }
static long hard_links(void) {
    const char *first = strdup(next("/tmp"));
    close(open(first, O_CREAT | O_WRONLY, 0600));
    return UNTIL_REFUSED(link(first, next("/tmp")));
}
static long directories(void) { return UNTIL_REFUSED(mkdir(next("/dev/shm"), 0700)); }
static int long_name(void) {
    char *path = next("/tmp");
    size_t had = strlen(path);
    memset(path + had, 'n', 200);
    path[had + 200] = 0;
    return mkdir(path, 0700);
}
static long long_names(void) { return UNTIL_REFUSED(long_name()); }
static int nameless(void) {
    char *path = next("/tmp");
    int fd = open(path, O_CREAT | O_WRONLY, 0600);
    return fd < 0 ? -1 : unlink(path);
}
static long unlinked(void) { return UNTIL_REFUSED(nameless()); }
/* Each name that is not there is remembered. */
static int look(void) { return access(next("/usr"), F_OK) == 0 || errno == ENOENT ? 0 : -1; }
static long absent(void) {
    long count = UNTIL_REFUSED(look());
    errno = 0;
    return count;
}
static int named_socket(void) {
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    strncpy(name.sun_path, next("/tmp"), sizeof name.sun_path - 1);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    return fd < 0 ? -1 : bind(fd, (struct sockaddr *)&name, sizeof name);
}
static long sockets(void) { return UNTIL_REFUSED(named_socket()); }
int main(int argc, char **argv) {
    const struct member members[] = {{"links", links, 8}, {"hard_links", hard_links, 8}, {"directories", directories, 8}, {"long_names", long_names, 8},
                                     {"unlinked", unlinked, 16}, {"absent", absent, 8}, {"sockets", sockets, 16}, {0}};
    return held(members, argc, argv);
}
