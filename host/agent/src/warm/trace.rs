//! ptrace(2), as far as it is needed to stop a process and have it make system calls. x86-64 only.

use rustix::io::Errno;
use rustix::process::{Pid, WaitOptions, WaitStatus, waitpid};

pub(super) use libc::user_regs_struct as Registers;

/// How a stopped process goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// The next signal or fork.
    Stop,
    /// Also the next system call, at its begin and at its end.
    Call,
    /// One instruction.
    Instruction,
}

/// Why a process has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// A system call begins, or ends.
    Call,
    /// It has started another one, which has stopped too.
    Forked,
    /// A signal is about to be delivered.
    Signal(i32),
    /// It is gone.
    Ended,
}

/// A system call's bit in the signal's number (`PTRACE_O_TRACESYSGOOD`).
const CALL: i32 = libc::SIGTRAP | 0x80;
const OPTIONS: libc::c_int = libc::PTRACE_O_TRACESYSGOOD
    | libc::PTRACE_O_EXITKILL
    | libc::PTRACE_O_TRACEFORK
    | libc::PTRACE_O_TRACEVFORK
    | libc::PTRACE_O_TRACECLONE;

/// Lets the parent trace the calling process, which stops when it becomes another program.
pub(super) fn offer() -> Result<(), Errno> {
    ask(i64::from(libc::PTRACE_TRACEME), None, 0, 0)
}

/// The process, and all that it starts, dies with us.
pub(super) fn keep(pid: Pid) -> Result<(), Errno> {
    ask(i64::from(libc::PTRACE_SETOPTIONS), Some(pid), 0, OPTIONS as usize)
}

/// Lets go of a stopped process, which goes on as if it had never been traced.
pub(super) fn release(pid: Pid) -> Result<(), Errno> {
    ask(i64::from(libc::PTRACE_DETACH), Some(pid), 0, 0)
}

pub(super) fn resume(pid: Pid, until: Until) -> Result<(), Errno> {
    let request = match until {
        Until::Stop => i64::from(libc::PTRACE_CONT),
        Until::Call => i64::from(libc::PTRACE_SYSCALL),
        Until::Instruction => i64::from(libc::PTRACE_SINGLESTEP),
    };
    ask(request, Some(pid), 0, 0)
}

/// Waits until the process stops or ends.
pub(super) fn wait(pid: Pid) -> Result<Stop, Errno> {
    loop {
        match waitpid(Some(pid), WaitOptions::empty()) {
            Ok(Some((_, status))) => return Ok(reason(status)),
            Ok(None) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

fn reason(status: WaitStatus) -> Stop {
    match status.stopping_signal() {
        None => Stop::Ended,
        Some(CALL) => Stop::Call,
        // The event of a fork stands above the signal's number.
        Some(libc::SIGTRAP) if status.as_raw() >> 16 != 0 => Stop::Forked,
        Some(signal) => Stop::Signal(signal),
    }
}

/// Whom a process that stopped with [`Stop::Forked`] has started.
pub(super) fn started_by(pid: Pid) -> Result<Pid, Errno> {
    let mut message: libc::c_ulong = 0;
    ask(i64::from(libc::PTRACE_GETEVENTMSG), Some(pid), 0, (&raw mut message).addr())?;
    i32::try_from(message).ok().and_then(Pid::from_raw).ok_or(Errno::SRCH)
}

pub(super) fn registers(pid: Pid) -> Result<Registers, Errno> {
    // SAFETY: all-zero is a valid value of this plain structure, and the kernel fills in exactly one.
    let mut registers: Registers = unsafe { std::mem::zeroed() };
    ask(i64::from(libc::PTRACE_GETREGS), Some(pid), 0, (&raw mut registers).addr())?;
    Ok(registers)
}

pub(super) fn set_registers(pid: Pid, registers: &Registers) -> Result<(), Errno> {
    ask(i64::from(libc::PTRACE_SETREGS), Some(pid), 0, std::ptr::from_ref(registers).addr())
}

/// The C libraries disagree on the type of a request's number.
fn ask(request: i64, pid: Option<Pid>, address: usize, data: usize) -> Result<(), Errno> {
    let pid = pid.map_or(0, |pid| pid.as_raw_nonzero().get());
    // SAFETY: callers give the address of a value of the request's own type that outlives the call, or a number. The
    // other process's memory is not ours.
    let result = unsafe { libc::syscall(libc::SYS_ptrace, request, pid, address, data) };
    if result == 0 { Ok(()) } else { Err(crate::sys::last_errno()) }
}
