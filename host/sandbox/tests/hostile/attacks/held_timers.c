/* Timers and queued signals: the kernel counts both for the account, not for the box.
 * hold: 1
 * limits: memory=128M open_files=2048 processes=32
 * case: queued => code 0 | limit memory
 * case: timers => code 0 | limit memory
 * case: quiet_timers => code 0 | limit memory
 * case: thread_timers => code 0 | limit memory
 * case: queued_to_another => code 0 | limit memory
 * case: queued_to_threads => code 0 | limit memory
 * case: messages_of_signals => code 0 | limit memory */
#include "held.h"
#include <mqueue.h>
static int timer(int how) {
    struct sigevent event = {.sigev_notify = how, .sigev_signo = SIGRTMIN};
    if (how == SIGEV_THREAD_ID) event._sigev_un._tid = (int)syscall(SYS_gettid);
    int id;
    return (int)syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id);
}
static long timers(void) { return UNTIL_REFUSED(timer(SIGEV_SIGNAL)); }
static long quiet_timers(void) { return UNTIL_REFUSED(timer(SIGEV_NONE)); }
static long thread_timers(void) { return UNTIL_REFUSED(timer(SIGEV_THREAD_ID)); }
static void block(void) {
    sigset_t signals;
    sigfillset(&signals);
    sigprocmask(SIG_BLOCK, &signals, NULL);
}
static long queue_to(pid_t pid) {
    union sigval value = {0};
    return UNTIL_REFUSED(sigqueue(pid, SIGRTMIN + 1, value));
}
static long queued(void) { return block(), queue_to(getpid()); }
static long queued_to_another(void) {
    block();
    pid_t pid = fork();
    if (pid == 0)
        for (;;) pause();
    return pid < 0 ? 0 : queue_to(pid);
}
static long queued_to_threads(void) {
    block();
    return UNTIL_REFUSED(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGRTMIN + 2));
}
/* mq_notify takes a signal ahead. */
static int notified(void) {
    static unsigned number;
    char name[32];
    snprintf(name, sizeof name, "/%d-%u", getpid(), number++);
    struct mq_attr small = {.mq_maxmsg = 1, .mq_msgsize = 1};
    mqd_t queue = mq_open(name, O_CREAT | O_RDWR, 0600, &small);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    return queue < 0 ? -1 : mq_notify(queue, &event);
}
static long messages_of_signals(void) { return UNTIL_REFUSED(notified()); }
int main(int argc, char **argv) {
    const struct member members[] = {{"timers", timers, 8}, {"quiet_timers", quiet_timers, 8}, {"thread_timers", thread_timers, 8},  {"queued", queued, 8}, {"queued_to_another", queued_to_another, 8},
                                     {"queued_to_threads", queued_to_threads, 8}, {"messages_of_signals", messages_of_signals, 1}, {0}};
    return held(members, argc, argv);
}
