//! Processes and threads: to start, end and schedule them, to signal and to wait.

use crate::inventory::Decision::{AgentOnly, Bound, Inspect, Refuse};
use crate::inventory::arguments::{prctl, process};
use crate::inventory::{Call, Class, Holds, Pool, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "starting processes and threads",
        holds: Holds::Charged("a stack of 16 KiB, page tables, the task itself"),
        pool: Pool::Machine("kernel.pid_max, kernel.threads-max"),
        decision: Bound("pids.max of the step's group"),
        reason: "shells, compilers and every runtime with threads",
        source: "fork(2), pids controller",
        members: system_calls![fork 57 -, vfork 58 -],
        ..Class::PLAIN
    },
    Class {
        what: "starting with flags",
        holds: Holds::Charged("a stack of 16 KiB, page tables, the task itself"),
        pool: Pool::User("user.max_*_namespaces, by a flag"),
        decision: Inspect(&process::CLONE),
        reason: "how threads are started; new namespaces are new kernel surface",
        source: "clone(2)",
        members: system_calls![clone 56 220],
        ..Class::PLAIN
    },
    Class {
        what: "starting with flags in memory",
        decision: AgentOnly(libc::ENOSYS),
        reason: "its flags lie in memory, where no filter can look; every library falls back to `clone`",
        source: "clone3(2)",
        members: system_calls![clone3 435 435],
        ..Class::PLAIN
    },
    Class {
        what: "becoming another program",
        reason: "no_new_privs and nosuid views: no program brings rights along",
        source: "execve(2), execveat(2)",
        members: system_calls![execve 59 221, execveat 322 281],
        ..Class::PLAIN
    },
    Class {
        what: "ending and waiting",
        reason: "every program does",
        source: "exit(2), wait(2)",
        members: system_calls![
            exit 60 93, exit_group 231 94, wait4 61 260, waitid 247 95, set_tid_address 218 96,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "threads' own",
        reason: "what the C library does for each thread",
        source: "futex(2), rseq(2), set_robust_list(2)",
        members: system_calls![
            futex 202 98, futex_waitv 449 449 since 5.16, futex_wake 454 454 since 6.7,
            futex_wait 455 455 since 6.7, futex_requeue 456 456 since 6.7, set_robust_list 273 99,
            get_robust_list 274 100, rseq 334 293, getcpu 309 168, set_thread_area 205 -, get_thread_area 211 -,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "barriers across threads",
        shares: Shares::Machine("interrupts on every processor, by a command"),
        decision: Inspect(&process::MEMBARRIER),
        reason: "Java, .NET and Go use those that stop at their own threads",
        source: "membarrier(2)",
        members: system_calls![membarrier 324 283],
        ..Class::PLAIN
    },
    Class {
        what: "sending signals",
        reason: "the pid namespace of the step is all that they reach",
        source: "kill(2), tgkill(2), pidfd_send_signal(2)",
        members: system_calls![kill 62 129, tkill 200 130, tgkill 234 131, pidfd_send_signal 424 424],
        ..Class::PLAIN
    },
    Class {
        what: "queueing signals",
        holds: Holds::Charged("80 bytes for a signal (sigqueue is accounted since 5.15)"),
        pool: Pool::User("RLIMIT_SIGPENDING, counted for the user and up to the creator of the namespace"),
        decision: Bound("RLIMIT_SIGPENDING of the step's own"),
        reason: "Mono and Java pass real-time signals between their threads",
        source: "sigqueue(3), kernel/ucount.c",
        members: system_calls![rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240],
        ..Class::PLAIN
    },
    Class {
        what: "handling signals",
        reason: "a process's own",
        source: "sigaction(2), sigaltstack(2)",
        members: system_calls![
            rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136,
            rt_sigtimedwait 128 137, rt_sigsuspend 130 133, sigaltstack 131 132, pause 34 -,
            restart_syscall 219 128,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "settings of a process",
        decision: Inspect(&prctl::OPTIONS),
        reason: "names and death signals are everyday; some options hold kernel memory or draw on the machine",
        source: "prctl(2)",
        members: system_calls![prctl 157 167],
        ..Class::PLAIN
    },
    Class {
        what: "settings of a thread's processor state",
        decision: Inspect(&process::ARCH_PRCTL),
        reason: "the C library sets the thread pointer",
        source: "arch_prctl(2)",
        members: system_calls![arch_prctl 158 -],
        ..Class::PLAIN
    },
    Class {
        what: "execution domains",
        decision: Inspect(&process::PERSONALITY),
        reason: "may be asked and not changed: without address randomisation holes are easier to use; SBCL goes on with it",
        source: "personality(2)",
        members: system_calls![personality 135 92],
        ..Class::PLAIN
    },
    Class {
        what: "scheduling",
        pool: Pool::Machine("real-time bandwidth"),
        decision: Bound("RLIMIT_NICE and RLIMIT_RTPRIO of 0: only downwards"),
        reason: "Java and Mono set what they already have",
        source: "sched(7), setpriority(2)",
        members: system_calls![
            sched_yield 24 124, sched_getaffinity 204 123, sched_getparam 143 121, sched_setparam 142 118,
            sched_getscheduler 145 120, sched_setscheduler 144 119, sched_getattr 315 275,
            sched_get_priority_max 146 125, sched_get_priority_min 147 126, sched_rr_get_interval 148 127,
            getpriority 140 141, setpriority 141 140, ioprio_get 252 31,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "choosing processors",
        shares: Shares::Machine("the processors of other boxes"),
        decision: AgentOnly(libc::EPERM),
        reason: "gathered on one processor, a step's threads would slow down another box's; runtimes that bind their threads go on unbound",
        source: "sched_setaffinity(2)",
        members: system_calls![sched_setaffinity 203 122],
        ..Class::PLAIN
    },
    Class {
        what: "scheduling by extended attributes",
        pool: Pool::Machine("deadline bandwidth, the frequency of processors"),
        decision: Refuse(libc::EPERM),
        reason: "no language's runtime uses it",
        source: "sched_setattr(2), ioprio_set(2)",
        members: system_calls![sched_setattr 314 274, ioprio_set 251 30],
        ..Class::PLAIN
    },
    Class {
        what: "other processes' insides",
        decision: AgentOnly(libc::EPERM),
        reason: "reads and writes other processes, or takes their descriptors, as the agent does with parents of warm starts",
        source: "ptrace(2), pidfd_getfd(2)",
        members: system_calls![ptrace 101 117, pidfd_getfd 438 438],
        ..Class::PLAIN
    },
    Class {
        what: "whether two processes share something",
        decision: AgentOnly(libc::EPERM),
        reason: "the agent counts an open file once that a child inherited",
        source: "kcmp(2)",
        members: system_calls![kcmp 312 272],
        ..Class::PLAIN
    },
    Class {
        what: "a program's own filters",
        holds: Holds::Uncharged("compiled filters, of which every process may stack 32,768 instructions"),
        pool: Pool::Machine("net.core.bpf_jit_limit, which the filters of new boxes need"),
        decision: AgentOnly(libc::ENOSYS),
        reason: "what a program would lock away is locked away already",
        source: "seccomp(2), kernel/bpf/core.c",
        members: system_calls![seccomp 317 277],
        ..Class::PLAIN
    },
    Class {
        what: "a program's own restrictions",
        holds: Holds::Charged("502 bytes for a rule set"),
        decision: Refuse(libc::ENOSYS),
        reason: "as by a kernel without Landlock; whoever restricts itself goes on without",
        source: "landlock(7), lsm_set_self_attr(2)",
        members: system_calls![
            landlock_create_ruleset 444 444 since 5.13, landlock_add_rule 445 445 since 5.13,
            landlock_restrict_self 446 446 since 5.13, lsm_get_self_attr 459 459 since 6.8,
            lsm_set_self_attr 460 460 since 6.8, lsm_list_modules 461 461 since 6.8,
        ],
        ..Class::PLAIN
    },
];
