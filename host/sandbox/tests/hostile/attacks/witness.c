/* No attack, but what must go on while one holds on to all it can get: one of everything that a pool stands behind, again
 * and again until its input ends. A line a round: `round`, then `WORK=ERROR` for what failed. Some works are refused where
 * it runs, and then always: the first round, before any attack, says which.
 * limits: cpu_ms=3600000 wall_ms=7200000 memory=128M output=512M open_files=512 processes=32
 * works: timer signal watch queue lock whole_lock socket internet rights pipe thread process file memory poll event clock memfd segment semaphore message filter calls namespace */
#include "hostile.h"
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/timerfd.h>
/* 0, or -1 with errno; whatever was opened is closed. */
static int one(int fd) { return fd < 0 ? -1 : close(fd); }
static int timer(void) {
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
    int id;
    return syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) ? -1 : (int)syscall(SYS_timer_delete, id);
}
static int queued_signal(void) {
    sigset_t one_signal;
    sigemptyset(&one_signal);
    sigaddset(&one_signal, SIGRTMIN + 1);
    sigprocmask(SIG_BLOCK, &one_signal, NULL);
    if (sigqueue(getpid(), SIGRTMIN + 1, (union sigval){.sival_int = 1}) != 0) return -1;
    struct timespec none = {0};
    return sigtimedwait(&one_signal, NULL, &none) < 0 ? -1 : 0;
}
static int watch(void) {
    int instance = inotify_init1(IN_CLOEXEC);
    if (instance >= 0 && inotify_add_watch(instance, "/tmp", IN_CREATE) < 0) {
        int error = errno;
        close(instance);
        return errno = error, -1;
    }
    return one(instance);
}
static int queue(void) {
    struct mq_attr largest = {.mq_maxmsg = 4, .mq_msgsize = 1024};
    char name[40];
    snprintf(name, sizeof name, "/witness-%d", getpid());
    mqd_t it = mq_open(name, O_CREAT | O_RDWR, 0600, &largest);
    return it < 0 ? -1 : mq_unlink(name) | mq_close(it);
}
static int own_file(void) {
    int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    return fd;
}
static int locked(int whole) {
    struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd = own_file();
    if (fd < 0) return -1;
    int result = whole ? flock(fd, LOCK_EX | LOCK_NB) : fcntl(fd, F_SETLK, &range), error = errno;
    close(fd);
    return errno = error, result;
}
static int lock(void) { return locked(0); }
static int whole_lock(void) { return locked(1); }
static int sockets(void) {
    int ends[2];
    char byte = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) return -1;
    int result = write(ends[0], &byte, 1) == 1 && read(ends[1], &byte, 1) == 1 ? 0 : -1;
    return close(ends[0]), close(ends[1]), result;
}
static int internet(void) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&any, sizeof any) != 0) return -1;
    return close(fd);
}
static int rights(void) {
    int ends[2], passed = 0;
    if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) != 0) return -1;
    char control[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    *head = (struct cmsghdr){.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    memcpy(CMSG_DATA(head), &passed, sizeof passed);
    int result = sendmsg(ends[0], &message, 0) == 1 ? 0 : -1, error = errno;
    close(ends[0]), close(ends[1]);
    return errno = error, result;
}
static int large_pipe(void) {
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0) return -1;
    int result = fcntl(ends[1], F_SETPIPE_SZ, 131072) < 0 ? -1 : 0, error = errno;
    close(ends[0]), close(ends[1]);
    return errno = error, result;
}
static void *nothing(void *unused) { return unused; }
static int thread(void) {
    pthread_t id;
    return (errno = pthread_create(&id, NULL, nothing, NULL)) != 0 ? -1 : pthread_join(id, NULL);
}
/* Its exit code is an error; nothing is printed from there. */
static int in_child(int (*work)(void)) {
    pid_t pid = fork();
    if (pid == 0) _exit(work() == 0 ? 0 : errno);
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) return -1;
    errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
    return status == 0 ? 0 : -1;
}
static int no_work(void) { return 0; }
static int process(void) { return in_child(no_work); }
static int file(void) {
    int fd = own_file();
    if (fd >= 0 && write(fd, "witness", 7) != 7) return -1;
    return one(fd);
}
static int memory(void) {
    char *block = mmap(NULL, 4 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) return -1;
    touch_pages(block, 4 * MIB);
    return munmap(block, 4 * MIB);
}
static int polled(void) {
    struct epoll_event event = {.events = EPOLLIN};
    int set = epoll_create1(0), fd = eventfd(0, 0);
    int result = set < 0 || fd < 0 ? -1 : epoll_ctl(set, EPOLL_CTL_ADD, fd, &event), error = errno;
    close(set), close(fd);
    return errno = error, result;
}
static int event(void) { return one(eventfd(0, 0)); }
static int clock_of_files(void) { return one(timerfd_create(CLOCK_MONOTONIC, 0)); }
static int memfd(void) { return one(memfd_create("witness", 0)); }
static int segment(void) {
    int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
    return id < 0 ? -1 : shmctl(id, IPC_RMID, NULL);
}
static int semaphore(void) {
    int id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
    return id < 0 ? -1 : semctl(id, 0, IPC_RMID);
}
static int message(void) {
    int id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
    return id < 0 ? -1 : msgctl(id, IPC_RMID, NULL);
}
static struct sock_filter code[65];
static struct sock_fprog short_filter(void) {
    for (unsigned i = 0; i < 64; i++) code[i] = (struct sock_filter){BPF_ALU | BPF_DIV | BPF_K, 0, 0, 3};
    code[64] = (struct sock_filter){BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW};
    return (struct sock_fprog){65, code};
}
static int filter(void) {
    struct sock_fprog program = short_filter();
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    int result = fd < 0 ? -1 : setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), error = errno;
    close(fd);
    return errno = error, result;
}
static int own_calls(void) {
    struct sock_fprog program = short_filter();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}
static int calls(void) { return in_child(own_calls); }
static int own_namespace(void) { return unshare(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS); }
static int a_namespace(void) { return in_child(own_namespace); }
int main(void) {
    static const struct {
        const char *name;
        int (*work)(void);
    } works[] = {{"timer", timer}, {"signal", queued_signal}, {"watch", watch}, {"queue", queue}, {"lock", lock}, {"whole_lock", whole_lock},
                 {"socket", sockets}, {"internet", internet}, {"rights", rights}, {"pipe", large_pipe}, {"thread", thread}, {"process", process},
                 {"file", file}, {"memory", memory}, {"poll", polled}, {"event", event}, {"clock", clock_of_files}, {"memfd", memfd},
                 {"segment", segment}, {"semaphore", semaphore}, {"message", message}, {"filter", filter}, {"calls", calls}, {"namespace", a_namespace}};
    signal(SIGPIPE, SIG_DFL);
    for (struct pollfd input = {.fd = 0, .events = POLLIN}; poll(&input, 1, 15) == 0 || !(input.revents & (POLLHUP | POLLIN));) {
        printf("round");
        for (unsigned i = 0; i < sizeof works / sizeof *works; i++)
            if (errno = 0, works[i].work() != 0) printf(" %s=%s", works[i].name, strerrorname_np(errno) ? strerrorname_np(errno) : "?");
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
