//! Clocks and timers.

use crate::inventory::Decision::{Bound, Counted, Refuse};
use crate::inventory::uncharged::TIMER;
use crate::inventory::{Call, Class, Holds, Pool, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "reading clocks and sleeping",
        reason: "every program does",
        source: "clock_gettime(2), nanosleep(2)",
        members: system_calls![
            time 201 -, gettimeofday 96 169, clock_gettime 228 113, clock_getres 229 114, nanosleep 35 101,
            clock_nanosleep 230 115,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "a process's three timers",
        reason: "a process's own, in its task",
        source: "setitimer(2), alarm(2)",
        members: system_calls![getitimer 36 102, setitimer 38 103, alarm 37 -],
        ..Class::PLAIN
    },
    Class {
        what: "timers by number",
        holds: Holds::Charged("385 bytes for a timer, with the signal that it will send (accounted since 5.15)"),
        pool: Pool::User("RLIMIT_SIGPENDING, counted for the user and up to the creator of the namespace"),
        decision: Bound("RLIMIT_SIGPENDING of the step's own"),
        reason: "Go's and Java's profilers use them",
        source: "timer_create(2), kernel/time/posix-timers.c",
        members: system_calls![
            timer_create 222 107, timer_settime 223 110, timer_gettime 224 108, timer_getoverrun 225 109,
            timer_delete 226 111,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "timers by descriptor",
        holds: Holds::Uncharged("256 bytes, beside the 407 bytes charged for the descriptor"),
        decision: Counted(TIMER),
        reason: "the run-time system of Haskell ends without it; Erlang and Boost use it",
        source: "timerfd_create(2), fs/timerfd.c",
        members: system_calls![timerfd_create 283 85],
        ..Class::PLAIN
    },
    Class {
        what: "setting timers by descriptor",
        reason: "a descriptor's own",
        source: "timerfd_settime(2)",
        members: system_calls![timerfd_settime 286 86, timerfd_gettime 287 87],
        ..Class::PLAIN
    },
    Class {
        what: "setting clocks",
        shares: Shares::Machine("the clock"),
        decision: Refuse(libc::EPERM),
        reason: "the machine's clock",
        source: "clock_settime(2), adjtimex(2)",
        members: system_calls![
            settimeofday 164 170, clock_settime 227 112, clock_adjtime 305 266, adjtimex 159 171,
        ],
        ..Class::PLAIN
    },
];
