//! Flags of `preadv2` and `pwritev2` (linux/fs.h), and advice about files (linux/fadvise.h).

use crate::inventory::Decision::{Ignore, Refuse};
use crate::inventory::{Argument, Class, Shares, Value, values};

/// How vectors are read and written.
pub const FLAGS: Argument = Argument::Bits { index: 5, classes: &[CACHE] };
/// How a file will be read.
pub const ADVICE: Argument = Argument::Value { index: 3, classes: ADVICES, otherwise: libc::EINVAL };

/// RWF_DSYNC, RWF_SYNC, RWF_APPEND and RWF_NOAPPEND.
const OWN: u32 = 0x2 | 0x4 | 0x10 | 0x20;

const CACHE: Class<Value> = Class {
    what: "all but RWF_DSYNC, RWF_SYNC, RWF_APPEND and RWF_NOAPPEND",
    shares: Shares::PageCache,
    decision: Refuse(libc::EOPNOTSUPP),
    reason: "RWF_NOWAIT tells what of a toolchain's file is cached, RWF_DONTCACHE drops it, RWF_HIPRI polls a disk",
    source: "preadv2(2)",
    members: values![OTHERS !OWN],
    ..Class::PLAIN
};

const ADVICES: &[Class<Value>] = &[
    Class {
        what: "how a descriptor will be read",
        reason: "the descriptor's own",
        source: "posix_fadvise(2)",
        members: values![POSIX_FADV_NORMAL 0, POSIX_FADV_RANDOM 1, POSIX_FADV_SEQUENTIAL 2],
        ..Class::PLAIN
    },
    Class {
        what: "what of a file to keep in memory",
        shares: Shares::PageCache,
        decision: Ignore,
        reason: "advice about pages that every box uses",
        source: "posix_fadvise(2)",
        members: values![POSIX_FADV_WILLNEED 3, POSIX_FADV_DONTNEED 4, POSIX_FADV_NOREUSE 5],
        ..Class::PLAIN
    },
];
