use std::collections::BTreeSet;

use optimus_agent::inventory::{Argument, Decision, calls};

use super::program::{self, ARCHITECTURE, NUMBER, Rule, argument};
use super::rules::{Layer, rules};
use super::*;

const ALLOW: u32 = libc::SECCOMP_RET_ALLOW;
#[cfg(target_arch = "x86_64")]
const NATIVE: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const NATIVE: u32 = 0xc000_00b7;

fn refused(errno: i32) -> u32 {
    libc::SECCOMP_RET_ERRNO | errno.cast_unsigned()
}

/// What a filter answers: the few instructions that ours use, run; and how many it took.
fn run(filter: &BpfProgram, architecture: u32, number: u32, arguments: &[(u8, u32)]) -> (u32, usize) {
    let word = |offset| match offset {
        NUMBER => number,
        ARCHITECTURE => architecture,
        other => arguments.iter().find(|&&(index, _)| argument(index) == other).map_or(0, |&(_, value)| value),
    };
    let (mut at, mut loaded, mut steps) = (0, 0, 0);
    loop {
        let now = &filter[at];
        at += 1;
        steps += 1;
        let holds = match u32::from(now.code) {
            code if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => {
                loaded = word(now.k);
                continue;
            }
            code if code == libc::BPF_RET | libc::BPF_K => return (now.k, steps),
            code if code == libc::BPF_JMP | libc::BPF_JA => {
                at += now.k as usize;
                continue;
            }
            code if code == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K => loaded == now.k,
            code if code == libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K => loaded >= now.k,
            code if code == libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K => loaded & now.k != 0,
            other => panic!("instruction {other}"),
        };
        at += usize::from(if holds { now.jt } else { now.jf });
    }
}

fn number(name: &str) -> u32 {
    let mut named = calls::classes().flat_map(|class| class.members).filter(|call| call.name == name);
    named.next().and_then(optimus_agent::inventory::Call::number).expect(name)
}

/// What a program gets: the stricter of the two filters' answers.
fn program_gets(name: &str, arguments: &[(u8, u32)]) -> u32 {
    let in_box = program::guarded(&rules(Layer::Box));
    let in_step = step_filter();
    let (first, _) = run(&in_box, NATIVE, number(name), arguments);
    let (second, _) = run(&in_step, NATIVE, number(name), arguments);
    if first == ALLOW { second } else { first }
}

#[test]
fn every_number_gets_what_the_inventory_says() {
    let (in_box, in_step) = (program::guarded(&rules(Layer::Box)), step_filter());
    let mut named = BTreeSet::new();
    for class in calls::classes() {
        for call in class.members {
            let Some(number) = call.number() else { continue };
            assert!(named.insert(number), "{} stands twice", call.name);
            let answers = [&in_box, &in_step].map(|filter| run(filter, NATIVE, number, &[]).0);
            let expected = match class.decision {
                Decision::Allow | Decision::Bound(_) => [ALLOW, ALLOW],
                Decision::Counted(_) => [ALLOW, libc::SECCOMP_RET_USER_NOTIF],
                Decision::Ignore => [refused(0), ALLOW],
                Decision::Refuse(errno) | Decision::WallOnly(errno) => [refused(errno), ALLOW],
                Decision::AgentOnly(errno) => [ALLOW, refused(errno)],
                Decision::Inspect(_) => continue,
            };
            assert_eq!(answers, expected, "{}", call.name);
        }
    }
    for number in (0..1024).filter(|number| !named.contains(number)) {
        assert_eq!(run(&in_box, NATIVE, number, &[]).0, refused(libc::ENOSYS), "{number}");
    }
}

#[test]
fn every_value_gets_what_the_inventory_says() {
    fn check(name: &str, inspected: &Argument, before: &[(u8, u32)]) {
        let (index, classes) = match *inspected {
            Argument::Value { index, classes, .. } | Argument::Bits { index, classes } => (index, classes),
        };
        for class in classes {
            for value in class.members {
                let arguments: Vec<(u8, u32)> = before.iter().copied().chain([(index, value.value)]).collect();
                let expected = match class.decision {
                    Decision::Allow | Decision::Bound(_) => ALLOW,
                    Decision::Counted(_) => libc::SECCOMP_RET_USER_NOTIF,
                    Decision::Ignore => refused(0),
                    Decision::Refuse(errno) | Decision::AgentOnly(errno) | Decision::WallOnly(errno) => refused(errno),
                    Decision::Inspect(next) => {
                        check(name, next, &arguments);
                        continue;
                    }
                };
                assert_eq!(program_gets(name, &arguments), expected, "{name} {}", value.name);
            }
        }
        if let Argument::Value { otherwise, .. } = *inspected {
            let arguments: Vec<(u8, u32)> = before.iter().copied().chain([(index, 0x7fff_fff0)]).collect();
            assert_eq!(program_gets(name, &arguments), refused(otherwise), "{name} with a value that is not named");
        }
    }
    for class in calls::classes() {
        if let Decision::Inspect(inspected) = class.decision {
            class.members.iter().for_each(|call| check(call.name, inspected, &[]));
        }
    }
}

#[test]
fn what_is_counted_has_a_price() {
    use optimus_agent::inventory::uncharged::{EPOLL, EVENT};
    assert_eq!((uncharged(number("epoll_create1")), uncharged(number("eventfd2"))), (EPOLL, EVENT));
    assert_eq!(uncharged(number("read")), 0);
    let uncounted = program::bare(&rules(Layer::UncountedStep));
    assert_eq!(run(&uncounted, NATIVE, number("epoll_create1"), &[]).0, ALLOW);
    assert_eq!(run(&uncounted, NATIVE, number("seccomp"), &[]).0, refused(libc::ENOSYS));
}

#[test]
fn other_architectures_numbers_kill() {
    let filter = program::guarded(&rules(Layer::Box));
    let i386 = 0x4000_0003;
    assert_eq!(run(&filter, i386, 20, &[]).0, libc::SECCOMP_RET_KILL_PROCESS);
    assert_eq!(run(&filter, NATIVE, 0x4000_0000 | number("getpid"), &[]).0, libc::SECCOMP_RET_KILL_PROCESS);
    assert_eq!(run(&filter, NATIVE, number("getpid"), &[]).0, ALLOW);
}

#[test]
fn threads_start_and_namespaces_do_not() {
    let flags = |flags: i32| [(0, flags.cast_unsigned())];
    assert_eq!(program_gets("clone", &flags(libc::SIGCHLD)), ALLOW);
    assert_eq!(program_gets("clone", &flags(libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_THREAD)), ALLOW);
    assert_eq!(program_gets("clone", &flags(libc::CLONE_VM | libc::CLONE_THREAD)), refused(libc::EINVAL));
    assert_eq!(program_gets("close_range", &[]), ALLOW);
    assert_eq!(program_gets("close_range", &[(2, libc::CLOSE_RANGE_UNSHARE)]), refused(libc::EINVAL));
    assert_eq!(program_gets("clone", &flags(libc::CLONE_NEWUSER | libc::SIGCHLD)), refused(libc::EPERM));
}

#[test]
fn the_filters_are_short_and_searched_by_halves() {
    let (in_box, in_step) = (program::guarded(&rules(Layer::Box)), step_filter());
    assert!(in_box.len() < 1024, "{}", in_box.len());
    assert!(in_step.len() < 128, "{}", in_step.len());
    for number in 0..512 {
        assert!(run(&in_box, NATIVE, number, &[]).1 < 24, "{number}");
        assert!(run(&in_step, NATIVE, number, &[]).1 < 16, "{number}");
    }
}

#[test]
fn a_lookup_finds_the_first_and_the_last_value() {
    let found = [0, 1, 7, u32::MAX].map(|value| (value, Rule::Answer(value))).to_vec();
    let filter = program::bare(&Rule::Lookup { offset: NUMBER, found, otherwise: 99 });
    for (value, expected) in [(0, 0), (1, 1), (2, 99), (7, 7), (8, 99), (u32::MAX - 1, 99), (u32::MAX, u32::MAX)] {
        assert_eq!(run(&filter, NATIVE, value, &[]).0, expected, "{value}");
    }
}
