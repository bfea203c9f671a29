/* The program of the contract suite: `program WHAT [ARG…]`. Static, so that it starts in any box. */
#define _GNU_SOURCE
#include <poll.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;
static char untouched[1 << 30];

static void put(const char *data, size_t length) {
    while (length > 0) {
        ssize_t written = write(1, data, length);
        if (written < 0) exit(9);
        data += written;
        length -= written;
    }
}

static void put_many(long length) {
    static char chunk[65536];
    memset(chunk, 'x', sizeof chunk);
    for (; length > 0; length -= sizeof chunk) put(chunk, length < (long)sizeof chunk ? length : (long)sizeof chunk);
}

static long copy_stdin(int echo) {
    static char buffer[65536];
    long total = 0;
    ssize_t got;
    while ((got = read(0, buffer, sizeof buffer)) > 0) {
        total += got;
        if (echo) put(buffer, got);
    }
    return total;
}

static void *spin_for(void *ms) {
    struct timespec now;
    do clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while (now.tv_sec * 1000 + now.tv_nsec / 1000000 < (long)ms);
    return 0;
}

/* Tries to run on every processor, and says on which it may. */
static void *move(void *unused) {
    cpu_set_t mask;
    memset(&mask, 255, sizeof mask);
    int error = sched_setaffinity(0, sizeof mask, &mask) < 0 ? errno : 0;
    CPU_ZERO(&mask);
    sched_getaffinity(0, sizeof mask, &mask);
    printf("errno %d, on", error);
    for (int i = 0; i < CPU_SETSIZE; i++) if (CPU_ISSET(i, &mask)) printf(" %d", i);
    puts("");
    fflush(stdout);
    return unused;
}

static void touch(size_t bytes) {
    char *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) exit(8);
    for (size_t i = 0; i < bytes; i += 4096) memory[i] = 1;
}

/* A segment lives as long as its namespace, also when nobody has it mapped. */
static void touch_segment(size_t bytes) {
    int id = shmget(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
    char *at = shmat(id, 0, 0);
    memset(at, 1, bytes);
    shmdt(at);
}

static int write_file(const char *path, long bytes) {
    static char chunk[65536];
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (file < 0) return errno;
    while (bytes > 0) {
        ssize_t written = write(file, chunk, bytes < (long)sizeof chunk ? bytes : (long)sizeof chunk);
        if (written < 0) return errno;
        bytes -= written;
    }
    return close(file) < 0 ? errno : 0;
}

int main(int argc, char **argv) {
    const char *what = argc > 1 ? argv[1] : "";
    long number = argc > 2 ? atol(argv[2]) : 0;
    if (!strcmp(what, "exit")) return number;
    if (!strcmp(what, "signal")) { raise(number); return 7; }
    if (!strcmp(what, "segv")) { *(volatile int *)0 = 1; return 7; }
    if (!strcmp(what, "abort")) abort();
    if (!strcmp(what, "echo")) { copy_stdin(1); return 0; }
    if (!strcmp(what, "count")) { printf("%ld\n", copy_stdin(0)); return 0; }
    if (!strcmp(what, "print")) { put_many(number); return 0; }
    if (!strcmp(what, "both")) { put_many(number); printf("%ld", copy_stdin(0)); return 0; }
    if (!strcmp(what, "pass")) {
        char ball[4];
        for (; number > 0; number--) {
            for (size_t got = 0; got < sizeof ball;) {
                ssize_t more = read(0, ball + got, sizeof ball - got);
                if (more <= 0) return 5;
                got += more;
            }
            put(ball, sizeof ball);
        }
        return 0;
    }
    if (!strcmp(what, "relay")) {
        for (int i = 2; i + 1 < argc; i += 2) {
            int in = open(argv[i], O_RDONLY), out = open(argv[i + 1], O_WRONLY);
            char buffer[4096];
            for (ssize_t n; (n = read(in, buffer, sizeof buffer)) > 0;) {
                if (write(out, buffer, n) != n) return 8;
            }
            close(in);
            close(out);
        }
        printf("%ld", copy_stdin(0));
        return 0;
    }
    if (!strcmp(what, "mute")) { printf("word"); fclose(stdout); copy_stdin(0); return 0; }
    if (!strcmp(what, "poll")) {
        char bytes[64];
        struct pollfd stdin_ready = {.fd = 0, .events = POLLIN};
        for (;;) {
            if (poll(&stdin_ready, 1, -1) != 1) return 1;
            ssize_t length = read(0, bytes, sizeof bytes);
            if (length <= 0) return length < 0;
        }
    }
    if (!strcmp(what, "poll-another")) {
        char bytes[3];
        int ends[2];
        if (read(0, bytes, 3) != 3 || pipe(ends)) return 1;
        struct pollfd other = {.fd = ends[0], .events = POLLIN};
        return poll(&other, 1, 200);
    }
    if (!strcmp(what, "take")) { char bytes[3]; return read(0, bytes, 3) != 3; }
    if (!strcmp(what, "glance")) { char c; return read(0, &c, 1) == 1 && usleep(50000) == 0 ? 0 : 1; }
    if (!strcmp(what, "complain")) { fprintf(stderr, "%s", argv[2]); return 0; }
    if (!strcmp(what, "sleep")) { sleep(number); return 0; }
    if (!strcmp(what, "spin")) { spin_for((void *)number); return 0; }
    if (!strcmp(what, "threads")) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) pthread_create(&threads[i], 0, spin_for, (void *)number);
        for (int i = 0; i < 4; i++) pthread_join(threads[i], 0);
        return 0;
    }
    if (!strcmp(what, "move")) {
        pthread_t thread;
        move(0);
        pthread_create(&thread, 0, move, 0);
        pthread_join(thread, 0);
        if (fork() == 0) { move(0); _exit(0); }
        wait(0);
        return 0;
    }
    if (!strcmp(what, "touch")) { touch(number); return 0; }
    if (!strcmp(what, "child-touch")) {
        if (fork() == 0) { touch(number); _exit(0); }
        wait(0);
        put("survived", 8);
        return 0;
    }
    if (!strcmp(what, "segments")) {
        for (long i = 0; i < number; i++) touch_segment(1 << 20);
        return 0;
    }
    if (!strcmp(what, "untouched")) return untouched[number];
    if (!strcmp(what, "forks")) {
        long made = 0;
        for (long i = 0; i < number; i++) {
            pid_t child = fork();
            if (child == 0) { sleep(60); _exit(0); }
            if (child > 0) made++;
        }
        printf("%ld", made);
        return 0;
    }
    if (!strcmp(what, "daemon")) {
        if (fork() == 0) { setsid(); if (fork() == 0) { sleep(1); put("late", 4); sleep(60); } _exit(0); }
        put("early", 5);
        return 0;
    }
    if (!strcmp(what, "write")) { printf("%d", write_file(argv[2], argc > 3 ? atol(argv[3]) : 1)); return 0; }
    if (!strcmp(what, "write-raw")) return write_file(argv[2], atol(argv[3]));
    if (!strcmp(what, "read")) {
        int file = open(argv[2], O_RDONLY);
        if (file < 0) { printf("errno %d", errno); return 0; }
        dup2(file, 0);
        copy_stdin(1);
        return 0;
    }
    if (!strcmp(what, "open-many")) {
        long opened = 0;
        while (open("/dev/null", O_RDONLY) >= 0) opened++;
        printf("%ld", opened);
        return 0;
    }
    if (!strcmp(what, "env")) { for (char **e = environ; *e; e++) printf("%s%c", *e, 0); return 0; }
    if (!strcmp(what, "argv")) { for (int i = 0; i < argc; i++) printf("%s%c", argv[i], 0); return 0; }
    if (!strcmp(what, "link")) return symlink(argv[2], argv[3]) < 0 ? errno : 0;
    if (!strcmp(what, "fifo")) return mkfifo(argv[2], 0644) < 0 ? errno : 0;
    if (!strcmp(what, "write-many")) {
        for (long i = 0; i < number; i++) {
            char path[64];
            snprintf(path, sizeof path, "%s/%05ld", argv[3], i);
            if (write_file(path, 0)) return 1;
        }
        return 0;
    }
    if (!strcmp(what, "make")) { mkdir(argv[2], 0755); return 0; }
    if (!strcmp(what, "unlink")) { printf("%d", unlink(argv[2]) < 0 ? errno : 0); return 0; }
    if (!strcmp(what, "chmod")) { printf("%d", chmod(argv[2], 0777) < 0 ? errno : 0); return 0; }
    return 6;
}
