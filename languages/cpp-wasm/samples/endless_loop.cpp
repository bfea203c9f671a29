// optimus: verdict=time_limit_exceeded limits.cpu_ms=500
int main() {
    for (volatile int i = 0;; i = i + 1) {
    }
}
