//! `prctl` options (linux/prctl.h).

use crate::inventory::Decision::{AgentOnly, Bound, Refuse};
use crate::inventory::{Argument, Class, Holds, Pool, Shares, Value, values};

/// What a process may set of itself. An option that is not named is one that this kernel does not know.
pub const OPTIONS: Argument = Argument::Value { index: 0, classes: CLASSES, otherwise: libc::EINVAL };

const CLASSES: &[Class<Value>] = &[
    Class {
        what: "names, signals, children",
        reason: "runtimes name their threads and follow their parents",
        source: "prctl(2)",
        members: values![
            PR_SET_PDEATHSIG 1, PR_GET_PDEATHSIG 2, PR_GET_DUMPABLE 3, PR_SET_DUMPABLE 4, PR_SET_NAME 15,
            PR_GET_NAME 16, PR_SET_TIMERSLACK 29, PR_GET_TIMERSLACK 30, PR_SET_CHILD_SUBREAPER 36,
            PR_GET_CHILD_SUBREAPER 37, PR_GET_TID_ADDRESS 40, PR_SET_THP_DISABLE 41, PR_GET_THP_DISABLE 42,
            PR_GET_AUXV 0x4155_5856,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "giving up rights",
        decision: Bound("no_new_privs and an empty bounding set"),
        reason: "there are none to give up",
        source: "prctl(2), capabilities(7)",
        members: values![
            PR_GET_KEEPCAPS 7, PR_SET_KEEPCAPS 8, PR_GET_SECCOMP 21, PR_CAPBSET_READ 23, PR_CAPBSET_DROP 24,
            PR_GET_SECUREBITS 27, PR_SET_NO_NEW_PRIVS 38, PR_GET_NO_NEW_PRIVS 39, PR_CAP_AMBIENT 47,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "hardening of a process's own",
        reason: "what it takes from itself",
        source: "prctl(2)",
        members: values![
            PR_GET_TSC 25, PR_MCE_KILL_GET 34, PR_GET_SPECULATION_CTRL 52, PR_SET_MDWE 65, PR_GET_MDWE 66,
            PR_GET_TAGGED_ADDR_CTRL 56,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "filters",
        holds: Holds::Uncharged("compiled filters"),
        pool: Pool::Machine("net.core.bpf_jit_limit, which the filters of new boxes need"),
        decision: AgentOnly(libc::EINVAL),
        reason: "what a program would lock away is locked away already",
        source: "prctl(2), seccomp(2)",
        members: values![PR_SET_SECCOMP 22],
        ..Class::PLAIN
    },
    Class {
        what: "names of mappings",
        holds: Holds::Uncharged("96 bytes for a mapping"),
        decision: Refuse(libc::EINVAL),
        reason: "as by a kernel without CONFIG_ANON_VMA_NAME; Go and the C library go on without",
        source: "PR_SET_VMA(2const)",
        members: values![PR_SET_VMA 0x5356_4d41],
        ..Class::PLAIN
    },
    Class {
        what: "the address space as the kernel sees it, and who may trace",
        decision: Refuse(libc::EPERM),
        reason: "nothing may be traced, and a process's map is the kernel's to tell",
        source: "PR_SET_MM(2const), PR_SET_PTRACER(2const)",
        members: values![PR_SET_MM 35, PR_SET_PTRACER 0x5961_6d61],
        ..Class::PLAIN
    },
    Class {
        what: "scheduling, merging and speculation across processes",
        holds: Holds::Uncharged("a cookie for each core group, a table of futexes for each process"),
        shares: Shares::Machine("cores, equal pages of all boxes"),
        decision: Refuse(libc::EINVAL),
        reason: "as by a kernel without core scheduling and KSM",
        source: "core-scheduling.rst, PR_SET_MEMORY_MERGE(2const), PR_FUTEX_HASH(2const)",
        members: values![
            PR_SET_SPECULATION_CTRL 53, PR_SET_IO_FLUSHER 57, PR_SCHED_CORE 62, PR_SET_MEMORY_MERGE 67,
            PR_TIMER_CREATE_RESTORE_IDS 77, PR_FUTEX_HASH 78,
        ],
        ..Class::PLAIN
    },
];
