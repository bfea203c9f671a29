//! A system call in which a thread is blocked, and whether it waits for input from a pipe.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use rustix::fs::stat;

use super::Identity;

/// More descriptors than a program may have open are not looked through.
const MAX_POLLED: u64 = 4096;
/// `struct pollfd`: a descriptor, the events that are waited for, those that have come (poll(2)).
const POLLFD: u64 = 8;

/// A blocked system call of a process, as `/proc/PID/task/TID/syscall` shows it.
pub(super) struct Call {
    pid: u32,
    number: libc::c_long,
    arguments: [u64; 6],
}

impl Call {
    /// Reads a line of `syscall`: the number in decimal, six arguments and two pointers in hexadecimal. None for a thread
    /// that runs, and for one that is blocked outside of a system call (-1).
    pub(super) fn parse(pid: u32, line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let number = words.next()?.parse().ok().filter(|number| *number >= 0)?;
        let mut arguments = [0; 6];
        for argument in &mut arguments {
            *argument = u64::from_str_radix(words.next()?.strip_prefix("0x")?, 16).ok()?;
        }
        Some(Self { pid, number, arguments })
    }

    /// Whether it waits for input from the pipe, alone or among other descriptors.
    pub(super) fn waits_for(&self, pipe: Identity) -> bool {
        let [first, second, ..] = self.arguments;
        match self.number {
            libc::SYS_read | libc::SYS_readv | libc::SYS_splice | libc::SYS_tee => self.is(first, pipe),
            libc::SYS_sendfile => self.is(second, pipe),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_poll => self.polls(first, second, pipe),
            libc::SYS_ppoll => self.polls(first, second, pipe),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_select => self.selects(first, second, pipe),
            libc::SYS_pselect6 => self.selects(first, second, pipe),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_epoll_wait => self.epolls(first, pipe),
            libc::SYS_epoll_pwait | libc::SYS_epoll_pwait2 => self.epolls(first, pipe),
            _ => false,
        }
    }

    /// poll(2): an array of `struct pollfd` and its length.
    fn polls(&self, array: u64, length: u64, pipe: Identity) -> bool {
        let wanted = libc::POLLIN | libc::POLLRDNORM;
        self.memory(array, length.min(MAX_POLLED) * POLLFD).is_some_and(|bytes| {
            bytes.chunks_exact(POLLFD as usize).any(|entry| {
                let descriptor = u32::from_ne_bytes([entry[0], entry[1], entry[2], entry[3]]);
                let events = i16::from_ne_bytes([entry[4], entry[5]]);
                events & wanted != 0 && self.is(u64::from(descriptor), pipe)
            })
        })
    }

    /// select(2): the highest descriptor and one, and a set of bits of those to read from.
    fn selects(&self, count: u64, set: u64, pipe: Identity) -> bool {
        let count = count.min(MAX_POLLED);
        // The kernel reads whole words of 64 bits.
        self.memory(set, count.div_ceil(64) * 8).is_some_and(|bytes| {
            (0..count).any(|descriptor| {
                let byte = bytes.get(descriptor as usize / 8).copied().unwrap_or(0);
                byte >> (descriptor % 8) & 1 == 1 && self.is(descriptor, pipe)
            })
        })
    }

    /// epoll_wait(2): an epoll instance, whose `fdinfo` has a line `tfd: DESCRIPTOR events: MASK` for each of its
    /// descriptors, the mask in hexadecimal (proc_pid_fdinfo(5)).
    fn epolls(&self, instance: u64, pipe: Identity) -> bool {
        let Ok(text) = fs::read_to_string(format!("/proc/{}/fdinfo/{instance}", self.pid)) else { return false };
        text.lines().any(|line| {
            let mut words = line.split_ascii_whitespace();
            let ("tfd:", Some(descriptor), Some("events:"), Some(events)) =
                (words.next().unwrap_or_default(), words.next(), words.next(), words.next())
            else {
                return false;
            };
            let events = u32::from_str_radix(events, 16).unwrap_or(0);
            let wanted = (libc::EPOLLIN | libc::EPOLLRDNORM).cast_unsigned();
            events & wanted != 0 && descriptor.parse().is_ok_and(|descriptor| self.is(descriptor, pipe))
        })
    }

    /// Bytes of the process, which are blocked with it and so do not change.
    fn memory(&self, address: u64, length: u64) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).ok()?];
        let memory = File::open(format!("/proc/{}/mem", self.pid)).ok()?;
        memory.read_exact_at(&mut bytes, address).ok()?;
        Some(bytes)
    }

    /// Whether one of its descriptors leads to the pipe.
    fn is(&self, descriptor: u64, pipe: Identity) -> bool {
        // The link of a pipe leads nowhere by name; stat(2) goes through it all the same.
        stat(format!("/proc/{}/fd/{descriptor}", self.pid)).is_ok_and(|seen| (seen.st_dev, seen.st_ino) == pipe)
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsRawFd as _;

    use rustix::event::{PollFd, PollFlags, poll};
    use rustix::fs::fstat;
    use rustix::pipe::pipe;

    use super::*;

    /// Looks at ourselves: a call that we could be blocked in, with its arguments.
    fn call(number: libc::c_long, arguments: [u64; 3]) -> Call {
        let [first, second, third] = arguments;
        let line = format!("{number} {first:#x} {second:#x} {third:#x} 0x0 0x0 0x0 0x7ffd0 0x7f000");
        Call::parse(std::process::id(), &line).unwrap()
    }

    #[test]
    fn calls_that_read_from_the_pipe_wait_for_it_and_others_do_not() {
        let (pipe, other) = (pipe().unwrap(), pipe().unwrap());
        let seen = fstat(&pipe.1).unwrap();
        let wanted = (seen.st_dev, seen.st_ino);
        let [ours, others] = [&pipe.0, &other.0].map(|end| u64::try_from(end.as_raw_fd()).unwrap());
        assert!(call(libc::SYS_read, [ours, 0, 0]).waits_for(wanted));
        assert!(!call(libc::SYS_read, [others, 0, 0]).waits_for(wanted));
        assert!(!call(libc::SYS_write, [ours, 0, 0]).waits_for(wanted));
        for (end, waits) in [(&pipe.0, true), (&other.0, false)] {
            let mut fds = [PollFd::new(&other.1, PollFlags::OUT), PollFd::new(end, PollFlags::IN)];
            poll(&mut fds, Some(&rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 })).unwrap();
            assert_eq!(call(libc::SYS_ppoll, [fds.as_ptr() as u64, 2, 0]).waits_for(wanted), waits);
        }
        for (descriptor, waits) in [(ours, true), (others, false)] {
            let mut set = [0_u64; 16];
            set[descriptor as usize / 64] = 1 << (descriptor % 64);
            assert_eq!(call(libc::SYS_pselect6, [1024, set.as_ptr() as u64, 0]).waits_for(wanted), waits);
        }
    }

    #[test]
    fn an_epoll_instance_waits_for_what_is_added_to_it() {
        use rustix::event::epoll::{CreateFlags, EventData, EventFlags, add, create, delete};
        let pipe = pipe().unwrap();
        let seen = fstat(&pipe.1).unwrap();
        let instance = create(CreateFlags::CLOEXEC).unwrap();
        let number = u64::try_from(instance.as_raw_fd()).unwrap();
        let waits = || call(libc::SYS_epoll_pwait, [number, 0, 0]).waits_for((seen.st_dev, seen.st_ino));
        assert!(!waits());
        add(&instance, &pipe.0, EventData::new_u64(0), EventFlags::IN).unwrap();
        assert!(waits());
        delete(&instance, &pipe.0).unwrap();
        assert!(!waits());
    }

    #[test]
    fn a_thread_that_runs_is_in_no_call() {
        for line in ["running\n", "-1 0x7ffd0 0x7f000\n", ""] {
            assert!(Call::parse(1, line).is_none(), "{line}");
        }
    }
}
