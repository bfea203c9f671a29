/* Processes and what belongs to them: sessions, threads, keys, namespaces, and limits lifted.
 * hold: 1
 * limits: memory=256M open_files=1024 processes=64
 * case: children => code 0 | limit memory
 * case: lifted => code 0 | limit memory
 * case: threads => code 0 | limit memory
 * case: sessions => code 0 | limit memory
 * case: zombies => code 0 | limit memory
 * case: keys => code 0 | limit memory
 * case: namespaces => code 0 | limit memory
 * case: priorities => code 0 | limit memory */
#include "held.h"
static pid_t child(int in_a_session, int over) {
    pid_t pid = fork();
    if (pid == 0) {
        if (in_a_session) setsid();
        if (over) _exit(0);
        for (;;) pause();
    }
    return pid;
}
static long children(void) { return UNTIL_REFUSED(child(0, 0)); }
static long sessions(void) { return UNTIL_REFUSED(child(1, 0)); }
static long zombies(void) { return UNTIL_REFUSED(child(0, 1)); }
static void *wait_there(void *unused) {
    pause();
    return unused;
}
static int thread(void) {
    pthread_attr_t small;
    pthread_t id;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 16384);
    return (errno = pthread_create(&id, &small, wait_there, NULL)) == 0 ? 0 : -1;
}
static long threads(void) { return UNTIL_REFUSED(thread()); }
static long key(void) {
    static unsigned number;
    static char payload[4096];
    char name[32];
    snprintf(name, sizeof name, "key-%u", number++);
    return syscall(SYS_add_key, "user", name, payload, sizeof payload, -4 /* KEY_SPEC_USER_KEYRING */);
}
static long keys(void) { return UNTIL_REFUSED(key()); }
static pid_t within(void) {
    pid_t pid = (pid_t)syscall(SYS_clone, CLONE_NEWUSER | CLONE_NEWNET | SIGCHLD, NULL, NULL, NULL, 0);
    if (pid == 0)
        for (;;) pause();
    return pid;
}
static long namespaces(void) { return UNTIL_REFUSED(within()); }
/* Limits of the process's own, from the soft to the hard one and beyond: what then can be had of them. */
static long lifted(void) {
    for (int limit = 0; limit < RLIM_NLIMITS; limit++) {
        struct rlimit most;
        getrlimit(limit, &most);
        most.rlim_cur = most.rlim_max;
        setrlimit(limit, &most);
        most.rlim_max = RLIM_INFINITY;
        setrlimit(limit, &most);
    }
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    int id;
    return UNTIL_REFUSED(syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
}
static pid_t with_priority(void) {
    pid_t pid = child(1, 0);
    return pid < 0 ? -1 : (pid_t)syscall(SYS_ioprio_set, 1, pid, 3 << 13);
}
static long priorities(void) { return UNTIL_REFUSED(with_priority()); }
int main(int argc, char **argv) {
    const struct member members[] = {{"children", children, 1}, {"threads", threads, 1}, {"sessions", sessions, 1}, {"zombies", zombies, 1},
                                     {"keys", keys, 1}, {"namespaces", namespaces, 1}, {"lifted", lifted, 4}, {"priorities", priorities, 1}, {0}};
    return held(members, argc, argv);
}
