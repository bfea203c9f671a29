/* Queues, semaphores and segments: of a namespace's own, but the account pays for some of them.
 * hold: 1
 * limits: memory=128M open_files=1024 processes=32
 * case: messages => code 0 | limit memory
 * case: queues => code 0 | limit memory
 * case: system_v_messages => code 0 | limit memory
 * case: semaphores => code 0 | limit memory
 * case: undone => code 0 | limit memory
 * case: segments => code 0 | limit memory */
#include "held.h"
#include <mqueue.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
static mqd_t queue(void) {
    static unsigned number;
    char name[32];
    snprintf(name, sizeof name, "/%d-%u", getpid(), number++);
    struct mq_attr largest = {.mq_maxmsg = 10, .mq_msgsize = 8192};
    return mq_open(name, O_CREAT | O_RDWR | O_NONBLOCK, 0600, &largest);
}
static long queues(void) { return UNTIL_REFUSED(queue()); }
static char text[8192];
static int message(void) {
    static mqd_t current = -1;
    if (current >= 0 && mq_send(current, text, sizeof text, 0) == 0) return 0;
    return current = queue();
}
static long messages(void) { return UNTIL_REFUSED(message()); }
static struct {
    long type;
    char text[8000];
} body = {.type = 1};
static int system_v_message(void) {
    static int current = -1;
    if (current >= 0 && msgsnd(current, &body, sizeof body.text, IPC_NOWAIT) == 0) return 0;
    return current = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
}
static long system_v_messages(void) { return UNTIL_REFUSED(system_v_message()); }
static long semaphores(void) { return UNTIL_REFUSED(semget(IPC_PRIVATE, 4000, IPC_CREAT | 0600)); }
static int undo(void) {
    int set = semget(IPC_PRIVATE, 4000, IPC_CREAT | 0600);
    struct sembuf one = {.sem_op = 1, .sem_flg = SEM_UNDO | IPC_NOWAIT};
    return set < 0 ? -1 : semop(set, &one, 1);
}
static long undone(void) { return UNTIL_REFUSED(undo()); }
static long segments(void) { return UNTIL_REFUSED(shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600)); }
int main(int argc, char **argv) {
    const struct member members[] = {{"queues", queues, 1}, {"messages", messages, 1}, {"system_v_messages", system_v_messages, 1},
                                     {"semaphores", semaphores, 1}, {"undone", undone, 4}, {"segments", segments, 1}, {0}};
    return held(members, argc, argv);
}
