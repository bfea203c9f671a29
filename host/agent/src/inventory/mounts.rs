//! Options of a box's mounts.

use super::Decision::{Allow, Bound, Refuse};
use super::{Class, Holds, Shares};

/// Options of every mount that a program sees: what each allows or takes away.
pub const OPTIONS: &[Class<&str>] = &[
    Class {
        what: "read-only views",
        shares: Shares::Inode,
        decision: Refuse(libc::EROFS),
        reason: "toolchains are others', too; without writing there is no access time either, which would tell of others' reading",
        source: "mount_setattr(2): MOUNT_ATTR_RDONLY",
        members: &["ro"],
        ..Class::PLAIN
    },
    Class {
        what: "set-uid programs and devices",
        decision: Refuse(libc::EPERM),
        reason: "no program brings rights along; the five devices of /dev are the agent's",
        source: "mount(8)",
        members: &["nosuid", "nodev"],
        ..Class::PLAIN
    },
    Class {
        what: "programs in /proc",
        decision: Refuse(libc::EACCES),
        reason: "nothing there is to be executed",
        source: "mount(8)",
        members: &["noexec"],
        ..Class::PLAIN
    },
    Class {
        what: "sizes of the work area",
        holds: Holds::Uncharged("148 bytes for an inode, 2.4 MiB in all; pages are charged"),
        decision: Bound("size= and nr_inodes= of each tmpfs"),
        reason: "one size for all that can be written",
        source: "tmpfs(5)",
        members: &["size", "nr_inodes", "mode", "noatime"],
        ..Class::PLAIN
    },
    Class {
        what: "what of /proc there is",
        shares: Shares::Machine("everything in /proc that is not a process"),
        decision: Allow,
        reason: "only processes, and of those only one's own; files of the box stand for the rest (decision 0324)",
        source: "proc(5)",
        members: &["subset=pid", "hidepid=invisible"],
        ..Class::PLAIN
    },
];
