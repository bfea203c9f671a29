/* Crashes with as large a core dump as it may ask for. Core dumps are off, also those that go to a helper of the host:
 * for that the limit has to be 1, and a program that could make it 0 could have the helper started.
 * ends: signal 6 */
#include "hostile.h"
int main(void) {
    struct rlimit core = {RLIM_INFINITY, RLIM_INFINITY}, none = {0, 0};
    syscall(SYS_getrlimit, RLIMIT_CORE, &core);
    if (core.rlim_max > 1) BREACH("core dumps up to %llu bytes", (unsigned long long)core.rlim_max);
    if (core.rlim_cur == 1 && setrlimit(RLIMIT_CORE, &none) == 0) BREACH("core dumps of no bytes, which go to a helper");
    if (core.rlim_cur == 1 && syscall(SYS_setrlimit, RLIMIT_CORE, &none) == 0) BREACH("the same by the older call");
    prctl(PR_SET_DUMPABLE, 1);
    touch_pages(malloc(16 * MIB), 16 * MIB);
    abort();
}
