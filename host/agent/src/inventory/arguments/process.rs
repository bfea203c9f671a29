//! Flags of new processes, domains, barriers and processor state.

use crate::inventory::Decision::{AgentOnly, Inspect, Refuse};
use crate::inventory::{Argument, Class, Holds, Pool, Shares, Value, values};

/// How a process is started.
pub const CLONE: Argument = Argument::Bits { index: 0, classes: &[NAMESPACES, SHARED, THREADS] };
/// How descriptors are closed.
pub const CLOSE_RANGE: Argument = Argument::Bits { index: 2, classes: &[UNSHARE] };
/// Which domain a process is put into.
pub const PERSONALITY: Argument = Argument::Value { index: 0, classes: &[DOMAINS], otherwise: libc::EPERM };
/// Whose limits are changed.
pub const PRLIMIT: Argument = Argument::Value { index: 0, classes: &[OWN_LIMITS], otherwise: libc::EPERM };
/// Which limit of its own a process changes by the call that knows no other process.
pub const SETRLIMIT: Argument = Argument::Value { index: 0, classes: RESOURCES, otherwise: libc::EINVAL };
/// The same by the call that knows others.
const PRLIMIT_OF_ITSELF: Argument = Argument::Value { index: 1, classes: RESOURCES, otherwise: libc::EINVAL };
/// Which threads are stopped at a barrier.
pub const MEMBARRIER: Argument = Argument::Value { index: 0, classes: BARRIERS, otherwise: libc::EINVAL };
/// What of a thread's processor state is set.
pub const ARCH_PRCTL: Argument = Argument::Value { index: 0, classes: STATES, otherwise: libc::EINVAL };

const NAMESPACES: Class<Value> = Class {
    what: "new namespaces",
    pool: Pool::User("user.max_*_namespaces, counted up to the creator"),
    decision: AgentOnly(libc::EPERM),
    reason: "new namespaces are new kernel surface",
    source: "namespaces(7)",
    members: values![
        CLONE_NEWNS 0x2_0000, CLONE_NEWCGROUP 0x200_0000, CLONE_NEWUTS 0x400_0000, CLONE_NEWIPC 0x800_0000,
        CLONE_NEWUSER 0x1000_0000, CLONE_NEWPID 0x2000_0000, CLONE_NEWNET 0x4000_0000,
    ],
    ..Class::PLAIN
};

const SHARED: Class<Value> = Class {
    what: "one table of descriptors",
    reason: "every thread shares its process's",
    source: "clone(2)",
    members: values![CLONE_FILES 0x400],
    ..Class::PLAIN
};

const THREADS: Class<Value> = Class {
    what: "threads with a table of descriptors of their own",
    decision: Refuse(libc::EINVAL),
    reason: "the agent counts descriptors by processes, and no library starts such threads",
    source: "clone(2)",
    members: values![CLONE_THREAD 0x1_0000],
    ..Class::PLAIN
};

const UNSHARE: Class<Value> = Class {
    what: "a table of descriptors of its own",
    decision: Refuse(libc::EINVAL),
    reason: "the agent counts descriptors by processes; no language's runtime asks for it",
    source: "close_range(2)",
    members: values![CLOSE_RANGE_UNSHARE 0x2],
    ..Class::PLAIN
};

const DOMAINS: Class<Value> = Class {
    what: "the usual domain, and the question for it",
    reason: "changes nothing",
    source: "personality(2)",
    members: values![PER_LINUX 0, QUERY 0xffff_ffff],
    ..Class::PLAIN
};

const OWN_LIMITS: Class<Value> = Class {
    what: "the calling process",
    decision: Inspect(&PRLIMIT_OF_ITSELF),
    reason: "hard limits only go down",
    source: "prlimit(2)",
    members: values![SELF 0],
    ..Class::PLAIN
};

const RESOURCES: &[Class<Value>] = &[
    Class {
        what: "the size of a core dump",
        decision: AgentOnly(libc::EPERM),
        reason: "it stays 1: with 0, a crash starts the program that `core_pattern` names, outside of every box",
        source: "core(5), coredump_pipe() in fs/coredump.c",
        members: values![CORE 4],
        ..Class::PLAIN
    },
    Class {
        what: "the other limits",
        reason: "every runtime asks, and a hard limit only goes down",
        source: "getrlimit(2)",
        members: values![
            CPU 0, FSIZE 1, DATA 2, STACK 3, RSS 5, NPROC 6, NOFILE 7, MEMLOCK 8, AS 9, LOCKS 10, SIGPENDING 11, MSGQUEUE 12,
            NICE 13, RTPRIO 14, RTTIME 15,
        ],
        ..Class::PLAIN
    },
];

const BARRIERS: &[Class<Value>] = &[
    Class {
        what: "a process's own threads",
        reason: "Java, .NET and Go use them",
        source: "membarrier(2)",
        members: values![
            QUERY 0, GLOBAL 1, PRIVATE_EXPEDITED 0x8, REGISTER_PRIVATE_EXPEDITED 0x10,
            PRIVATE_EXPEDITED_SYNC_CORE 0x20, REGISTER_PRIVATE_EXPEDITED_SYNC_CORE 0x40, PRIVATE_EXPEDITED_RSEQ 0x80,
            REGISTER_PRIVATE_EXPEDITED_RSEQ 0x100, GET_REGISTRATIONS 0x200,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "threads of the whole machine",
        shares: Shares::Machine("interrupts on every processor"),
        decision: Refuse(libc::EINVAL),
        reason: "interrupts the programs of other boxes",
        source: "membarrier(2)",
        members: values![GLOBAL_EXPEDITED 2, REGISTER_GLOBAL_EXPEDITED 4],
        ..Class::PLAIN
    },
];

const STATES: &[Class<Value>] = &[
    Class {
        what: "thread pointers, and questions",
        reason: "the C library sets them",
        source: "arch_prctl(2)",
        members: values![
            ARCH_SET_GS 0x1001, ARCH_SET_FS 0x1002, ARCH_GET_FS 0x1003, ARCH_GET_GS 0x1004, ARCH_GET_CPUID 0x1011,
            ARCH_GET_XCOMP_SUPP 0x1021, ARCH_GET_XCOMP_PERM 0x1022,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "larger processor states",
        holds: Holds::Uncharged("8 KiB more for each thread"),
        decision: Refuse(libc::EINVAL),
        reason: "numeric libraries fall back from AMX to AVX; the C library runs without shadow stacks",
        source: "xstate.rst, shstk.rst",
        members: values![
            ARCH_SET_CPUID 0x1012, ARCH_REQ_XCOMP_PERM 0x1023, ARCH_REQ_XCOMP_GUEST_PERM 0x1025,
            ARCH_ENABLE_TAGGED_ADDR 0x4002, ARCH_SHSTK_ENABLE 0x5001,
        ],
        ..Class::PLAIN
    },
];
