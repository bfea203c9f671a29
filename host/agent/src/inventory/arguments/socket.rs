//! Families of sockets, and their options (asm-generic/socket.h).

use crate::inventory::Decision::{Inspect, Refuse};
use crate::inventory::{Argument, Class, Holds, Pool, Shares, Value, values};

/// Which sockets may be made.
pub const FAMILIES: Argument = Argument::Value { index: 0, classes: FAMILY, otherwise: libc::EAFNOSUPPORT };
/// Which options may be set.
pub const SET_OPTIONS: Argument = Argument::Value { index: 1, classes: SET_LEVEL, otherwise: libc::ENOPROTOOPT };
/// Which options may be read.
pub const GET_OPTIONS: Argument = Argument::Value { index: 1, classes: GET_LEVEL, otherwise: libc::ENOPROTOOPT };

const FAMILY: &[Class<Value>] = &[
    Class {
        what: "between processes of the step",
        holds: Holds::Charged("2.4 KiB, and what waits in it"),
        shares: Shares::Network,
        reason: "names without a file are the network namespace's, and go with the socket",
        source: "unix(7)",
        members: values![AF_UNIX 1],
        ..Class::PLAIN
    },
    Class {
        what: "over IPv4",
        holds: Holds::Charged("2.7 KiB, and the port that it is bound to"),
        shares: Shares::Network,
        decision: Inspect(&INET_TYPES),
        reason: "programs and runtimes make one to see whether there is a network. No interface is up, so it reaches nothing and no byte waits in it: connect and send fail with ENETUNREACH at once",
        source: "ip(7), net/ipv4/route.c",
        members: values![AF_INET 2],
        ..Class::PLAIN
    },
    Class {
        what: "over IPv6",
        holds: Holds::Uncharged("tables of the namespace: flow labels, which outlive their socket"),
        shares: Shares::Network,
        decision: Refuse(libc::EAFNOSUPPORT),
        reason: "as by a kernel without it; runtimes then use IPv4",
        source: "ipv6(7), net/ipv6/ip6_flowlabel.c",
        members: values![AF_INET6 10],
        ..Class::PLAIN
    },
    Class {
        what: "to the kernel and to machines",
        shares: Shares::Machine("several are not walled off by network namespaces"),
        decision: Refuse(libc::EAFNOSUPPORT),
        reason: "kernel surface, and channels between boxes",
        source: "address_families(7)",
        members: values![
            AF_KEY 15, AF_NETLINK 16, AF_PACKET 17, AF_RDS 21, AF_CAN 29, AF_TIPC 30, AF_BLUETOOTH 31, AF_ALG 38,
            AF_VSOCK 40, AF_KCM 41, AF_QIPCRTR 42, AF_SMC 43, AF_XDP 44,
        ],
        ..Class::PLAIN
    },
];

const INET_TYPES: Argument = Argument::Value { index: 1, classes: INET_TYPE, otherwise: libc::ESOCKTNOSUPPORT };
const INET_PROTOCOLS: Argument = Argument::Value { index: 2, classes: INET_PROTOCOL, otherwise: libc::EPROTONOSUPPORT };

/// `SOCK_NONBLOCK` is 0x800, `SOCK_CLOEXEC` 0x8_0000.
const INET_TYPE: &[Class<Value>] = &[Class {
    what: "streams and datagrams",
    decision: Inspect(&INET_PROTOCOLS),
    reason: "raw sockets are for networks",
    source: "socket(2)",
    members: values![
        SOCK_STREAM 1, SOCK_STREAM_NONBLOCK 0x801, SOCK_STREAM_CLOEXEC 0x8_0001, SOCK_STREAM_BOTH 0x8_0801,
        SOCK_DGRAM 2, SOCK_DGRAM_NONBLOCK 0x802, SOCK_DGRAM_CLOEXEC 0x8_0002, SOCK_DGRAM_BOTH 0x8_0802,
    ],
    ..Class::PLAIN
}];

const INET_PROTOCOL: &[Class<Value>] = &[Class {
    what: "TCP and UDP",
    reason: "others (SCTP, MPTCP, ping) are kernel surface that no program needs here",
    source: "ip(7), tcp(7), udp(7)",
    members: values![IPPROTO_IP 0, IPPROTO_TCP 6, IPPROTO_UDP 17],
    ..Class::PLAIN
}];

const SET_LEVEL: &[Class<Value>] = &[Class {
    what: "options of any socket",
    decision: Inspect(&SET_SOCKET),
    reason: "see each; options of protocols are for networks",
    source: "socket(7)",
    members: values![SOL_SOCKET 1],
    ..Class::PLAIN
}];

const GET_LEVEL: &[Class<Value>] = &[Class {
    what: "options of any socket",
    decision: Inspect(&GET_SOCKET),
    reason: "see each",
    source: "socket(7)",
    members: values![SOL_SOCKET 1],
    ..Class::PLAIN
}];

const SET_SOCKET: Argument = Argument::Value { index: 2, classes: SET_OPTION, otherwise: libc::ENOPROTOOPT };
const GET_SOCKET: Argument = Argument::Value { index: 2, classes: GET_OPTION, otherwise: libc::ENOPROTOOPT };

const PLAIN_OPTIONS: Class<Value> = Class {
    what: "addresses, sizes and times",
    holds: Holds::Charged("a buffer of at most net.core.wmem_max"),
    reason: "a socket's own",
    source: "socket(7), unix(7)",
    members: values![
        SO_REUSEADDR 2, SO_BROADCAST 6, SO_SNDBUF 7, SO_RCVBUF 8, SO_KEEPALIVE 9, SO_OOBINLINE 10, SO_LINGER 13,
        SO_PASSCRED 16, SO_RCVLOWAT 18, SO_SNDLOWAT 19, SO_RCVTIMEO 20, SO_SNDTIMEO 21,
        SO_PEEK_OFF 42, SO_RCVTIMEO_NEW 66, SO_SNDTIMEO_NEW 67,
    ],
    ..Class::PLAIN
};

const SET_OPTION: &[Class<Value>] = &[
    PLAIN_OPTIONS,
    Class {
        what: "groups of sockets with one port",
        holds: Holds::Uncharged("1.1 KiB for a table of each group"),
        shares: Shares::Network,
        decision: Refuse(libc::ENOPROTOOPT),
        reason: "as by a kernel without them; it is for servers",
        source: "socket(7), net/core/sock_reuseport.c",
        members: values![SO_REUSEPORT 15],
        ..Class::PLAIN
    },
    Class {
        what: "filters",
        holds: Holds::Uncharged("a compiled filter of 4,096 instructions for each socket: 835 MiB in one step"),
        pool: Pool::Machine("net.core.bpf_jit_limit, which the filters of new boxes need"),
        decision: Refuse(libc::ENOPROTOOPT),
        reason: "no language's runtime filters",
        source: "socket(7), net/core/filter.c",
        members: values![
            SO_ATTACH_FILTER 26, SO_DETACH_FILTER 27, SO_LOCK_FILTER 44, SO_ATTACH_BPF 50, SO_ATTACH_REUSEPORT_CBPF 51,
            SO_ATTACH_REUSEPORT_EBPF 52, SO_DETACH_REUSEPORT_BPF 68,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "pinned pages, stamps and priorities",
        holds: Holds::Uncharged("pinned pages"),
        pool: Pool::User("RLIMIT_MEMLOCK"),
        shares: Shares::Machine("switches in the path of all packets"),
        decision: Refuse(libc::ENOPROTOOPT),
        reason: "for networks, which a box does not have",
        source: "socket(7), msg_zerocopy.rst, timestamping.rst",
        members: values![
            SO_PRIORITY 12, SO_BINDTODEVICE 25, SO_TIMESTAMP 29, SO_TIMESTAMPNS 35, SO_MARK 36, SO_TIMESTAMPING 37,
            SO_BUSY_POLL 46, SO_MAX_PACING_RATE 47, SO_ZEROCOPY 60, SO_TXTIME 61, SO_DEVMEM_DONTNEED 80,
        ],
    },
];

const GET_OPTION: &[Class<Value>] = &[
    PLAIN_OPTIONS,
    Class {
        what: "what a socket is",
        reason: "a socket's own",
        source: "socket(7), unix(7)",
        members: values![
            SO_TYPE 3, SO_ERROR 4, SO_PEERCRED 17, SO_PEERNAME 28, SO_ACCEPTCONN 30, SO_PEERSEC 31, SO_PROTOCOL 38,
            SO_DOMAIN 39, SO_PEERGROUPS 59,
        ],
        ..Class::PLAIN
    },
    Class {
        what: "numbers of sockets and namespaces",
        shares: Shares::Machine("counters of the machine: how many sockets others have made"),
        decision: Refuse(libc::ENOPROTOOPT),
        reason: "a channel between boxes",
        source: "net/core/sock_diag.c",
        members: values![SO_MEMINFO 55, SO_INCOMING_NAPI_ID 56, SO_COOKIE 57, SO_NETNS_COOKIE 71],
        ..Class::PLAIN
    },
];
