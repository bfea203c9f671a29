//! Memory of a process.

use crate::inventory::Decision::{Bound, Inspect, Refuse};
use crate::inventory::arguments::memory;
use crate::inventory::{Call, Class, Holds, Pool, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "mapping memory",
        holds: Holds::Uncharged(
            "20 bytes of index for a mapping, beside 191 charged; page tables and pages are charged",
        ),
        pool: Pool::Machine("huge pages, by a flag"),
        decision: Inspect(&memory::MMAP),
        reason: "every program maps; huge pages are the machine's",
        source: "mmap(2), mm/mmap.c",
        members: system_calls![mmap 9 222],
        ..Class::PLAIN
    },
    Class {
        what: "changing mappings",
        reason: "a process's own",
        source: "mprotect(2), mremap(2), brk(2), pkeys(7), mseal(2)",
        members: system_calls![
            munmap 11 215, mprotect 10 226, mremap 25 216, brk 12 214, pkey_mprotect 329 288, pkey_alloc 330 289,
            pkey_free 331 290, mseal 462 462 since 6.10,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "advice about memory",
        shares: Shares::PageCache,
        decision: Inspect(&memory::ADVICE),
        reason: "some advice merges pages across boxes, drops shared ones or poisons the machine's",
        source: "madvise(2)",
        members: system_calls![madvise 28 233],
        ..Class::PLAIN
    },
    Class {
        what: "locking memory",
        pool: Pool::User("RLIMIT_MEMLOCK, for shared segments"),
        decision: Bound("RLIMIT_MEMLOCK of 0"),
        reason: "the kernel answers EPERM; .NET and GnuPG go on without",
        source: "mlock(2)",
        members: system_calls![
            mlock 149 228, mlock2 325 284, mlockall 151 230, munlock 150 229, munlockall 152 231,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "files in memory",
        holds: Holds::Charged("1.2 KiB each, and their pages"),
        pool: Pool::Machine("huge pages, by a flag"),
        decision: Inspect(&memory::MEMFD),
        reason: "compilers that run what they compile use it",
        source: "memfd_create(2)",
        members: system_calls![memfd_create 319 279],
        ..Class::PLAIN
    },
    Class {
        what: "where memory is",
        reason: "numeric libraries ask",
        source: "get_mempolicy(2)",
        members: system_calls![get_mempolicy 239 236],
        ..Class::PLAIN
    },
    Class {
        what: "choosing where memory is",
        shares: Shares::Machine("the memory of each node"),
        decision: Refuse(libc::EPERM),
        reason: "the machine's memory policy; .NET and OpenBLAS go on without",
        source: "mbind(2), migrate_pages(2), move_pages(2)",
        members: system_calls![
            mbind 237 235, set_mempolicy 238 237, set_mempolicy_home_node 450 450 since 5.17,
            migrate_pages 256 238, move_pages 279 239,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "memory of other processes",
        decision: Refuse(libc::EPERM),
        reason: "reads, writes or changes other processes",
        source: "process_vm_readv(2), process_madvise(2)",
        members: system_calls![
            process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440,
            process_mrelease 448 448 since 5.15,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "memory that answers for itself",
        decision: Refuse(libc::EPERM),
        reason: "stops the kernel in the middle of a copy, or hides memory from it",
        source: "userfaultfd(2), memfd_secret(2)",
        members: system_calls![userfaultfd 323 282, memfd_secret 447 447 since 5.14],
        ..Class::PLAIN
    },
    Class {
        what: "rearranged and shadow mappings",
        decision: Refuse(libc::ENOSYS),
        reason: "no language's runtime uses them",
        source: "remap_file_pages(2), arch/x86/kernel/shstk.c",
        members: system_calls![remap_file_pages 216 234, map_shadow_stack 453 453 since 6.6],
        ..Class::PLAIN
    },
];
