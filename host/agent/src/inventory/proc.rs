//! Files of `/proc/PID`, proc(5). Nothing else of `/proc` is there but `self`, `thread-self`, and the files of our own
//! that `wall::machine` lists: it is mounted with `subset=pid` and `hidepid=invisible`.

use super::Decision::{Allow, Bound, Refuse};
use super::{Class, Shares};

/// Every file that a kernel up to 6.18 shows for a process or a thread.
pub const FILES: &[Class<&str>] = &[
    Class {
        what: "reading of itself",
        reason: "runtimes read their own mappings, status and limits",
        source: "proc(5)",
        members: &[
            "arch_status",
            "auxv",
            "cmdline",
            "cwd",
            "environ",
            "exe",
            "fd",
            "fdinfo",
            "io",
            "ksm_merging_pages",
            "ksm_stat",
            "limits",
            "maps",
            "mounts",
            "mountinfo",
            "mountstats",
            "numa_maps",
            "oom_score",
            "personality",
            "root",
            "schedstat",
            "smaps",
            "smaps_rollup",
            "stat",
            "statm",
            "status",
            "task",
            "timers",
            "children",
            "cpuset",
            "cgroup",
            "cpu_resctrl_groups",
            "sessionid",
            "latency",
            "wchan",
            "patch_state",
            "seccomp_cache",
        ],
        ..Class::PLAIN
    },
    Class {
        what: "writing of itself",
        decision: Bound("only downwards, and only of the process's own"),
        reason: "a name, a filter for cores that are not written, a badness that may only grow",
        source: "proc(5)",
        members: &[
            "autogroup",
            "clear_refs",
            "comm",
            "coredump_filter",
            "mem",
            "oom_adj",
            "oom_score_adj",
            "sched",
            "timerslack_ns",
        ],
        ..Class::PLAIN
    },
    Class {
        what: "maps of ids and clocks",
        decision: Refuse(libc::EPERM),
        reason: "written once, before the program starts; the kernel refuses a second time",
        source: "user_namespaces(7), time_namespaces(7)",
        members: &["gid_map", "projid_map", "setgroups", "timens_offsets", "uid_map"],
        ..Class::PLAIN
    },
    Class {
        what: "namespaces",
        reason: "may be named; `setns` is refused",
        source: "namespaces(7)",
        members: &["ns"],
        ..Class::PLAIN
    },
    Class {
        what: "the network",
        shares: Shares::Network,
        decision: Allow,
        reason: "of a namespace without interfaces, and with no sockets but the step's own",
        source: "proc_net(5)",
        members: &["net"],
        ..Class::PLAIN
    },
    Class {
        what: "the kernel's side of a process",
        shares: Shares::Machine("addresses of the kernel and of physical memory"),
        decision: Refuse(libc::EPERM),
        reason: "the kernel asks for capabilities that programs do not have, or hides the numbers",
        source: "proc(5): ptrace access mode checks",
        members: &["attr", "fail-nth", "loginuid", "make-it-fail", "map_files", "pagemap", "stack", "syscall"],
        ..Class::PLAIN
    },
];
