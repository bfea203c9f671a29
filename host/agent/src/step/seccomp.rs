//! System calls that no program needs: each refused with its reason. Everything else is allowed, because a language's
//! runtime may use anything, and the namespaces, ids and limits around it are what holds it.
//!
//! Arguments are compared as the kernel reads them: the low 32 bits of an `int` or of `clone`'s flags, whatever stands
//! above. A call by another architecture's numbers (`int 0x80`, x32) kills, since none of the rules would apply to it.
//!
//! To install a filter costs the more the longer it is, and a step is short. So most of it is installed once, in the
//! agent itself, which needs none of those calls and hands the filter down; only what a step's init still needs to
//! build the step's view is refused by a short filter of the step's own.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch, apply_filter, sock_filter,
};

use crate::fault::{At as _, Fault};

/// Refused to programs, with `EPERM`. Their init needs these before.
const DENIED_LAST: &[(i64, &str)] = &[
    (libc::SYS_unshare, "new namespaces are new kernel surface"),
    (libc::SYS_mount, "the view is fixed"),
    (libc::SYS_umount2, "the view is fixed"),
    (libc::SYS_mount_setattr, "the view is fixed"),
];

/// Refused in the whole box, with `EPERM`.
const DENIED: &[(i64, &str)] = &[
    (libc::SYS_setns, "namespaces are the wall"),
    (libc::SYS_move_mount, "the view is fixed"),
    (libc::SYS_open_tree, "the view is fixed"),
    (libc::SYS_fsopen, "the view is fixed"),
    (libc::SYS_fsconfig, "the view is fixed"),
    (libc::SYS_fsmount, "the view is fixed"),
    (libc::SYS_fspick, "the view is fixed"),
    (libc::SYS_pivot_root, "the view is fixed"),
    (libc::SYS_chroot, "a chroot can be left"),
    (libc::SYS_ptrace, "reads and writes other processes"),
    (libc::SYS_process_vm_readv, "reads other processes"),
    (libc::SYS_process_vm_writev, "writes other processes"),
    (libc::SYS_process_madvise, "changes other processes' memory"),
    (libc::SYS_kcmp, "tells about other processes' kernel objects"),
    (libc::SYS_pidfd_getfd, "takes other processes' descriptors"),
    (libc::SYS_bpf, "runs code in the kernel"),
    (libc::SYS_perf_event_open, "measures the machine, and a long list of holes"),
    (libc::SYS_userfaultfd, "stops the kernel in the middle of a copy"),
    (libc::SYS_keyctl, "keyrings outlive the step"),
    (libc::SYS_add_key, "keyrings outlive the step"),
    (libc::SYS_request_key, "starts a helper outside"),
    (libc::SYS_kexec_load, "replaces the kernel"),
    (libc::SYS_kexec_file_load, "replaces the kernel"),
    (libc::SYS_init_module, "loads into the kernel"),
    (libc::SYS_finit_module, "loads into the kernel"),
    (libc::SYS_delete_module, "unloads from the kernel"),
    (libc::SYS_open_by_handle_at, "opens files past the view"),
    (libc::SYS_name_to_handle_at, "names files past the view"),
    (libc::SYS_fanotify_init, "watches the whole file system"),
    (libc::SYS_fanotify_mark, "watches the whole file system"),
    (libc::SYS_quotactl, "the machine's quotas"),
    (443 /* quotactl_fd */, "the machine's quotas"),
    (libc::SYS_reboot, "the machine's power"),
    (libc::SYS_swapon, "the machine's swap"),
    (libc::SYS_swapoff, "the machine's swap"),
    (libc::SYS_settimeofday, "the machine's clock"),
    (libc::SYS_clock_settime, "the machine's clock"),
    (libc::SYS_clock_adjtime, "the machine's clock"),
    (libc::SYS_adjtimex, "the machine's clock"),
    (libc::SYS_syslog, "the kernel's log"),
    (libc::SYS_acct, "writes a file for every process of the machine"),
    (libc::SYS_ioperm, "the machine's ports"),
    (libc::SYS_iopl, "the machine's ports"),
    (libc::SYS_modify_ldt, "16-bit segments, and a long list of holes"),
    (libc::SYS_lookup_dcookie, "names files past the view"),
    (libc::SYS_vhangup, "the machine's terminals"),
    (libc::SYS_nfsservctl, "the machine's servers"),
    (libc::SYS__sysctl, "the machine's knobs"),
    (libc::SYS_uselib, "long gone, long broken"),
    (libc::SYS_ustat, "tells about the machine's disks"),
    (libc::SYS_migrate_pages, "moves other processes' memory"),
    (libc::SYS_move_pages, "moves other processes' memory"),
    (libc::SYS_mbind, "the machine's memory policy"),
    (libc::SYS_set_mempolicy, "the machine's memory policy"),
    (libc::SYS_memfd_secret, "memory that cannot be looked into"),
];

/// Refused with `ENOSYS`, so that a library falls back to something that the rules can look into.
const ABSENT: &[(i64, &str)] = &[
    (libc::SYS_io_uring_setup, "a second way into the kernel, past every rule here"),
    (libc::SYS_io_uring_enter, "a second way into the kernel, past every rule here"),
    (libc::SYS_io_uring_register, "a second way into the kernel, past every rule here"),
];

/// New namespaces by another name.
const NAMESPACES: i32 = libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWCGROUP;

/// Asks which personality it has, and changes none.
const PERSONALITY_QUERY: u64 = 0xffff_ffff;
/// Types what the terminal then reads as input.
const TIOCSTI: u64 = 0x5412;
/// Pastes likewise.
const TIOCLINUX: u64 = 0x541c;

/// Puts the agent, and all that it will start, under the filters of the whole box.
pub(crate) fn restrict_box() -> Result<(), Fault> {
    box_filters()?.iter().try_for_each(apply)
}

/// The filter for what a step's init will start.
pub(crate) fn step_filter() -> BpfProgram {
    let mut filter = vec![instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, NUMBER)];
    for &(call, _) in DENIED_LAST {
        filter.extend([on(call, 1), refuse(libc::EPERM)]);
    }
    // Its flags lie in memory, where no filter can look. Every library falls back to `clone`.
    filter.extend([on(libc::SYS_clone3, 1), refuse(libc::ENOSYS)]);
    filter.extend([
        on(libc::SYS_clone, 3),
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, FIRST_ARGUMENT),
        instruction(libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K, 0, 1, NAMESPACES.cast_unsigned()),
        refuse(libc::EPERM),
    ]);
    filter.push(allow());
    filter
}

/// The filter for a program that has to stay where it is put, which its init's child does itself: so it comes last. It
/// is `EPERM` because runtimes that bind their threads take that for an answer, and go on unbound.
pub(super) fn affinity_filter() -> BpfProgram {
    let load = instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, NUMBER);
    vec![load, on(libc::SYS_sched_setaffinity, 1), refuse(libc::EPERM), allow()]
}

/// Puts the calling process, and all that it will start, under `filter` too: the strictest answer counts.
pub(crate) fn apply(filter: &BpfProgram) -> Result<(), Fault> {
    apply_filter(filter).or_else(|error| match error {
        seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => Err(error).at("seccomp"),
        _ => Err(failed()),
    })
}

fn box_filters() -> Result<[BpfProgram; 2], Fault> {
    let mut denied: BTreeMap<i64, Vec<SeccompRule>> = DENIED.iter().map(|&(call, _)| (call, Vec::new())).collect();
    denied.insert(libc::SYS_personality, vec![all_of(vec![differs(0, 0)?, differs(0, PERSONALITY_QUERY)?])?]);
    denied.insert(libc::SYS_ioctl, any_of([equals(1, TIOCSTI), equals(1, TIOCLINUX)])?);
    // A box without ids of its own could limit its own init to death.
    denied.insert(libc::SYS_prlimit64, vec![all_of(vec![differs(0, 0)?])?]);
    // Netlink, packet, vsock, key, alg, bluetooth and all that is to come: kernel surface, and channels between boxes.
    let families = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6];
    let families = families.map(|family| differs(0, u64::from(family.cast_unsigned())));
    let foreign = families.into_iter().collect::<Result<Vec<_>, _>>()?;
    denied.insert(libc::SYS_socket, vec![all_of(foreign.clone())?]);
    denied.insert(libc::SYS_socketpair, vec![all_of(foreign)?]);
    let mut strict = filter(denied, libc::EPERM)?;
    strict.splice(0..0, refuse_x32());
    Ok([filter(ABSENT.iter().map(|&(call, _)| (call, Vec::new())).collect(), libc::ENOSYS)?, strict])
}

#[expect(clippy::cast_sign_loss, reason = "error numbers are above 0")]
fn filter(rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32) -> Result<BpfProgram, Fault> {
    let architecture = TargetArch::try_from(std::env::consts::ARCH).map_err(|_| failed())?;
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(errno as u32), architecture)
        .and_then(BpfProgram::try_from)
        .map_err(|_| failed())
}

/// Where the kernel puts a call's number, and the low half of its first argument (seccomp(2), little endian).
const NUMBER: u32 = 0;
const FIRST_ARGUMENT: u32 = 16;

/// x32 shares the architecture word of x86-64 and has numbers of its own from this bit on.
fn refuse_x32() -> [sock_filter; 3] {
    const X32_BIT: u32 = 0x4000_0000;
    [
        instruction(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0, NUMBER),
        instruction(libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K, 0, 1, X32_BIT),
        instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_KILL_PROCESS),
    ]
}

fn refuse(errno: i32) -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ERRNO | errno.cast_unsigned())
}

fn allow() -> sock_filter {
    instruction(libc::BPF_RET | libc::BPF_K, 0, 0, libc::SECCOMP_RET_ALLOW)
}

/// Goes on with the next instruction when the loaded number is `call`, and skips `otherwise` when not.
fn on(call: i64, otherwise: u8) -> sock_filter {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "call numbers are small")]
    instruction(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, 0, otherwise, call as u32)
}

#[expect(clippy::cast_possible_truncation, reason = "an instruction's code has 16 bits")]
fn instruction(code: u32, jt: u8, jf: u8, k: u32) -> sock_filter {
    sock_filter { code: code as u16, jt, jf, k }
}

type Condition = Result<SeccompCondition, Fault>;

fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Condition {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value).map_err(|_| failed())
}

fn equals(argument: u8, value: u64) -> Condition {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn differs(argument: u8, value: u64) -> Condition {
    condition(argument, SeccompCmpOp::Ne, value)
}

fn all_of(conditions: Vec<SeccompCondition>) -> Result<SeccompRule, Fault> {
    SeccompRule::new(conditions).map_err(|_| failed())
}

fn any_of<const N: usize>(conditions: [Condition; N]) -> Result<Vec<SeccompRule>, Fault> {
    conditions.into_iter().map(|condition| all_of(vec![condition?])).collect()
}

fn failed() -> Fault {
    Fault { stage: "seccomp: compile the filter".to_owned(), errno: libc::EINVAL }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filters_compile_and_fit() {
        assert!(box_filters().unwrap().iter().all(|filter| filter.len() < 4096));
    }

    fn answer(call: i64, argument: u32) -> u32 {
        answer_of(&step_filter(), call, argument)
    }

    /// What a filter answers to a call with this first argument: the few instructions that ours use, run.
    fn answer_of(filter: &BpfProgram, call: i64, argument: u32) -> u32 {
        let (mut at, mut loaded) = (0, 0);
        loop {
            let now = &filter[at];
            let code = u32::from(now.code);
            at += 1;
            let jump = match code {
                _ if code == libc::BPF_LD | libc::BPF_W | libc::BPF_ABS => {
                    loaded = if now.k == NUMBER { u32::try_from(call).unwrap() } else { argument };
                    continue;
                }
                _ if code == libc::BPF_RET | libc::BPF_K => return now.k,
                _ if code == libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K => loaded == now.k,
                _ if code == libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K => loaded & now.k != 0,
                other => panic!("instruction {other}"),
            };
            at += usize::from(if jump { now.jt } else { now.jf });
        }
    }

    #[test]
    fn the_steps_filter_refuses_what_the_init_is_done_with() {
        let refused = |errno: i32| libc::SECCOMP_RET_ERRNO | errno.cast_unsigned();
        for &(call, _) in DENIED_LAST {
            assert_eq!(answer(call, 0), refused(libc::EPERM), "{call}");
        }
        assert_eq!(answer(libc::SYS_clone3, 0), refused(libc::ENOSYS));
        let flags = |flags: i32| flags.cast_unsigned();
        assert_eq!(answer(libc::SYS_clone, flags(libc::SIGCHLD)), libc::SECCOMP_RET_ALLOW);
        assert_eq!(answer(libc::SYS_clone, flags(libc::CLONE_VM | libc::CLONE_THREAD)), libc::SECCOMP_RET_ALLOW);
        assert_eq!(answer(libc::SYS_clone, flags(libc::CLONE_NEWUSER | libc::SIGCHLD)), refused(libc::EPERM));
        assert_eq!(answer(libc::SYS_read, u32::MAX), libc::SECCOMP_RET_ALLOW);
    }

    #[test]
    fn a_program_that_is_to_stay_is_refused_to_move_and_nothing_else() {
        let filter = affinity_filter();
        let refused = libc::SECCOMP_RET_ERRNO | libc::EPERM.cast_unsigned();
        assert_eq!(answer_of(&filter, libc::SYS_sched_setaffinity, 0), refused);
        for other in [libc::SYS_sched_getaffinity, libc::SYS_execve, libc::SYS_clone] {
            assert_eq!(answer_of(&filter, other, 0), libc::SECCOMP_RET_ALLOW);
        }
    }

    #[test]
    fn every_refusal_has_a_reason_and_stands_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (call, reason) in DENIED.iter().chain(DENIED_LAST).chain(ABSENT) {
            assert!(!reason.is_empty() && seen.insert(call), "{call} {reason}");
        }
    }
}
