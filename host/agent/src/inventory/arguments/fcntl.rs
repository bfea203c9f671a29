//! `fcntl` commands (linux/fcntl.h).

use crate::inventory::Decision::{Ignore, Refuse};
use crate::inventory::{Argument, Class, Holds, Pool, Shares, Value, values};

/// What a program may do to a descriptor.
pub const COMMANDS: Argument = Argument::Value { index: 1, classes: CLASSES, otherwise: libc::EINVAL };

const CLASSES: &[Class<Value>] = &[
    Class {
        what: "duplicating and flags",
        reason: "every runtime does",
        source: "fcntl(2)",
        members: values![
            F_DUPFD 0, F_GETFD 1, F_SETFD 2, F_GETFL 3, F_SETFL 4, F_DUPFD_QUERY 1027, F_CREATED_QUERY 1028,
            F_DUPFD_CLOEXEC 1030,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "sealing files in memory",
        reason: "of a file that the process has made",
        source: "fcntl(2)",
        members: values![F_ADD_SEALS 1033, F_GET_SEALS 1034],
        ..Class::PLAIN
    },
    Class {
        what: "locks on ranges",
        holds: Holds::Uncharged(
            "192 bytes for a lock, without any limit on their number (fs/locks.c; RLIMIT_LOCKS is not kept)",
        ),
        shares: Shares::Inode,
        decision: Ignore,
        reason: "they are a process's: one process always gets them, and what a step can write is its own. SQLite, Python's dbm and Mono take them as granted. Processes of one step do not exclude each other by them",
        source: "fcntl(2): advisory record locking",
        members: values![F_SETLK 6, F_SETLKW 7],
        ..Class::PLAIN
    },
    Class {
        what: "asking for locks",
        shares: Shares::Inode,
        reason: "no box can hold one, so the answer is that there is none; SQLite asks after a crash",
        source: "fcntl(2)",
        members: values![F_GETLK 5],
        ..Class::PLAIN
    },
    Class {
        what: "locks of open file descriptions",
        holds: Holds::Uncharged("192 bytes for a lock, without any limit on their number"),
        shares: Shares::Inode,
        decision: Refuse(libc::EINVAL),
        reason: "as by a kernel before 3.15; GHC falls back to `flock`",
        source: "fcntl(2)",
        members: values![F_OFD_GETLK 36, F_OFD_SETLK 37, F_OFD_SETLKW 38, F_CANCELLK 1029],
        ..Class::PLAIN
    },
    Class {
        what: "leases and notices",
        holds: Holds::Uncharged("192 bytes for a lease"),
        shares: Shares::Inode,
        decision: Refuse(libc::EINVAL),
        reason: "tells when others open or change a file, and makes them wait",
        source: "fcntl(2): leases, file and directory change notification",
        members: values![F_SETLEASE 1024, F_GETLEASE 1025, F_NOTIFY 1026, F_GETDELEG 1039, F_SETDELEG 1040],
        ..Class::PLAIN
    },
    Class {
        what: "signals for a descriptor",
        holds: Holds::Uncharged("64 bytes for each descriptor (struct fown_struct, since 6.12)"),
        decision: Refuse(libc::EINVAL),
        reason: "no language's runtime is driven by SIGIO",
        source: "fcntl(2): managing signals",
        members: values![F_SETOWN 8, F_SETSIG 10, F_SETOWN_EX 15, F_GETOWNER_UIDS 17],
        ..Class::PLAIN
    },
    Class {
        what: "asking for signals of a descriptor",
        reason: "there is none",
        source: "fcntl(2): managing signals",
        members: values![F_GETOWN 9, F_GETSIG 11, F_GETOWN_EX 16],
        ..Class::PLAIN
    },
    Class {
        what: "the size of pipes",
        reason: "may be asked",
        source: "fcntl(2)",
        members: values![F_GETPIPE_SZ 1032],
        ..Class::PLAIN
    },
    Class {
        what: "larger pipes",
        holds: Holds::Charged("pages, once they are written to"),
        pool: Pool::User("fs.pipe-user-pages-soft"),
        decision: Refuse(libc::EPERM),
        reason: "as for a user who has no more; programs take a pipe as it is",
        source: "pipe(7)",
        members: values![F_SETPIPE_SZ 1031],
        ..Class::PLAIN
    },
    Class {
        what: "hints about lifetimes",
        shares: Shares::Inode,
        decision: Refuse(libc::EINVAL),
        reason: "written on an inode that others can read",
        source: "fcntl(2): file read/write hints",
        members: values![
            F_GET_RW_HINT 1035, F_SET_RW_HINT 1036, F_GET_FILE_RW_HINT 1037, F_SET_FILE_RW_HINT 1038,
        ],
        ..Class::PLAIN
    },
];
