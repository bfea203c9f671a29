// optimus: verdict=time_limit_exceeded limits.cpu_ms=500
int main(void) {
    for (volatile int i = 0;; i++) {
    }
}
