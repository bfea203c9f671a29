/* No attack, but the run after one: it must find a box that works and in which there is nothing of anybody's.
 * args: {staged} */
#include "hostile.h"
#include <mqueue.h>
#include <sys/shm.h>
static char bytes[65536];
/* The work area holds what was staged and nothing else; everything else is empty. */
static void empty(const char *place, int argc, char **argv) {
    DIR *dir = opendir(place);
    struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        int expected = strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0;
        /* The toolchain that the suite itself shows to every box. */
        expected |= strcmp(place, "/var/tmp") == 0 && strncmp(entry->d_name, "optimus-canary", 14) == 0;
        for (int i = 1; i < argc && strcmp(place, ".") == 0; i++) expected |= strcmp(entry->d_name, argv[i]) == 0;
        if (!expected) BREACH("%s/%s was left", place, entry->d_name);
    }
    if (dir) closedir(dir);
}
static void empty_table(const char *path) {
    if (slurp(path, bytes, sizeof bytes) <= 0) return;
    char *second = strchr(bytes, '\n');
    if (second && second[1]) BREACH("%s: %s", path, second + 1);
}
int main(int argc, char **argv) {
    const char *places[] = {".", "/tmp", "/var/tmp", "/dev/shm", "/run/lock", "/dev/mqueue", "/build"};
    for (unsigned i = 0; i < sizeof places / sizeof *places; i++) empty(places[i], argc, argv);
    char here[PATH_MAX];
    const char *home = getenv("HOME");
    if (home && getcwd(here, sizeof here) && strcmp(home, here) != 0) empty(home, argc, argv);
    empty_table("/proc/sysvipc/shm"), empty_table("/proc/sysvipc/sem"), empty_table("/proc/sysvipc/msg");
    if (shmget(0x5ec2e7, 4096, 0) >= 0) BREACH("a System V segment was left");
    if (mq_open("/secret", O_RDONLY) >= 0) BREACH("a message queue was left");
    if (slurp("/proc/self/net/unix", bytes, sizeof bytes) > 0 && strchr(bytes, '@')) BREACH("/proc/self/net/unix: %s", bytes);
    int others = 0;
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    while (proc && (entry = readdir(proc))) others += atoi(entry->d_name) > 0 && atoi(entry->d_name) != getpid();
    if (others > 3) BREACH("%d other processes", others);
    /* It works: a process, a thread's worth of memory, files in the places for them. */
    pid_t pid = fork();
    if (pid == 0) _exit(7);
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid || WEXITSTATUS(status) != 7) BREACH("cannot fork");
    char *block = malloc(16 * MIB);
    touch_pages(block, 16 * MIB);
    const char *files[] = {"file", "/tmp/file"};
    for (int i = 0; i < 2; i++) {
        int fd = open(files[i], O_RDWR | O_CREAT | O_EXCL, 0600);
        if (fd < 0 || write(fd, block, MIB) != (long)MIB) BREACH("%s: %s", files[i], strerror(errno));
    }
    return verdict();
}
