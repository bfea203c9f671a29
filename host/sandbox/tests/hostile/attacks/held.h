/* What attacks share that hold on to what they took while others work. `main` hands its table of members to `held`: the
 * one that the first argument names fills itself up, says `holding NAME COUNT ERROR`, and lets go when its input ends,
 * or after as many milliseconds as the second argument says. */
#include "hostile.h"

struct member {
    const char *name;
    /* Takes as much as it gets; returns how many it got, with the last error in errno. */
    long (*fill)(void);
    /* In so many processes at once. */
    int processes;
};

static struct timespec started;

/* Whether it took for so long that more would only be more of the same. */
static int __attribute__((unused)) enough(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - started.tv_sec) * 1000 + (now.tv_nsec - started.tv_nsec) / 1000000 > 400;
}

/* Takes by `take` until there is no more; COUNT and errno are as `held` wants them. */
#define UNTIL_REFUSED(take)                                 \
    ({                                                      \
        long count_ = 0;                                    \
        errno = 0;                                          \
        while (!enough() && (long)(take) != -1) count_++;   \
        count_;                                             \
    })

/* As many descriptors as there may be. */
static void __attribute__((unused)) raise_files(void) {
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
}

static long spread(const struct member *member, int *error) {
    int ends[2], began = 0;
    if (pipe(ends) != 0) return -1;
    for (int i = 0; i < member->processes; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            long said[2] = {member->fill(), errno};
            if (write(ends[1], said, sizeof said) != sizeof said) _exit(1);
            for (;;) pause();
        }
        began += pid > 0;
    }
    close(ends[1]);
    long count = 0, said[2];
    for (int i = 0; i < began && read(ends[0], said, sizeof said) == sizeof said; i++) {
        count += said[0];
        if (said[1]) *error = (int)said[1];
    }
    return count;
}

static int __attribute__((unused)) held(const struct member *members, int argc, char **argv) {
    const struct member *member = members;
    while (member->name && (argc < 2 || strcmp(member->name, argv[1]) != 0)) member++;
    if (!member->name) return 2;
    clock_gettime(CLOCK_MONOTONIC, &started);
    raise_files();
    int error = 0;
    long count = member->processes > 1 ? spread(member, &error) : member->fill();
    if (member->processes <= 1) error = errno;
    const char *name = error ? strerrorname_np(error) : "none";
    printf("holding %s %ld %s\n", member->name, count, name ? name : "?");
    fflush(stdout);
    char byte;
    if (argc > 2)
        sleep_ms(atol(argv[2]));
    else
        while (read(0, &byte, 1) > 0) {}
    return 0;
}
