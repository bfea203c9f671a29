//! Who a process is, and what it may use.

use crate::inventory::Decision::{Bound, Inspect, WallOnly};
use crate::inventory::arguments::process;
use crate::inventory::{Call, Class, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "numbers of processes",
        reason: "of the step's own pid namespace",
        source: "getpid(2), setsid(2)",
        members: system_calls![
            getpid 39 172, gettid 186 178, getppid 110 173, getpgrp 111 -, getpgid 121 155, setpgid 109 154,
            getsid 124 156, setsid 112 157,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "users and groups",
        decision: Bound("the one user that the box's namespace maps for programs"),
        reason: "no other user exists in the namespace",
        source: "credentials(7), user_namespaces(7)",
        members: system_calls![
            getuid 102 174, geteuid 107 175, getgid 104 176, getegid 108 177, getresuid 118 148, getresgid 120 150,
            getgroups 115 158, setuid 105 146, setgid 106 144, setreuid 113 145, setregid 114 143,
            setresuid 117 147, setresgid 119 149, setfsuid 122 151, setfsgid 123 152, setgroups 116 159,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "capabilities",
        decision: Bound("an empty bounding set"),
        reason: "there are none to take",
        source: "capabilities(7)",
        members: system_calls![capget 125 90, capset 126 91],
        ..Class::PLAIN
    },
    Class {
        what: "limits and usage",
        decision: Bound("hard limits, which only go down"),
        reason: "every runtime asks",
        source: "getrlimit(2), getrusage(2)",
        members: system_calls![getrlimit 97 163, getrusage 98 165, times 100 153],
        ..Class::PLAIN
    },
    Class {
        what: "limits of itself",
        decision: Inspect(&process::SETRLIMIT),
        reason: "hard limits only go down",
        source: "setrlimit(2)",
        members: system_calls![setrlimit 160 164],
        ..Class::PLAIN
    },
    Class {
        what: "limits by process",
        decision: Inspect(&process::PRLIMIT),
        reason: "of itself alone: a box without ids of its own could limit its own init to death",
        source: "prlimit(2)",
        members: system_calls![prlimit64 302 261],
        ..Class::PLAIN
    },
    Class {
        what: "the machine in numbers",
        shares: Shares::Machine("load, free memory and the number of processes, which every box changes"),
        reason: "the C library, Java and .NET size themselves by it; what it leaks is a residual risk",
        source: "sysinfo(2)",
        members: system_calls![sysinfo 99 179],
        ..Class::PLAIN
    },
    Class {
        what: "the machine by name",
        reason: "of the box's own UTS namespace",
        source: "uname(2)",
        members: system_calls![uname 63 160],
        ..Class::PLAIN
    },
    Class {
        what: "naming the machine",
        decision: WallOnly(libc::EPERM),
        reason: "outlives the step",
        source: "sethostname(2)",
        members: system_calls![sethostname 170 161, setdomainname 171 162],
        ..Class::PLAIN
    },
    Class {
        what: "randomness",
        reason: "every runtime seeds itself",
        source: "getrandom(2)",
        members: system_calls![getrandom 318 278],
        ..Class::PLAIN
    },
];
