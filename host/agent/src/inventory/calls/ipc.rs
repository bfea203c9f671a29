//! System V and POSIX communication. Each step has an IPC namespace of its own.

use crate::inventory::Decision::{Bound, Inspect, Refuse};
use crate::inventory::arguments::memory;
use crate::inventory::{Call, Class, Holds, Pool, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "shared segments",
        holds: Holds::Charged("1.2 KiB each, and their pages"),
        pool: Pool::Machine("huge pages, by a flag"),
        decision: Inspect(&memory::SHMGET),
        reason: "Perl and Python offer them",
        source: "shmget(2)",
        members: system_calls![shmget 29 194],
        ..Class::PLAIN
    },
    Class {
        what: "semaphores, message queues and what is done with segments",
        holds: Holds::Charged("64 bytes for a semaphore, the messages themselves"),
        decision: Bound("the memory limit; gone with the step's IPC namespace"),
        reason: "Perl and Python offer them",
        source: "sysvipc(7)",
        members: system_calls![
            shmat 30 196, shmctl 31 195, shmdt 67 197, semget 64 190, semop 65 193, semtimedop 220 192,
            semctl 66 191, msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "POSIX message queues",
        holds: Holds::Charged("the messages"),
        pool: Pool::User("RLIMIT_MSGQUEUE, counted up to the creator of the namespace: one box could take all"),
        decision: Refuse(libc::ENOSYS),
        reason: "no language offers them; as by a kernel without CONFIG_POSIX_MQUEUE",
        source: "mq_overview(7), ipc/mqueue.c",
        members: system_calls![
            mq_open 240 180, mq_unlink 241 181, mq_timedsend 242 182, mq_timedreceive 243 183, mq_notify 244 184,
            mq_getsetattr 245 185,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "keys",
        pool: Pool::User("kernel.keys.maxkeys"),
        decision: Refuse(libc::EPERM),
        reason: "keyrings outlive the step, and a request starts a helper outside",
        source: "keyrings(7)",
        members: system_calls![keyctl 250 219, add_key 248 217, request_key 249 218],
        ..Class::PLAIN
    },
];
