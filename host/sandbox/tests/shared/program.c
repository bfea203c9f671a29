/* Tries what two boxes, or a box and the host, could share: `program WHAT [PATH]`. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int file(const char *path) {
    int fd = open(path, O_RDONLY);
    if (fd < 0) printf("%s\n", strerror(errno));
    return fd;
}

int main(int count, char **words) {
    const char *what = words[1], *path = count > 2 ? words[2] : "";
    if (!strcmp(what, "hold")) {
        int fd = file(path);
        struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 7, .l_len = 1};
        printf("%d %d\n", fcntl(fd, F_SETLK, &lock), flock(fd, LOCK_EX | LOCK_NB));
        fflush(stdout);
        char byte;
        return read(0, &byte, 1) < 0;
    }
    if (!strcmp(what, "locked")) {
        int fd = file(path);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 7, .l_len = 1};
        fcntl(fd, F_GETLK, &lock);
        printf("%s %d\n", lock.l_type == F_UNLCK ? "free" : "locked", flock(fd, LOCK_EX | LOCK_NB));
    } else if (!strcmp(what, "connect")) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        strncpy(address.sun_path, path, sizeof address.sun_path - 1);
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);
        printf("%s\n", connect(fd, (void *)&address, sizeof address) ? strerror(errno) : "connected");
    } else if (!strcmp(what, "write")) {
        int fd = open(path, O_WRONLY | O_NONBLOCK);
        printf("%s\n", fd < 0 ? strerror(errno) : write(fd, "x", 1) == 1 ? "written" : "open");
    } else if (!strcmp(what, "read")) {
        static char buffer[1 << 16];
        int fd = file(path);
        long total = 0, got;
        while (fd >= 0 && (got = read(fd, buffer, sizeof buffer)) > 0) total += got;
        if (fd >= 0) printf("%ld\n", total);
    } else if (!strcmp(what, "link")) {
        static char target[256];
        if (readlink(path, target, sizeof target - 1) < 0) return 1;
        printf("%s\n", target);
    } else if (!strcmp(what, "inotify")) {
        int instances = 0;
        while (instances < 200 && inotify_init1(0) >= 0) instances++;
        printf("%d\n", instances);
        fflush(stdout);
        char byte;
        return read(0, &byte, 1) < 0;
    }
    return 0;
}
