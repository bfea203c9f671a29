//! Mounts and namespaces: what the walls are made of.

use crate::inventory::Decision::{AgentOnly, Refuse, WallOnly};
use crate::inventory::{Call, Class, Holds, Pool, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "mounting",
        holds: Holds::Charged("a mount, and a file system with it"),
        decision: AgentOnly(libc::EPERM),
        reason: "the view is fixed once the program runs",
        source: "mount(2), mount_setattr(2), fsopen(2)",
        members: system_calls![
            mount 165 40, umount2 166 39, mount_setattr 442 442, open_tree 428 428,
            open_tree_attr 467 467 since 6.15, move_mount 429 429, fsopen 430 430, fsconfig 431 431,
            fsmount 432 432, fspick 433 433,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "the root of the box",
        decision: WallOnly(libc::EPERM),
        reason: "the view is fixed once the box stands",
        source: "pivot_root(2)",
        members: system_calls![pivot_root 155 41],
        ..Class::PLAIN
    },
    Class {
        what: "other roots",
        decision: Refuse(libc::EPERM),
        reason: "a chroot can be left",
        source: "chroot(2)",
        members: system_calls![chroot 161 51],
        ..Class::PLAIN
    },
    Class {
        what: "namespaces",
        holds: Holds::Charged("each namespace"),
        pool: Pool::User("user.max_*_namespaces, counted up to the creator"),
        decision: AgentOnly(libc::EPERM),
        reason: "new namespaces are new kernel surface, and others' are the wall",
        source: "unshare(2), setns(2)",
        members: system_calls![unshare 272 97, setns 308 268],
        ..Class::PLAIN
    },
    Class {
        what: "lists of mounts",
        decision: Refuse(libc::ENOSYS),
        reason: "numbers from a counter of the machine; `/proc/self/mountinfo` says the same without",
        source: "statmount(2), listmount(2)",
        members: system_calls![statmount 457 457 since 6.8, listmount 458 458 since 6.8],
        ..Class::PLAIN
    },
];
