/* Opens the kernel's knobs for writing. */
#include "hostile.h"
int main(void) {
    const char *knobs[] = {
        "/proc/sysrq-trigger", "/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname",
        "/proc/sys/kernel/modprobe", "/proc/sys/kernel/hotplug", "/proc/sys/kernel/panic", "/proc/sys/kernel/ns_last_pid",
        "/proc/sys/kernel/shmmax", "/proc/sys/kernel/msgmax", "/proc/sys/kernel/sem", "/proc/sys/fs/mqueue/queues_max",
        "/proc/sys/vm/overcommit_memory", "/proc/sys/vm/drop_caches", "/proc/sys/vm/panic_on_oom", "/proc/sys/fs/binfmt_misc/register",
        "/proc/sys/fs/file-max", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/net/ipv4/ping_group_range",
        "/proc/sys/user/max_user_namespaces", "/proc/irq/default_smp_affinity", "/proc/bus/pci/00/00.0", "/proc/mtrr", "/proc/scsi/scsi",
        "/proc/acpi/wakeup", "/proc/kcore", "/proc/1/sched",
        "/proc/cpuinfo", "/proc/stat", "/proc/sys/kernel/pid_max",
        "/sys/kernel/uevent_helper", "/sys/kernel/mm/transparent_hugepage/enabled", "/sys/power/state",
        "/sys/power/disk", "/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/release_agent", "/sys/fs/cgroup/notify_on_release",
        "/sys/kernel/profiling", "/sys/module/kernel/parameters/panic", "/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg"};
    for (unsigned i = 0; i < sizeof knobs / sizeof *knobs; i++) must_not_open_for_writing(knobs[i]);
    int fd = open("/proc/self/oom_score_adj", O_WRONLY);
    if (fd >= 0 && write(fd, "-1000", 5) == 5) BREACH("the OOM killer spares us");
    fd = open("/proc/self/setgroups", O_WRONLY);
    if (fd >= 0 && write(fd, "allow", 5) == 5) BREACH("setgroups is allowed");
    return verdict();
}
