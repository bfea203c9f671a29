use std::collections::BTreeSet;

use super::*;

fn complete<M>(class: &Class<M>) {
    let Class { what, reason, source, members, .. } = class;
    assert!(!what.is_empty() && !reason.is_empty() && !source.is_empty() && !members.is_empty(), "{what}: {reason}");
    match class.decision {
        Decision::Bound(by) => assert!(!by.is_empty(), "{what}"),
        Decision::Counted(bytes) => assert!(bytes > 0, "{what}"),
        Decision::Refuse(errno) | Decision::AgentOnly(errno) | Decision::WallOnly(errno) => {
            assert!(errno > 0, "{what}")
        }
        Decision::Allow | Decision::Ignore | Decision::Inspect(_) => {}
    }
}

/// Every class of values, through the arguments that decide.
fn argument_classes(argument: &'static Argument, found: &mut Vec<(&'static Argument, &'static Class<Value>)>) {
    let (Argument::Value { classes, .. } | Argument::Bits { classes, .. }) = argument;
    for class in *classes {
        found.push((argument, class));
        if let Decision::Inspect(next) = class.decision {
            argument_classes(next, found);
        }
    }
}

#[test]
fn every_class_says_what_it_is_why_and_where_that_is_written() {
    calls::classes().for_each(complete);
    mounts::OPTIONS.iter().for_each(complete);
    proc::FILES.iter().for_each(complete);
    let mut found = Vec::new();
    for class in calls::classes() {
        if let Decision::Inspect(argument) = class.decision {
            argument_classes(argument, &mut found);
        }
    }
    found.iter().for_each(|(_, class)| complete(class));
}

#[test]
fn what_is_charged_to_nobody_is_bounded_or_refused() {
    for class in calls::classes().filter(|class| matches!(class.holds, Holds::Uncharged(_))) {
        assert!(!matches!(class.decision, Decision::Allow), "{}", class.what);
    }
}

#[test]
fn calls_stand_once_and_as_in_the_headers() {
    let mut names = BTreeSet::new();
    let (mut x86_64, mut aarch64) = (BTreeSet::new(), BTreeSet::new());
    for call in calls::classes().flat_map(|class| class.members) {
        assert!(names.insert(call.name), "{}", call.name);
        assert!(call.x86_64.is_none_or(|number| x86_64.insert(number)), "{}", call.name);
        assert!(call.aarch64.is_none_or(|number| aarch64.insert(number)), "{}", call.name);
    }
    // Up to 6.18, without a gap but the one that both tables have.
    let expected: Vec<u32> = (0..=336).chain(424..=469).collect();
    assert_eq!(x86_64.into_iter().collect::<Vec<_>>(), expected);
    #[cfg(target_arch = "x86_64")]
    for (name, number) in [
        ("read", libc::SYS_read),
        ("clone", libc::SYS_clone),
        ("setxattr", libc::SYS_setxattr),
        ("mq_open", libc::SYS_mq_open),
        ("prlimit64", libc::SYS_prlimit64),
        ("seccomp", libc::SYS_seccomp),
        ("clone3", libc::SYS_clone3),
        ("mseal", libc::SYS_mseal),
    ] {
        let call = calls::classes().flat_map(|class| class.members).find(|call| call.name == name).unwrap();
        assert_eq!(call.x86_64.map(i64::from), Some(number), "{name}");
    }
}

#[test]
fn every_limit_stands_once() {
    let names: BTreeSet<_> = rlimits::RLIMITS.iter().map(|limit| limit.name).collect();
    assert_eq!(names.len(), 16);
    for limit in &rlimits::RLIMITS {
        assert_eq!(format!("{:?}", limit.resource).to_uppercase(), limit.name);
        assert!(!limit.reason.is_empty());
    }
    let of = |name: &str| rlimits::RLIMITS.iter().find(|limit| limit.name == name).unwrap().amount;
    let default = optimus_core::Limits::DEFAULT;
    assert_eq!(of("SIGPENDING").of(&default), Some(256));
    assert_eq!(of("MSGQUEUE").of(&default), Some(0));
    assert_eq!(of("AS").of(&default), None);
    assert!(of("NPROC").of(&default).unwrap() > default.processes);
}

#[test]
fn every_file_of_a_process_is_named() {
    let named: BTreeSet<&str> = proc::FILES.iter().flat_map(|class| class.members).copied().collect();
    for directory in ["/proc/self", "/proc/thread-self"] {
        for entry in std::fs::read_dir(directory).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(named.contains(name.as_str()), "{directory}/{name}");
        }
    }
}

#[test]
fn a_summary_tells_what_one_side_lacks() {
    let old = summary("6.1.0-13-cloud-amd64", "");
    assert!(old.unknown_to_kernel.contains(&"cachestat") && !old.unknown_to_kernel.contains(&"memfd_secret"));
    let Counts { allowed, bounded, by_argument, ignored, refused, agent_only } = old.calls;
    let here = calls::classes().flat_map(|class| class.members).filter(|call| call.number().is_some()).count();
    assert_eq!(allowed + bounded + by_argument + ignored + refused + agent_only, here);

    let prefix = if cfg!(target_arch = "aarch64") { "__arm64_sys_" } else { "__x64_sys_" };
    let names = ["read", "newfstat", "chown16", "socketcall", "setitimer.cold", "to_come"];
    let symbols: String = names.map(|name| format!("ffffffff81000000 T {prefix}{name}\n")).concat();
    let new = summary("7.1.0", &symbols);
    assert_eq!((new.unknown_to_kernel, new.unknown_to_inventory), (vec![], vec!["to_come".to_owned()]));
}
