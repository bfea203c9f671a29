//! Whether a step waits for more input: the only time at which the end of a live input says something.
//!
//! An interactor that decides by what it has read must not be judged by whether its partner's end came before its own.
//! So that end is held back until the interactor has read all there is and asks for more.

use std::fs;
use std::os::fd::OwnedFd;

use rustix::fs::{fstat, stat};
use rustix::io::ioctl_fionread;

use super::starved::entries;

/// A device and an inode: what a pipe is, whatever descriptor leads to it.
type Identity = (u64, u64);

/// Whether the step has read all of `pipe`, into which nothing is written any more, and some thread of it is blocked in a
/// system call that reads from there, or that waits for any of several descriptors.
///
/// A blocked thread's system call and its arguments are in its `syscall` (proc_pid_syscall(5)); a thread that runs, or
/// could, shows the word `running` there. Where the kernel lets us read that of no thread at all, every thread being
/// asleep is what remains to go by. The inits of steps can never be read, and sleep while their program runs.
pub(super) fn waits_for(pipe: &OwnedFd) -> bool {
    // In this order: a thread that is blocked after the pipe was seen empty has nothing left to read.
    if !matches!(ioctl_fionread(pipe), Ok(0)) {
        return false;
    }
    let Ok(seen) = fstat(pipe) else { return false };
    let wanted = (seen.st_dev, seen.st_ino);
    let (mut all_asleep, mut readable, mut unreadable) = (true, false, false);
    for (pid, tid) in threads() {
        match fs::read_to_string(format!("/proc/{pid}/task/{tid}/syscall")) {
            Ok(line) if reads(&line, pid, wanted) => return true,
            Ok(_) => readable = true,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => {
                unreadable = true;
                all_asleep &= is_asleep(pid, tid);
            }
        }
    }
    !readable && unreadable && all_asleep
}

/// Of all processes but our own; the inits of steps are among them, and read nothing but orders.
fn threads() -> impl Iterator<Item = (u32, u32)> {
    entries("/proc").flat_map(|pid| entries(&format!("/proc/{pid}/task")).map(move |tid| (pid, tid)))
}

/// Whether a line of `syscall` is a call that waits for input from the pipe.
fn reads(line: &str, pid: u32, wanted: Identity) -> bool {
    let mut words = line.split_ascii_whitespace();
    let Some(number) = words.next().and_then(|word| word.parse::<libc::c_long>().ok()) else { return false };
    let arguments: Vec<u64> = words.filter_map(|word| u64::from_str_radix(word.strip_prefix("0x")?, 16).ok()).collect();
    let descriptor = match number {
        libc::SYS_read | libc::SYS_readv | libc::SYS_splice => arguments.first(),
        libc::SYS_sendfile => arguments.get(1),
        _ => return waits_for_several(number),
    };
    descriptor.is_some_and(|descriptor| identity(pid, *descriptor) == Some(wanted))
}

/// Which descriptors such a call waits for is in the program's memory, where we do not look.
fn waits_for_several(number: libc::c_long) -> bool {
    #[cfg(target_arch = "x86_64")]
    if matches!(number, libc::SYS_poll | libc::SYS_select | libc::SYS_epoll_wait) {
        return true;
    }
    matches!(number, libc::SYS_ppoll | libc::SYS_pselect6 | libc::SYS_epoll_pwait | libc::SYS_epoll_pwait2)
}

fn identity(pid: u32, descriptor: u64) -> Option<Identity> {
    // The link of a pipe leads nowhere by name; stat(2) goes through it all the same.
    let seen = stat(format!("/proc/{pid}/fd/{descriptor}")).ok()?;
    Some((seen.st_dev, seen.st_ino))
}

/// Whether a thread sleeps until something happens: `S` after the name, in parentheses, of proc_pid_stat(5).
fn is_asleep(pid: u32, tid: u32) -> bool {
    let Ok(line) = fs::read_to_string(format!("/proc/{pid}/task/{tid}/stat")) else { return true };
    line.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'))
}
