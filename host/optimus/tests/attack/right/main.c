#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
static void *half(void *of) { return *(int *)of /= 2, of; }
int main(void) {
    int number;
    pthread_t thread;
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    if (scanf("%d", &number) != 1 || timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return 1;
    if (pthread_create(&thread, NULL, half, &number) != 0 || pthread_join(thread, NULL) != 0) return 2;
    printf("%d\n", number);
}
