/* Reads what the kernel knows about itself and about its other guests. */
#include "hostile.h"
#include <sys/klog.h>
static char bytes[MIB];
int main(void) {
    const char *secrets[] = {"/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/proc/vmallocinfo",
                             "/proc/slabinfo", "/proc/timer_list", "/proc/sched_debug", "/proc/keys",
                             "/sys/kernel/debug/sched/debug", "/sys/firmware/acpi/tables/DSDT",
                             "/sys/firmware/dmi/tables/DMI", "/sys/class/dmi/id/product_serial", "/proc/scsi/scsi",
                             "/boot/System.map", "/var/log/dmesg", "/var/log/syslog", "/proc/buddyinfo", "/proc/cmdline",
                             "/proc/config.gz", "/proc/diskstats", "/proc/interrupts", "/proc/iomem", "/proc/locks", "/proc/modules",
                             "/proc/pressure/cpu", "/proc/softirqs", "/proc/swaps", "/proc/uptime", "/proc/vmstat", "/proc/zoneinfo",
                             "/proc/sys/kernel/ns_last_pid", "/proc/sys/kernel/random/boot_id", "/proc/sys/fs/inode-nr"};
    for (unsigned i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        errno = 0;
        if (slurp(secrets[i], bytes, sizeof bytes) > 0) BREACH("%s can be read: %.60s", secrets[i], bytes);
    }
    /* Stands for the machine's, and counts nothing. */
    if (slurp("/proc/stat", bytes, 4096) <= 0 || !strstr(bytes, "\nctxt 0\n")) BREACH("/proc/stat: %.60s", bytes);
    if (slurp("/proc/kallsyms", bytes, 4096) > 0 && strncmp(bytes, "0000000000000000 ", 17) != 0 && strncmp(bytes, "(null)", 6) != 0)
        BREACH("/proc/kallsyms: %.40s", bytes);
    MUST_FAIL(klogctl(3, bytes, 4096));
    MUST_FAIL(klogctl(10, NULL, 0));
    return verdict();
}
