/* Memory of the kernel's own: mappings, epoll sets, timers, message queues. The box must live within its limit.
 * limits: memory=64M open_files=1024
 * ends: code 0 | limit memory | limit kernel_memory */
#include "hostile.h"
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/timerfd.h>
int main(void) {
    for (int i = 0; i < 200000; i++)
        if (mmap(NULL, 4096, i % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) break;
    for (int i = 0; i < 100000; i++) {
        timer_t timer;
        struct sigevent none = {.sigev_notify = SIGEV_NONE};
        if (timer_create(CLOCK_MONOTONIC, &none, &timer) != 0) break;
    }
    static struct {
        long type;
        char text[8000];
    } message = {.type = 1};
    for (int i = 0; i < 10000; i++) {
        int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
        if (queue < 0) break;
        while (msgsnd(queue, &message, sizeof message.text, IPC_NOWAIT) == 0) {}
    }
    while (timerfd_create(CLOCK_MONOTONIC, 0) >= 0 && epoll_create1(0) >= 0) {}
    return verdict();
}
