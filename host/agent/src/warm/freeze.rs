//! From `execve` to the point from which on starts differ: the first system call that is not known to mean the same to
//! every program that is started so.

use std::ffi::CStr;
use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustix::io::Errno;
use rustix::process::{Pid, Resource};

use super::remote::word;
use super::trace::{self, Registers, Stop, Until};
use crate::fault::{At as _, Fault};
use crate::step::MOUNT_POINTS;

/// The program's ids in its own pid namespace, whose pid 1 is the step's init.
const OWN: u64 = 2;
const PARENTS: u64 = 1;

/// asm-generic/ioctls.h: whether a descriptor is a terminal.
const TCGETS: u64 = 0x5401;

/// A process that is about to do something of its own.
pub(super) struct Frozen {
    /// At the call, as it was about to be made.
    pub(super) registers: Registers,
    /// What the C library told the kernel about its thread: where its id is kept, and its list of robust futexes.
    pub(super) tid_address: u64,
    pub(super) robust_list: Option<(u64, u64)>,
}

/// What is to be done about a call.
enum Verdict {
    /// It means the same in every start.
    Shared,
    /// It asks who we are: this is the answer.
    Identity(u64),
    /// It is the first that does not.
    Own,
}

/// Lets `pid`, which has just become its program, run until it is frozen.
pub(super) fn freeze(pid: Pid, memory: &File) -> Result<Frozen, Fault> {
    let mut known =
        Frozen { registers: trace::registers(pid).at("warm: registers")?, tid_address: 0, robust_list: None };
    loop {
        let registers = next_call(pid)?;
        let answer = match judge(&registers, memory) {
            Verdict::Own => {
                known.registers = registers;
                skip(pid, &registers)?;
                return Ok(known);
            }
            Verdict::Identity(answer) => Some(answer),
            Verdict::Shared => None,
        };
        match registers.orig_rax.cast_signed() {
            libc::SYS_set_tid_address => known.tid_address = registers.rdi,
            libc::SYS_set_robust_list => known.robust_list = Some((registers.rdi, registers.rsi)),
            _ => {}
        }
        let after = next_call(pid)?;
        if let Some(rax) = answer {
            trace::set_registers(pid, &Registers { rax, ..after }).at("warm: answer for the kernel")?;
        }
    }
}

/// The call is not made: the registers at its begin are kept, and this is its end. Something harmless takes its place;
/// the number -1, which stands for no call, would be a wrong one to the box's filter.
fn skip(pid: Pid, at_begin: &Registers) -> Result<(), Fault> {
    trace::set_registers(pid, &Registers { orig_rax: libc::SYS_getpid.cast_unsigned(), ..*at_begin })
        .at("warm: skip a call")?;
    next_call(pid).map(drop)
}

/// Goes on to the next begin or end of a system call.
fn next_call(pid: Pid) -> Result<Registers, Fault> {
    trace::resume(pid, Until::Call).at("warm: resume")?;
    match trace::wait(pid).at("warm: wait")? {
        Stop::Call => trace::registers(pid).at("warm: registers"),
        other => Err(Fault::new(format!("warm: start-up: {other:?}"), Errno::CHILD)),
    }
}

fn judge(registers: &Registers, memory: &File) -> Verdict {
    let Registers { rdi, rsi, rdx, .. } = *registers;
    let by_path = |shared: bool| if shared { Verdict::Shared } else { Verdict::Own };
    match registers.orig_rax.cast_signed() {
        libc::SYS_open | libc::SYS_stat | libc::SYS_lstat | libc::SYS_access | libc::SYS_readlink => {
            by_path(is_toolchains(memory, rdi, false))
        }
        libc::SYS_openat if rdx & word(libc::O_CREAT | libc::O_WRONLY | libc::O_RDWR) == 0 => {
            by_path(is_toolchains(memory, rsi, false))
        }
        libc::SYS_newfstatat => by_path(is_toolchains(memory, rsi, true)),
        libc::SYS_readlinkat | libc::SYS_faccessat | libc::SYS_faccessat2 => by_path(is_toolchains(memory, rsi, false)),
        // Of an open file; the streams are pipes like the program's own, and nothing has been read or written.
        libc::SYS_read | libc::SYS_pread64 => by_path(rdi > 2),
        libc::SYS_lseek | libc::SYS_fstat | libc::SYS_close | libc::SYS_getdents64 => Verdict::Shared,
        libc::SYS_ioctl => by_path(rsi == TCGETS),
        libc::SYS_fcntl => by_path(matches!(rsi, 0..=3)),
        libc::SYS_mmap | libc::SYS_munmap | libc::SYS_mprotect | libc::SYS_brk | libc::SYS_mremap => Verdict::Shared,
        libc::SYS_rt_sigaction | libc::SYS_rt_sigprocmask | libc::SYS_sigaltstack => Verdict::Shared,
        libc::SYS_arch_prctl | libc::SYS_set_robust_list | libc::SYS_rseq | libc::SYS_futex => Verdict::Shared,
        libc::SYS_getuid | libc::SYS_geteuid | libc::SYS_getgid | libc::SYS_getegid => Verdict::Shared,
        libc::SYS_getcwd | libc::SYS_uname | libc::SYS_sysinfo | libc::SYS_getrandom => Verdict::Shared,
        // Of its limits only that of the stack is the program's already.
        libc::SYS_prlimit64 => by_path(rdi == 0 && rsi == Resource::Stack as u64 && rdx == 0),
        libc::SYS_getpid | libc::SYS_gettid | libc::SYS_set_tid_address | libc::SYS_getpgrp => Verdict::Identity(OWN),
        libc::SYS_getppid => Verdict::Identity(PARENTS),
        _ => Verdict::Own,
    }
}

/// Whether a path leads to what every program of the box sees alike: not to where programs work, and not to what the
/// kernel says about a process.
fn is_toolchains(memory: &File, address: u64, may_be_empty: bool) -> bool {
    let mut buffer = [0; libc::PATH_MAX as usize];
    // What follows may not be there.
    let Ok(read) = memory.read_at(&mut buffer, address) else { return false };
    let Ok(path) = CStr::from_bytes_until_nul(&buffer[..read]) else { return false };
    let path = path.to_bytes();
    let below =
        |area: &str| path.strip_prefix(area.as_bytes()).is_some_and(|rest| matches!(rest.first(), None | Some(b'/')));
    let plain = !path.windows(2).any(|pair| pair == b"//" || pair == b"..");
    let in_any = |areas: &[&str]| areas.iter().any(|area| below(area));
    // Of /proc, what the kernel says about itself is nobody's own; a box shows none of it.
    let is_own = in_any(&MOUNT_POINTS) || in_any(&["/proc", "/dev"]) && !in_any(&["/proc/sys"]);
    match path.first() {
        None => may_be_empty,
        Some(b'/') => plain && path.len() > 1 && !is_own,
        Some(_) => false,
    }
}
