//! The walls that are torn down, and the test that has to notice each.

/// A wall to tear down.
pub(super) struct Hole {
    pub(super) name: &'static str,
    /// Some file of this folder holds the text, once; line breaks within it are ignored.
    pub(super) room: &'static str,
    pub(super) text: &'static str,
    pub(super) instead: &'static str,
    /// The suite that has to notice.
    pub(super) notices: Suite,
}

pub(super) enum Suite {
    /// A program of the hostile suite, on the native backend.
    Attack(&'static str),
    /// A program of the hostile suite, as a warm child on the native backend.
    Warm(&'static str),
    /// A test of what boxes share, on the native backend.
    Shared(&'static str),
    /// A case of the queue's contract, on the embedded backend.
    Queue(&'static str),
    /// A test of the HTTP API.
    Api(&'static str),
    /// A test inside a package.
    Unit(&'static str, &'static str),
}

const AGENT: &str = "host/agent/src";
const WARM: &str = "host/agent/src/warm";
const INVENTORY: &str = "host/agent/src/inventory";

pub(super) const HOLES: &[Hole] = &[
    Hole {
        name: "seccomp",
        room: AGENT,
        text: "    apply_filter(filter).or_else(",
        instead: "if true { return Ok(()); } apply_filter(filter).or_else(",
        notices: Suite::Attack("kernel_calls"),
    },
    Hole {
        name: "pid-namespace",
        room: AGENT,
        text: "libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC;",
        instead: "libc::CLONE_NEWNS | libc::CLONE_NEWIPC;",
        notices: Suite::Attack("setsid_orphans"),
    },
    Hole {
        name: "ipc-namespace",
        room: AGENT,
        text: "libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC;",
        instead: "libc::CLONE_NEWPID | libc::CLONE_NEWNS;",
        notices: Suite::Attack("leftovers"),
    },
    Hole {
        name: "network-namespace",
        room: AGENT,
        text: " | libc::CLONE_NEWNET;",
        instead: ";",
        notices: Suite::Attack("network"),
    },
    Hole {
        name: "output-cap",
        room: AGENT,
        text: "Self { pipe: Some(pipe), kind, limit, kept: 0, truncated: false }",
        instead: "Self { pipe: Some(pipe), kind, limit: limit.max(u64::MAX / 2), kept: 0, truncated: false }",
        notices: Suite::Attack("flood_then_exit"),
    },
    Hole {
        name: "symlinks",
        room: AGENT,
        text: "ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;",
        instead: "ResolveFlags::empty();",
        notices: Suite::Attack("collect_parent_symlink"),
    },
    Hole {
        name: "bounding-set",
        room: AGENT,
        text: "CapabilitySet::all().iter()",
        instead: "CapabilitySet::empty().iter()",
        notices: Suite::Attack("privileges"),
    },
    Hole {
        name: "fence",
        room: "host/queue/src/embedded",
        text: "live.record.fence == fence && ",
        instead: "(live.record.fence == fence || true) && ",
        notices: Suite::Queue("a_lost_lease_cannot_finish"),
    },
    Hole {
        name: "scope-before-body",
        room: "host/server/src/api",
        text: "&& let Err(error) = caller.may(scope)",
        instead: "&& false && let Err(error) = caller.may(scope)",
        notices: Suite::Api("a_scope_is_decided_before_the_body"),
    },
    Hole {
        name: "encoded-size",
        room: "host/core/src",
        text: "if Self::encoded_len(bytes) <= room { return bytes.len(); }",
        instead: "if bytes.len() as u64 <= room { return bytes.len(); }",
        notices: Suite::Unit("optimus-judge", "what_eight_tests_print_is_bounded_as_it_is_encoded"),
    },
    Hole {
        name: "cached-told",
        room: "host/judge/src",
        text: "report.cached = known.is_known(spec.job.tenant.as_deref());",
        instead: "let _ = known.is_known(spec.job.tenant.as_deref()); report.cached = true;",
        notices: Suite::Unit("optimus-judge", "another_tenants_compilation_does_not_show"),
    },
    Hole {
        name: "silent-connections",
        room: "host/server/src/api",
        text: "let oldest = state.idle.first().copied()?; state.close(oldest.1);",
        instead: "",
        notices: Suite::Api("silent_connections_and_half_heads_make_room"),
    },
    Hole {
        name: "label-cap",
        room: "host/core/src",
        text: "count(\"labels\", labels.len(), MAX_LABELS)?;",
        instead: "",
        notices: Suite::Unit("optimus-core", "everything_that_is_stored_has_a_cap_that_its_error_names"),
    },
    Hole {
        name: "attributes",
        room: INVENTORY,
        text: "decision: Refuse(libc::EOPNOTSUPP), reason: \"no language needs them; `cp -a`",
        instead: "reason: \"no language needs them; `cp -a`",
        notices: Suite::Attack("held_xattrs"),
    },
    Hole {
        name: "locks",
        room: INVENTORY,
        text: "decision: Ignore, reason: \"they are a process's:",
        instead: "reason: \"they are a process's:",
        notices: Suite::Attack("held_locks"),
    },
    Hole {
        name: "pending-signals",
        room: INVENTORY,
        text: "let two_for_each = 2 * limits.processes;",
        instead: "let two_for_each = 1_000_000 * limits.processes;",
        notices: Suite::Attack("held_timers"),
    },
    Hole {
        name: "held-descriptors",
        room: AGENT,
        text: "const BOUND: u64 = 2 << 20;",
        instead: "const BOUND: u64 = 2 << 30;",
        notices: Suite::Attack("held_descriptors"),
    },
    Hole {
        name: "core-limit",
        room: INVENTORY,
        text: "what: \"the size of a core dump\", decision: AgentOnly(libc::EPERM),",
        instead: "what: \"the size of a core dump\",",
        notices: Suite::Attack("core_dump"),
    },
    Hole {
        name: "tenants-network",
        room: "host/sandbox/src/native",
        text: "rposition(|live| live.tenant.as_ref() == Some(tenant));",
        instead: "rposition(|live| live.tenant.as_ref() == Some(tenant) || true);",
        notices: Suite::Shared("a_box_serves_one_tenant"),
    },
    Hole {
        name: "private-files",
        room: "host/sandbox/src/native",
        text: "if is_private || kind.is_socket() || kind.is_fifo() {",
        instead: "if false && (is_private || kind.is_socket() || kind.is_fifo()) {",
        notices: Suite::Shared("nothing_private_of_a_toolchain_is_seen_without_root"),
    },
    Hole {
        name: "shared-ids",
        room: "host/sandbox/src/native",
        text: "Ids::Own { base: FIRST_ID + (number % ID_PAIRS) * 2 }",
        instead: "Ids::Own { base: FIRST_ID + (number % ID_PAIRS) * 0 }",
        notices: Suite::Attack("held_sockets"),
    },
    Hole {
        name: "warm-capabilities",
        room: WARM,
        text: "calls.push(Call::new(libc::SYS_capset, [head, none]));",
        instead: "let _ = (head, none);",
        notices: Suite::Warm("privileges"),
    },
    Hole {
        name: "warm-siblings",
        room: WARM,
        text: "(IPC_NAMESPACE, libc::CLONE_NEWIPC),",
        instead: "",
        notices: Suite::Warm("leftovers"),
    },
];
