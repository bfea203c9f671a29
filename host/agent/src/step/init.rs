//! The init of a step: waits for its orders, starts the program, and leaves nothing of it alive.

use std::os::fd::{AsRawFd as _, OwnedFd};
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Instant;

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};

use super::adopt::{adopt, since};
use super::areas::show_stage;
use super::say::{hear, say};
use super::{End, Orders, Said, program};
use crate::fault::{At as _, Fault};
use crate::sys;
use crate::wall::Programs;

/// The program that another process put into our pid namespace is the first there after us.
const ADOPTED: Pid = Pid::from_raw(2).unwrap();

/// The init's whole life.
pub(super) fn live(entered: Result<(), Fault>, control: &OwnedFd, programs: Programs, fresh: bool) -> ! {
    sys::close_all_but(control.as_raw_fd());
    let said = match entered.and_then(|()| serve(control, programs, fresh)) {
        Ok(said) => said,
        Err(fault) => Said::Failed { stage: fault.stage, errno: fault.errno },
    };
    // If the agent has gone, so shall we.
    if say(control, &said).is_ok() {
        // Our death takes the step's namespaces down, which takes a while: the agent decides when.
        let _ = hear::<()>(control);
    }
    sys::exit(0)
}

fn serve(control: &OwnedFd, programs: Programs, fresh: bool) -> Result<Said, Fault> {
    let word = AtomicI32::new(0);
    let Some(orders) = hear::<Orders>(control).at("hear the launch")? else { sys::exit(0) };
    if fresh {
        show_stage()?;
    }
    // Fork, exec and exit of the program are its wall time; our own preparations are not.
    let mut start = Instant::now();
    let program = match orders {
        Orders::Start(launch, limits) => {
            sys::vfork(|| program::become_program(&launch, &limits, programs, &word)).at("vfork")?
        }
        Orders::Adopt => {
            adopt(control)?;
            let Some(at) = hear::<u64>(control).at("hear the start")? else { sys::exit(0) };
            start = Instant::now().checked_sub(since(at)).unwrap_or(start);
            ADOPTED
        }
    };
    // Otherwise our copies would keep the pipes open.
    let nowhere = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    );
    if let Ok(nowhere) = &nowhere {
        let _ = rustix::stdio::dup2_stdin(nowhere);
        let _ = rustix::stdio::dup2_stdout(nowhere);
        let _ = rustix::stdio::dup2_stderr(nowhere);
    }
    let status = wait_for(program)?;
    let wall_us = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
    kill_the_rest();
    let end = end_of(status, &word)?;
    let (cpu_us, peak_bytes) = usage();
    Ok(Said::Ended { end, wall_us, cpu_us, peak_bytes })
}

/// Waits for the program, and buries orphans meanwhile.
fn wait_for(program: Pid) -> Result<WaitStatus, Fault> {
    loop {
        match retry_on_intr(|| wait(WaitOptions::empty())).at("wait")? {
            Some((pid, status)) if pid == program => return Ok(status),
            _ => {}
        }
    }
}

/// Every orphan is ours, so once we have no child left, nothing of the step is alive.
fn kill_the_rest() {
    while sys::kill_all_others() {
        while matches!(retry_on_intr(|| wait(WaitOptions::empty())), Ok(Some(_))) {}
    }
}

fn end_of(status: WaitStatus, word: &AtomicI32) -> Result<End, Fault> {
    match word.load(Ordering::Relaxed) {
        0 => {}
        errno if errno > 0 => return Ok(End::NotStarted(errno)),
        failed => return Err(program::fault(failed)),
    }
    let signal = status.terminating_signal().map(End::Signal);
    signal.or_else(|| status.exit_status().map(End::Code)).ok_or_else(|| Fault::new("wait status", Errno::INVAL))
}

/// CPU time and largest resident set of the children that were waited for: what we know without a cgroup.
fn usage() -> (u64, u64) {
    let usage = sys::children_usage();
    let us = |time: libc::timeval| (time.tv_sec * 1_000_000 + time.tv_usec).cast_unsigned();
    (us(usage.ru_utime) + us(usage.ru_stime), usage.ru_maxrss.cast_unsigned() * 1024)
}
