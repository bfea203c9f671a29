//! `ioctl` requests (asm-generic/ioctls.h).

use crate::inventory::Decision::{AgentOnly, Refuse};
use crate::inventory::{Argument, Class, Shares, Value, values};

/// What a program may ask of a descriptor. All else is answered as by something that is no terminal.
pub const REQUESTS: Argument = Argument::Value { index: 1, classes: CLASSES, otherwise: libc::ENOTTY };

const CLASSES: &[Class<Value>] = &[
    Class {
        what: "of any descriptor",
        reason: "whether it blocks, is closed by execve, has bytes waiting",
        source: "ioctl_list(2)",
        members: values![FIONREAD 0x541b, FIONBIO 0x5421, FIONCLEX 0x5450, FIOCLEX 0x5451, TIOCOUTQ 0x5411],
        ..Class::PLAIN
    },
    Class {
        what: "of terminals",
        decision: Refuse(libc::ENOTTY),
        reason: "a box has none: this is the kernel's own answer",
        source: "ioctl_tty(2)",
        members: values![
            TCGETS 0x5401, TCSETS 0x5402, TIOCSCTTY 0x540e, TIOCGPGRP 0x540f, TIOCSTI 0x5412, TIOCGWINSZ 0x5413,
            TIOCLINUX 0x541c, TIOCSETD 0x5423,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "of inodes",
        shares: Shares::Inode,
        decision: Refuse(libc::ENOTTY),
        reason: "flags, extents and clones of files that others use; `cp` copies instead",
        source: "ioctl_fs(2), ioctl_ficlone(2)",
        members: values![
            FS_IOC_GETFLAGS 0x8008_6601, FS_IOC_SETFLAGS 0x4008_6602, FS_IOC_FSGETXATTR 0x801c_581f,
            FS_IOC_FSSETXATTR 0x401c_5820, FICLONE 0x4004_9409, FICLONERANGE 0x4020_940d, FIDEDUPERANGE 0xc018_9436,
            FS_IOC_FIEMAP 0xc020_660b,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "of namespaces and processes",
        decision: Refuse(libc::ENOTTY),
        reason: "opens namespaces past the view",
        source: "ioctl_nsfs(2), ioctl_pidfd(2)",
        members: values![NS_GET_USERNS 0xb701, NS_GET_PARENT 0xb702, PIDFD_GET_NET_NAMESPACE 0xff04],
        ..Class::PLAIN
    },
    Class {
        what: "of sockets and interfaces",
        shares: Shares::Network,
        decision: Refuse(libc::ENOTTY),
        reason: "there are no interfaces",
        source: "netdevice(7)",
        members: values![SIOCGIFNAME 0x8910, SIOCGIFCONF 0x8912, SIOCGIFFLAGS 0x8913, SIOCGSKNS 0x894c],
        ..Class::PLAIN
    },
    Class {
        what: "of calls that wait for an answer",
        decision: AgentOnly(libc::ENOTTY),
        reason: "the agent counts some calls before they happen",
        source: "seccomp_unotify(2)",
        members: values![SECCOMP_IOCTL_NOTIF_RECV 0xc050_2100, SECCOMP_IOCTL_NOTIF_SEND 0xc018_2101],
        ..Class::PLAIN
    },
    Class {
        what: "of epoll and signals",
        decision: Refuse(libc::ENOTTY),
        reason: "busy waiting holds a processor of the machine's; SIGIO drives no runtime",
        source: "ioctl_eventpoll(2)",
        members: values![EPIOCSPARAMS 0x4008_8a01, FIOASYNC 0x5452, FIOSETOWN 0x8901],
        ..Class::PLAIN
    },
];
