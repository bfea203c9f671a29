//! What is the machine's: code in the kernel, its power, its disks, and calls that no kernel has any more.

use crate::inventory::Decision::Refuse;
use crate::inventory::{Call, Class, Holds, Pool, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "code in the kernel",
        holds: Holds::Uncharged("programs and modules"),
        pool: Pool::Machine("net.core.bpf_jit_limit"),
        decision: Refuse(libc::EPERM),
        reason: "runs in the kernel, or replaces it",
        source: "bpf(2), init_module(2), kexec_load(2)",
        members: system_calls![
            bpf 321 280, init_module 175 105, finit_module 313 273, delete_module 176 106, kexec_load 246 104,
            kexec_file_load 320 294,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "measuring the machine",
        pool: Pool::User("kernel.perf_event_mlock_kb"),
        decision: Refuse(libc::EPERM),
        reason: "a side channel with a long list of holes",
        source: "perf_event_open(2)",
        members: system_calls![perf_event_open 298 241],
        ..Class::PLAIN
    },
    Class {
        what: "power, swap, accounting and terminals",
        shares: Shares::Machine("all of it"),
        decision: Refuse(libc::EPERM),
        reason: "the machine's",
        source: "reboot(2), swapon(2), acct(2), vhangup(2), syslog(2), quotactl(2)",
        members: system_calls![
            reboot 169 142, swapon 167 224, swapoff 168 225, acct 163 89, vhangup 153 58, syslog 103 116,
            quotactl 179 60, quotactl_fd 443 443 since 5.14, nfsservctl 180 42,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "ports and segments",
        holds: Holds::Charged("64 KiB for a table of segments, 8 KiB for a map of ports"),
        decision: Refuse(libc::EPERM),
        reason: "the machine's ports; 16-bit segments have a long list of holes",
        source: "ioperm(2), modify_ldt(2)",
        members: system_calls![ioperm 173 -, iopl 172 -, modify_ldt 154 -],
        ..Class::PLAIN
    },
    Class {
        what: "calls of old",
        decision: Refuse(libc::EPERM),
        reason: "long gone or long broken",
        source: "syscalls(2)",
        members: system_calls![_sysctl 156 -, uselib 134 -, ustat 136 -, sysfs 139 -],
        ..Class::PLAIN
    },
    Class {
        what: "numbers that no kernel answers",
        decision: Refuse(libc::ENOSYS),
        reason: "the kernel itself says so; the last two are for traps that it sets, and never pass a filter",
        source: "unimplemented(2), arch/x86/kernel/uprobes.c",
        members: system_calls![
            create_module 174 -, get_kernel_syms 177 -, query_module 178 -, getpmsg 181 -, putpmsg 182 -,
            afs_syscall 183 -, tuxcall 184 -, security 185 -, epoll_ctl_old 214 -, epoll_wait_old 215 -,
            vserver 236 -, uretprobe 335 - since 6.11, uprobe 336 - since 6.18,
        ],
        ..Class::PLAIN
    },
];
