//! Names in the file system: to look at them, to make and remove them, to change what they carry.

use crate::inventory::Decision::{Bound, Refuse};
use crate::inventory::{Call, Class, Holds, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "looking at files",
        reason: "every program does",
        source: "stat(2), statx(2), access(2), getdents(2), readlink(2)",
        members: system_calls![
            stat 4 -, fstat 5 80, lstat 6 -, newfstatat 262 79, statx 332 291, access 21 -, faccessat 269 48,
            faccessat2 439 439, readlink 89 -, readlinkat 267 78, getdents 78 -, getdents64 217 61,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "looking at file systems",
        shares: Shares::Machine("the free blocks of the disks that hold the toolchains"),
        reason: "Java, .NET and the C library ask; a box cannot change what the answer says of a disk",
        source: "statfs(2)",
        members: system_calls![statfs 137 43, fstatfs 138 44],
        ..Class::PLAIN
    },
    Class {
        what: "the working directory",
        reason: "a process's own",
        source: "chdir(2), umask(2)",
        members: system_calls![chdir 80 49, fchdir 81 50, getcwd 79 17, umask 95 166],
        ..Class::PLAIN
    },
    Class {
        what: "making files and directories",
        holds: Holds::Uncharged(
            "128 bytes for the target of a symbolic link, 20 for an entry of a directory; the inode (750) and the dentry (192) are charged",
        ),
        decision: Bound("the inodes of the step's work area: 16,384"),
        reason: "a step's work area is its own",
        source: "mkdir(2), symlink(2), mknod(2), mm/shmem.c",
        members: system_calls![
            mkdir 83 -, mkdirat 258 34, symlink 88 -, symlinkat 266 36, link 86 -, linkat 265 37, mknod 133 -,
            mknodat 259 33,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "renaming and removing",
        reason: "a step's work area is its own",
        source: "rename(2), unlink(2)",
        members: system_calls![
            rename 82 -, renameat 264 38, renameat2 316 276, unlink 87 -, unlinkat 263 35, rmdir 84 -,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "sizes of files",
        holds: Holds::Charged("pages of the work area"),
        decision: Bound("RLIMIT_FSIZE and the size of the work area"),
        reason: "a step's work area is its own",
        source: "truncate(2), fallocate(2)",
        members: system_calls![truncate 76 45, ftruncate 77 46, fallocate 285 47],
        ..Class::PLAIN
    },
    Class {
        what: "modes, owners and times",
        reason: "the views are read-only; in its work area a program has one user and no capability",
        source: "chmod(2), chown(2), utimensat(2)",
        members: system_calls![
            chmod 90 -, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452 since 6.6, chown 92 -, fchown 93 55,
            lchown 94 -, fchownat 260 54, utime 132 -, utimes 235 -, futimesat 261 -, utimensat 280 88,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "reading extended attributes",
        reason: "`ls`, `cp` and Python's shutil ask for them",
        source: "getxattr(2), listxattr(2)",
        members: system_calls![
            getxattr 191 8, lgetxattr 192 9, fgetxattr 193 10, listxattr 194 11, llistxattr 195 12,
            flistxattr 196 13, getxattrat 464 464 since 6.13, listxattrat 465 465 since 6.13,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "setting extended attributes",
        holds: Holds::Uncharged(
            "access control lists: 64 KiB each, two for a directory, in slabs without an account (fs/posix_acl.c)",
        ),
        shares: Shares::Inode,
        decision: Refuse(libc::EOPNOTSUPP),
        reason: "no language needs them; `cp -a`, tar and shutil take the answer for a file system without them",
        source: "setxattr(2), file_setattr(2)",
        members: system_calls![
            setxattr 188 5, lsetxattr 189 6, fsetxattr 190 7, setxattrat 463 463 since 6.13, removexattr 197 14,
            lremovexattr 198 15, fremovexattr 199 16, removexattrat 466 466 since 6.13,
            file_setattr 469 469 since 6.17, file_getattr 468 468 since 6.17,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "handles of files",
        shares: Shares::Inode,
        decision: Refuse(libc::EPERM),
        reason: "names and opens files past the view",
        source: "open_by_handle_at(2)",
        members: system_calls![
            name_to_handle_at 303 264, open_by_handle_at 304 265, lookup_dcookie 212 18,
        ],
        ..Class::PLAIN
    },
];
