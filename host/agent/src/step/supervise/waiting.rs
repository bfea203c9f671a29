//! Whether a step waits for more input: the only time at which the end of a live input says something.
//!
//! An interactor that decides by what it has read must not be judged by whether its partner's end came before its own.
//! So that end is held back until the interactor has read all there is and asks for more.

mod call;

use std::fs;
use std::os::fd::OwnedFd;

use rustix::fs::fstat;
use rustix::io::ioctl_fionread;

use super::starved::entries;
use call::Call;

/// A device and an inode: what a pipe is, whatever descriptor leads to it.
type Identity = (u64, u64);

/// Whether the step has read all of `pipe`, into which nothing is written any more, and some thread of it is blocked in a
/// system call that waits for input from there.
///
/// A blocked thread's system call and its arguments are in its `syscall` (proc_pid_syscall(5)); a thread that runs, or
/// could, shows the word `running` there. What cannot be read counts as not waiting: the init of a step, a program that
/// is being started, a thread that has just ended (`ESRCH`). To take such a thread for one that waits gives an end away
/// that the program never waited for.
pub(super) fn waits_for(pipe: &OwnedFd) -> bool {
    // In this order: a thread that is blocked after the pipe was seen empty has nothing left to read.
    if !matches!(ioctl_fionread(pipe), Ok(0)) {
        return false;
    }
    let Ok(seen) = fstat(pipe) else { return false };
    let wanted = (seen.st_dev, seen.st_ino);
    threads().any(|(pid, tid)| {
        fs::read_to_string(format!("/proc/{pid}/task/{tid}/syscall"))
            .is_ok_and(|line| Call::parse(pid, &line).is_some_and(|call| call.waits_for(wanted)))
    })
}

/// Of all processes but our own; the inits of steps are among them, and read nothing but orders.
fn threads() -> impl Iterator<Item = (u32, u32)> {
    entries("/proc").flat_map(|pid| entries(&format!("/proc/{pid}/task")).map(move |tid| (pid, tid)))
}
