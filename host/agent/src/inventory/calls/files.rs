//! Descriptors: to get them, to read and write them, to wait for them.

use crate::inventory::Decision::{AgentOnly, Bound, Counted, Ignore, Inspect, Refuse};
use crate::inventory::arguments::{fcntl, ioctl, memory, process, vectored};
use crate::inventory::uncharged::{EPOLL, EVENT};
use crate::inventory::{Call, Class, Holds, Pool, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "reading and writing",
        reason: "every program does",
        source: "read(2), write(2), sendfile(2), copy_file_range(2)",
        members: system_calls![
            read 0 63, write 1 64, pread64 17 67, pwrite64 18 68, readv 19 65, writev 20 66, preadv 295 69,
            pwritev 296 70, lseek 8 62, sendfile 40 71, copy_file_range 326 285, close 3 57,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "closing many",
        decision: Inspect(&process::CLOSE_RANGE),
        reason: "every start of a child does; by a flag a thread gets a table of descriptors of its own",
        source: "close_range(2)",
        members: system_calls![close_range 436 436],
        ..Class::PLAIN
    },
    Class {
        what: "reading and writing with flags",
        shares: Shares::PageCache,
        decision: Inspect(&vectored::FLAGS),
        reason: "some flags tell what of a file is cached, or drop it from the cache",
        source: "preadv2(2)",
        members: system_calls![preadv2 327 286, pwritev2 328 287],
        ..Class::PLAIN
    },
    Class {
        what: "descriptors of files",
        holds: Holds::Charged("192 bytes of `struct file`, 192 of dentry, 750 of inode for a new one"),
        pool: Pool::Machine("fs.file-max"),
        decision: Bound("RLIMIT_NOFILE for each process, the memory limit for all"),
        reason: "every program opens files",
        source: "open(2), pipe(2)",
        members: system_calls![
            open 2 -, openat 257 56, creat 85 -, dup 32 23, dup2 33 -, dup3 292 24, pidfd_open 434 434,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "opening with conditions",
        shares: Shares::PageCache,
        decision: AgentOnly(libc::ENOSYS),
        reason: "the agent collects with it; RESOLVE_CACHED tells which paths of the toolchains others have looked up. Libraries fall back to `openat`",
        source: "openat2(2)",
        members: system_calls![openat2 437 437],
        ..Class::PLAIN
    },
    Class {
        what: "pipes",
        holds: Holds::Charged("2.4 KiB each, and 64 KiB of pages once they are written to"),
        pool: Pool::User("fs.pipe-user-pages-soft: beyond it the same user's new pipes hold two pages"),
        decision: Bound("RLIMIT_NOFILE; a user of the box's own, where the system grants one"),
        reason: "shells and every start of a child use them",
        source: "pipe(7)",
        members: system_calls![pipe 22 -, pipe2 293 59],
        ..Class::PLAIN
    },
    Class {
        what: "waiting for descriptors",
        reason: "every runtime waits",
        source: "poll(2), select(2)",
        members: system_calls![poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72],
        ..Class::PLAIN
    },
    Class {
        what: "sets of descriptors",
        holds: Holds::Uncharged("256 bytes, beside the 407 bytes charged for the descriptor"),
        decision: Counted(EPOLL),
        reason: "the loops of Node, Go, Java, Python and Rust stand on it",
        source: "epoll(7), fs/eventpoll.c",
        members: system_calls![epoll_create 213 -, epoll_create1 291 20],
        ..Class::PLAIN
    },
    Class {
        what: "waiting for a set of descriptors",
        holds: Holds::Charged("126 bytes for a watch"),
        pool: Pool::User("fs.epoll.max_user_watches"),
        decision: Bound("RLIMIT_NOFILE, processes and the memory limit"),
        reason: "the loops of Node, Go, Java, Python and Rust stand on it",
        source: "epoll(7), fs/eventpoll.c",
        members: system_calls![
            epoll_ctl 233 21, epoll_wait 232 -, epoll_pwait 281 22, epoll_pwait2 441 441,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "descriptors that count",
        holds: Holds::Uncharged("64 bytes, beside the 407 bytes charged for the descriptor"),
        decision: Counted(EVENT),
        reason: "loops wake themselves with it",
        source: "eventfd(2), fs/eventfd.c",
        members: system_calls![eventfd 284 -, eventfd2 290 19],
        ..Class::PLAIN
    },
    Class {
        what: "descriptors of signals",
        holds: Holds::Charged("407 bytes"),
        decision: Bound("RLIMIT_NOFILE"),
        reason: "loops that handle signals use it",
        source: "signalfd(2)",
        members: system_calls![signalfd 282 -, signalfd4 289 74],
        ..Class::PLAIN
    },
    Class {
        what: "commands on descriptors",
        holds: Holds::Uncharged("locks, owners and leases of files, in slabs without an account"),
        shares: Shares::Inode,
        decision: Inspect(&fcntl::COMMANDS),
        reason: "duplicating and setting flags is everyday; locks and leases are on inodes that others use, too",
        source: "fcntl(2)",
        members: system_calls![fcntl 72 25],
        ..Class::PLAIN
    },
    Class {
        what: "requests to drivers",
        decision: Inspect(&ioctl::REQUESTS),
        reason: "a box has no devices but null, zero, full, random and urandom; a handful of requests concern any descriptor",
        source: "ioctl(2)",
        members: system_calls![ioctl 16 29],
        ..Class::PLAIN
    },
    Class {
        what: "locks on whole files",
        holds: Holds::Uncharged(
            "192 bytes for a lock, and 56 for each inode that ever had one: no group is charged, RLIMIT_LOCKS is not kept since 2.4.25",
        ),
        shares: Shares::Inode,
        decision: Ignore,
        reason: "what a step can write is its own, so one process always gets its lock; a lock on a toolchain's file would be a channel. .NET, Go, Cargo, PHP and Perl take it as granted",
        source: "flock(2), fs/locks.c",
        members: system_calls![flock 73 32],
        ..Class::PLAIN
    },
    Class {
        what: "flushing to disk",
        shares: Shares::Machine("the queue of the disk that holds the toolchains"),
        decision: Ignore,
        reason: "what a step can write is in memory, where there is nothing to flush; on a toolchain's descriptor it would stall the host's disk",
        source: "fsync(2), sync(2), sync_file_range(2)",
        members: system_calls![
            fsync 74 82, fdatasync 75 83, sync 162 81, syncfs 306 267, sync_file_range 277 84,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "flushing mapped files",
        shares: Shares::Machine("the queue of the disk that holds the toolchains"),
        decision: Inspect(&memory::MSYNC),
        reason: "without MS_SYNC it only tells whether memory is mapped, which unwinders ask",
        source: "msync(2)",
        members: system_calls![msync 26 227],
        ..Class::PLAIN
    },
    Class {
        what: "advice about cached files",
        shares: Shares::PageCache,
        decision: Inspect(&vectored::ADVICE),
        reason: "how it will read is a descriptor's own; what is kept or dropped concerns every box",
        source: "posix_fadvise(2)",
        members: system_calls![fadvise64 221 223],
        ..Class::PLAIN
    },
    Class {
        what: "writing into the page cache",
        shares: Shares::PageCache,
        decision: Ignore,
        reason: "advice about pages that every box uses",
        source: "readahead(2)",
        members: system_calls![readahead 187 213],
        ..Class::PLAIN
    },
    Class {
        what: "looking into the page cache",
        shares: Shares::PageCache,
        decision: Refuse(libc::ENOSYS),
        reason: "tells which pages of a toolchain others have used; libunwind falls back to `msync`",
        source: "mincore(2), mm/filemap.c: cachestat(2)",
        members: system_calls![mincore 27 232, cachestat 451 451 since 6.5],
        ..Class::PLAIN
    },
    Class {
        what: "moving pages between descriptors",
        holds: Holds::Charged("the pages, for as long as they are in the pipe"),
        decision: Refuse(libc::EINVAL),
        reason: "pins pages of others' files and of programs in pipes, and has a list of holes (CVE-2022-0847); Go and Rust fall back to copying",
        source: "splice(2), vmsplice(2)",
        members: system_calls![splice 275 76, tee 276 77, vmsplice 278 75],
        ..Class::PLAIN
    },
    Class {
        what: "asynchronous input and output",
        holds: Holds::Uncharged("rings of pages"),
        pool: Pool::Machine("fs.aio-max-nr: one program can take all of it"),
        decision: Refuse(libc::ENOSYS),
        reason: "no language's runtime uses it",
        source: "io_setup(2), fs/aio.c",
        members: system_calls![
            io_setup 206 0, io_destroy 207 1, io_submit 209 2, io_cancel 210 3, io_getevents 208 4,
            io_pgetevents 333 292,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "a ring of system calls",
        pool: Pool::User("RLIMIT_MEMLOCK"),
        decision: Refuse(libc::ENOSYS),
        reason: "a second way into the kernel, past every rule here; libuv and tokio fall back to epoll and threads",
        source: "io_uring(7)",
        members: system_calls![
            io_uring_setup 425 425, io_uring_enter 426 426, io_uring_register 427 427,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "watching files",
        holds: Holds::Charged("966 bytes for a watch"),
        pool: Pool::User("fs.inotify.max_user_instances, 128 for the creator of all boxes"),
        shares: Shares::Inode,
        decision: Refuse(libc::ENOSYS),
        reason: "tells when others open a toolchain's files, and the instances are the machine's; .NET and Node use it only when a program watches",
        source: "inotify(7), fanotify(7)",
        members: system_calls![
            inotify_init 253 -, inotify_init1 294 26, inotify_add_watch 254 27, inotify_rm_watch 255 28,
            fanotify_init 300 262, fanotify_mark 301 263,
        ],
    },
];
