/* What the kernel holds while a call waits, and descriptors where nobody would look for them.
 * hold: 1
 * account: rights
 * limits: memory=256M open_files=4096 processes=64
 * case: poll => code 0 | limit memory | limit kernel_memory
 * case: select => code 0 | limit memory | limit kernel_memory
 * case: vectors => code 0 | limit memory | limit kernel_memory
 * case: control => code 0 | limit memory | limit kernel_memory
 * case: paths => code 0 | limit memory | limit kernel_memory
 * case: futexes => code 0 | limit memory | limit kernel_memory
 * case: semaphores => code 0 | limit memory | limit kernel_memory
 * case: under_way => code 0 | limit memory | limit kernel_memory
 * case: unreadable => code 0 | limit memory | limit kernel_memory
 * case: leaderless => code 0 | limit memory | limit kernel_memory
 * case: own_tables => code 0 | limit memory | limit kernel_memory
 * case: own_processes => code 0 | limit memory | limit kernel_memory */
#include "held.h"
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/uio.h>

static int ends[2];
/* As many processes as there may be, each in a call that waits for ever. */
static long waiting(void (*call)(void)) {
    long count = 0;
    if (pipe(ends) != 0) return -1;
    for (pid_t pid; count < 60 && (pid = fork()) >= 0; count++)
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            call();
            _exit(0);
        }
    sleep_ms(300);
    return count;
}
static void wait_poll(void) {
    static struct pollfd all[4096];
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    for (int i = 0; i < 4096; i++) all[i] = (struct pollfd){.fd = ends[0], .events = POLLIN};
    for (long count = files.rlim_cur < 4096 ? (long)files.rlim_cur : 4096; count > 0; count /= 2) poll(all, (nfds_t)count, -1);
}
static long poll_(void) { return waiting(wait_poll); }
static void wait_select(void) {
    fd_set all;
    FD_ZERO(&all);
    for (int fd; (fd = dup(ends[0])) >= 0 && fd < FD_SETSIZE;) FD_SET(fd, &all);
    select(FD_SETSIZE, &all, NULL, NULL, NULL);
}
static long select_(void) { return waiting(wait_select); }
static void wait_vectors(void) {
    static char bytes[1024];
    static struct iovec all[1024];
    for (int i = 0; i < 1024; i++) all[i] = (struct iovec){bytes + i, 1};
    if (readv(ends[0], all, 1024) < 0) _exit(1);
}
static long vectors(void) { return waiting(wait_vectors); }
static void wait_control(void) {
    static union { struct cmsghdr head; char bytes[1 << 20]; } control;
    static char block[4096];
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) != 0) _exit(1);
    while (send(pair[0], block, sizeof block, MSG_DONTWAIT) > 0) {}
    struct iovec piece = {block, sizeof block};
    for (size_t length = sizeof control; length >= 1024; length = length * 7 / 8) {
        control.head = (struct cmsghdr){.cmsg_len = length, .cmsg_level = 0x1234, .cmsg_type = 1};
        struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = length};
        sendmsg(pair[0], &message, 0);
    }
}
static long control(void) { return waiting(wait_control); }
static void wait_path(void) { _exit(open("fifo", O_RDONLY) < 0); }
static long paths(void) { return mkfifo("fifo", 0600) == 0 ? waiting(wait_path) : -1; }
static void wait_futexes(void) {
    static uint32_t word;
    static struct { uint64_t value, address; uint32_t flags, reserved; } all[128];
    for (int i = 0; i < 128; i++) {
        all[i].address = (uint64_t)&word;
        all[i].flags = 2; /* FUTEX_32 */
    }
    syscall(449 /* futex_waitv */, all, 128, 0, NULL, 0);
}
static long futexes(void) { return waiting(wait_futexes); }
static int set;
static void wait_semaphores(void) {
    static struct sembuf all[500];
    for (int i = 0; i < 500; i++) all[i] = (struct sembuf){.sem_num = (unsigned short)i, .sem_op = -1, .sem_flg = SEM_UNDO};
    semop(set, all, 500);
}
static long semaphores(void) {
    set = semget(IPC_PRIVATE, 500, 0600);
    return set < 0 ? -1 : waiting(wait_semaphores);
}
/* Closed, and still there: on their way through a socket that nobody reads. */
static int send_set(int to) {
    union { struct cmsghdr head; char bytes[CMSG_SPACE(sizeof(int))]; } control = {0};
    char byte = 0;
    int fd = epoll_create1(0);
    if (fd < 0) return -1;
    struct iovec piece = {&byte, 1};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    control.head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(&control.head), &fd, sizeof fd);
    ssize_t sent = sendmsg(to, &message, MSG_DONTWAIT);
    close(fd);
    return sent < 0 ? -1 : 0;
}
static long under_way(void) {
    long count = 0;
    int pair[2];
    while (!enough() && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0) count += UNTIL_REFUSED(send_set(pair[0]));
    return count;
}
static long unreadable(void) {
    prctl(PR_SET_DUMPABLE, 0);
    return UNTIL_REFUSED(epoll_create1(0));
}
static void *take_and_stay(void *own) {
    if (own) syscall(436 /* close_range */, 1000000, 1000001, 2 /* CLOSE_RANGE_UNSHARE */);
    if (own) syscall(SYS_unshare, 0x400 /* CLONE_FILES */);
    while (epoll_create1(0) >= 0) {}
    pause();
    return NULL;
}
/* A process whose first thread has ended shows no descriptors under its own number. */
static void leave_a_thread(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, take_and_stay, NULL);
    syscall(SYS_exit, 0);
}
static long leaderless(void) {
    long count = 0;
    for (pid_t pid; count < 30 && (pid = fork()) >= 0; count++)
        if (pid == 0) leave_a_thread();
    sleep_ms(400);
    return count;
}
static long own_tables(void) {
    long count = 0;
    for (pthread_t thread; count < 60 && pthread_create(&thread, NULL, take_and_stay, &ends) == 0;) count++;
    sleep_ms(400);
    return count;
}
/* Threads to the kernel and not to the C library, without CLONE_FILES; or processes that share memory. */
static int live(void *unused) { return take_and_stay(unused) != NULL; }
static long own_processes(void) {
    static char stacks[60][16384];
    const int thread = CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD;
    long count = 0;
    for (; count < 60; count++) {
        char *top = stacks[count] + sizeof stacks[count];
        if (clone(live, top, thread, NULL) < 0 && clone(live, top, CLONE_VM | SIGCHLD, NULL) < 0) break;
    }
    sleep_ms(400);
    return count;
}
int main(int argc, char **argv) {
    const struct member members[] = {
        {"poll", poll_, 1}, {"select", select_, 1}, {"vectors", vectors, 1}, {"control", control, 1}, {"paths", paths, 1},
        {"futexes", futexes, 1}, {"semaphores", semaphores, 1}, {"under_way", under_way, 24}, {"unreadable", unreadable, 48},
        {"leaderless", leaderless, 1}, {"own_tables", own_tables, 1}, {"own_processes", own_processes, 1}, {0}};
    return held(members, argc, argv);
}
