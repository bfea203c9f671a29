//! Sockets. In a box's network namespace no interface is up, so no family but `AF_UNIX` leads anywhere.

use crate::inventory::Decision::{Bound, Inspect};
use crate::inventory::arguments::socket;
use crate::inventory::{Call, Class, Holds, Pool, Shares, system_calls};

pub(super) const CLASSES: &[Class<Call>] = &[
    Class {
        what: "making sockets",
        holds: Holds::Charged("2.4 KiB, and what waits in it"),
        shares: Shares::Network,
        decision: Inspect(&socket::FAMILIES),
        reason: "other families reach no network here, and keep state in the namespace that later steps share; several are not walled off by it",
        source: "socket(2), network_namespaces(7)",
        members: system_calls![socket 41 198, socketpair 53 199],
        ..Class::PLAIN
    },
    Class {
        what: "connecting sockets",
        holds: Holds::Uncharged("128 bytes for a name, beside 3.4 KiB charged for the socket and its inode"),
        decision: Bound("RLIMIT_NOFILE and the memory limit; a name without a file goes with its socket"),
        reason: "processes of one step talk to each other",
        source: "unix(7), ip(7)",
        members: system_calls![
            bind 49 200, listen 50 201, connect 42 203, accept 43 202, accept4 288 242, getsockname 51 204,
            getpeername 52 205, shutdown 48 210,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "sending and receiving",
        holds: Holds::Charged("what waits in a socket, and the list of descriptors in flight"),
        pool: Pool::User(
            "descriptors in flight: at most the sender's RLIMIT_NOFILE for all of a user, who may be the worker's",
        ),
        decision: Bound("net.core.wmem_max for a socket; RLIMIT_NOFILE of programs, below the worker's own"),
        reason: "processes of one step talk to each other",
        source: "unix(7): SCM_RIGHTS, net/unix/garbage.c",
        members: system_calls![
            sendto 44 206, recvfrom 45 207, sendmsg 46 211, recvmsg 47 212, sendmmsg 307 269, recvmmsg 299 243,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "setting options",
        holds: Holds::Uncharged("compiled filters and whatever else an option hangs on a socket"),
        pool: Pool::Machine("net.core.bpf_jit_limit, which the filters of new boxes need"),
        shares: Shares::Network,
        decision: Inspect(&socket::SET_OPTIONS),
        reason: "filters, flow labels, memberships and keys outlive the socket or are charged to nobody",
        source: "setsockopt(2), socket(7)",
        members: system_calls![setsockopt 54 208],
    },
    Class {
        what: "reading options",
        shares: Shares::Machine("SO_COOKIE counts the machine's sockets"),
        decision: Inspect(&socket::GET_OPTIONS),
        reason: "what a socket is may be asked; what others made may not",
        source: "getsockopt(2), socket(7)",
        members: system_calls![getsockopt 55 209],
        ..Class::PLAIN
    },
];
