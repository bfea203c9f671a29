//! Limits of each process (setrlimit(2)).

use optimus_core::Limits;
use rustix::process::Resource;

/// A limit that every program starts with.
#[derive(Debug)]
pub struct Limit {
    /// As in setrlimit(2), without `RLIMIT_`.
    pub name: &'static str,
    /// The same to the kernel.
    pub resource: Resource,
    /// How much.
    pub amount: Amount,
    /// Why.
    pub reason: &'static str,
}

/// How much of a resource.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// Without limit, by decision.
    Unlimited,
    /// So much, whatever the job asks for.
    Exactly(u64),
    /// As the step's limits say.
    Of(fn(&Limits) -> u64),
}

impl Amount {
    /// For a step with `limits`; `None` is without limit.
    pub fn of(self, limits: &Limits) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::Exactly(amount) => Some(amount),
            Self::Of(amount) => Some(amount(limits)),
        }
    }
}

/// Enough for any recursion that memory allows, and small enough that 64 threads of such stacks can be reserved.
const MAX_STACK: u64 = 1 << 30;
/// More than the step's group allows, so that it is the group that counts and says so.
const NPROC_MARGIN: u64 = 64;
/// What a program may have queued that starts no threads.
const MIN_SIGPENDING: u64 = 256;

/// Descriptors that are the worker's alone, of its own limit. Where programs share its user, they share the count of
/// descriptors in flight, which must not reach the worker's limit (unix(7), `ETOOMANYREFS`).
pub const OWN_DESCRIPTORS: u64 = 512;

/// All sixteen.
pub const RLIMITS: [Limit; 16] = [
    Limit {
        name: "CPU",
        resource: Resource::Cpu,
        amount: Amount::Of(|limits| limits.cpu_ms / 1000 + 2),
        reason: "the group's clock decides; this one is for a process that outruns it",
    },
    Limit {
        name: "FSIZE",
        resource: Resource::Fsize,
        amount: Amount::Of(|limits| limits.file_bytes),
        reason: "the job's limit for one file",
    },
    Limit {
        name: "DATA",
        resource: Resource::Data,
        amount: Amount::Unlimited,
        reason: "collectors reserve far more than they touch; the group counts what is touched",
    },
    Limit {
        name: "STACK",
        resource: Resource::Stack,
        amount: Amount::Of(|limits| if limits.memory_bytes < MAX_STACK { limits.memory_bytes } else { MAX_STACK }),
        reason: "recursion may use the memory that the job has",
    },
    Limit {
        name: "CORE",
        resource: Resource::Core,
        amount: Amount::Exactly(1),
        reason: "no core fits into a byte, and 1 tells the kernel that a piped `core_pattern` starts nothing (fs/coredump.c)",
    },
    Limit {
        name: "RSS",
        resource: Resource::Rss,
        amount: Amount::Unlimited,
        reason: "without effect since Linux 2.4.30",
    },
    Limit {
        name: "NPROC",
        resource: Resource::Nproc,
        amount: Amount::Of(|limits| limits.processes + NPROC_MARGIN),
        reason: "pids.max of the step's group decides; this one counts a user, and is above it",
    },
    Limit {
        name: "NOFILE",
        resource: Resource::Nofile,
        amount: Amount::Of(|limits| limits.open_files),
        reason: "the job's limit; descriptors in flight between processes are bounded by it, too",
    },
    Limit {
        name: "MEMLOCK",
        resource: Resource::Memlock,
        amount: Amount::Exactly(0),
        reason: "locked memory cannot be reclaimed when the group's limit is near, and is counted for a user",
    },
    Limit {
        name: "AS",
        resource: Resource::As,
        amount: Amount::Unlimited,
        reason: "Java, Go and .NET reserve far more than they touch",
    },
    Limit {
        name: "LOCKS",
        resource: Resource::Locks,
        amount: Amount::Exactly(0),
        reason: "not kept since Linux 2.4.25; locks are answered without being taken",
    },
    Limit {
        name: "SIGPENDING",
        resource: Resource::Sigpending,
        amount: Amount::Of(|limits| {
            let two_for_each = 2 * limits.processes;
            if two_for_each > MIN_SIGPENDING { two_for_each } else { MIN_SIGPENDING }
        }),
        reason: "queued signals and timers are counted up to the creator of the namespace: a small share of 15,000 or more",
    },
    Limit {
        name: "MSGQUEUE",
        resource: Resource::Msgqueue,
        amount: Amount::Exactly(0),
        reason: "message queues are counted up to the creator of the namespace, and no language offers them",
    },
    Limit { name: "NICE", resource: Resource::Nice, amount: Amount::Exactly(0), reason: "nobody goes before others" },
    Limit { name: "RTPRIO", resource: Resource::Rtprio, amount: Amount::Exactly(0), reason: "no real-time scheduling" },
    Limit {
        name: "RTTIME",
        resource: Resource::Rttime,
        amount: Amount::Unlimited,
        reason: "of real-time threads, which RTPRIO forbids; 0 would kill others that use CPU timers (kernel/time/posix-cpu-timers.c)",
    },
];
