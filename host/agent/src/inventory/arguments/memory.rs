//! Flags of mappings, segments and files in memory; advice (asm-generic/mman-common.h).

use crate::inventory::Decision::{Ignore, Refuse};
use crate::inventory::{Argument, Class, Pool, Shares, Value, values};

/// How memory is mapped.
pub const MMAP: Argument = Argument::Bits { index: 3, classes: &[huge(values![MAP_HUGETLB 0x4_0000], libc::ENOMEM)] };
/// How a file in memory is made.
pub const MEMFD: Argument = Argument::Bits { index: 1, classes: &[huge(values![MFD_HUGETLB 4], libc::ENOSYS)] };
/// How a segment is made.
pub const SHMGET: Argument = Argument::Bits { index: 2, classes: &[huge(values![SHM_HUGETLB 0o4000], libc::ENOMEM)] };
/// How a mapping is flushed.
pub const MSYNC: Argument = Argument::Bits { index: 2, classes: &[FLUSH] };
/// What a program may say of its memory.
pub const ADVICE: Argument = Argument::Value { index: 2, classes: ADVICES, otherwise: libc::EINVAL };

const fn huge(members: &'static [Value], errno: i32) -> Class<Value> {
    Class {
        what: "huge pages by number",
        pool: Pool::Machine("vm.nr_hugepages"),
        decision: Refuse(errno),
        reason: "the machine's own reserve, which no control group bounds; as when there are none left",
        source: "mmap(2), hugetlbpage.rst",
        members,
        ..Class::PLAIN
    }
}

const FLUSH: Class<Value> = Class {
    what: "waiting for the disk",
    shares: Shares::Machine("the queue of the disk that holds the toolchains"),
    decision: Ignore,
    reason: "only a toolchain's file is on a disk, and it has not been changed",
    source: "msync(2)",
    members: values![MS_SYNC 4],
    ..Class::PLAIN
};

const ADVICES: &[Class<Value>] = &[
    Class {
        what: "about a process's own pages",
        reason: "allocators and collectors give memory back and ask for large pages",
        source: "madvise(2)",
        members: values![
            MADV_NORMAL 0, MADV_RANDOM 1, MADV_SEQUENTIAL 2, MADV_WILLNEED 3, MADV_DONTNEED 4, MADV_FREE 8,
            MADV_REMOVE 9, MADV_DONTFORK 10, MADV_DOFORK 11, MADV_HUGEPAGE 14, MADV_NOHUGEPAGE 15, MADV_DONTDUMP 16,
            MADV_DODUMP 17, MADV_WIPEONFORK 18, MADV_KEEPONFORK 19, MADV_POPULATE_READ 22, MADV_POPULATE_WRITE 23,
            MADV_DONTNEED_LOCKED 24, MADV_GUARD_INSTALL 102, MADV_GUARD_REMOVE 103,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "about pages that others use",
        shares: Shares::PageCache,
        decision: Refuse(libc::EINVAL),
        reason: "puts a toolchain's pages out of memory, or together; Go goes on without MADV_COLLAPSE",
        source: "madvise(2), mm/madvise.c: can_do_pageout()",
        members: values![MADV_COLD 20, MADV_PAGEOUT 21, MADV_COLLAPSE 25],
        ..Class::PLAIN
    },
    Class {
        what: "merging equal pages",
        shares: Shares::Machine("equal pages of all boxes become one, which a write's time tells"),
        decision: Refuse(libc::EINVAL),
        reason: "as by a kernel without KSM",
        source: "madvise(2), ksm.rst",
        members: values![MADV_MERGEABLE 12, MADV_UNMERGEABLE 13],
        ..Class::PLAIN
    },
    Class {
        what: "poisoning pages",
        shares: Shares::Machine("physical memory"),
        decision: Refuse(libc::EPERM),
        reason: "takes pages from the machine",
        source: "madvise(2)",
        members: values![MADV_HWPOISON 100, MADV_SOFT_OFFLINE 101],
        ..Class::PLAIN
    },
];
