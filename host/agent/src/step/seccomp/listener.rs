//! Calls that a step's filter leaves to the agent (seccomp_unotify(2)): the caller waits until the agent has answered.

use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use rustix::io::Errno;
use seccompiler::BpfProgram;

/// Where the calls arrive.
#[derive(Debug)]
pub(crate) struct Listener(OwnedFd);

/// A call that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked {
    id: u64,
    /// The system call.
    pub(crate) number: u32,
}

/// Since Linux 5.19, a signal does not interrupt a call that is being answered.
const PATIENT: libc::c_ulong = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;

/// The flags by which this kernel makes a listener. It looks at them before it looks for the program, which is not there.
pub(super) fn flags() -> u64 {
    let none = std::ptr::null::<libc::sock_fprog>();
    // SAFETY: the kernel finds nothing to read at the null pointer, and changes nothing.
    unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, PATIENT, none) };
    if last_errno() == Errno::FAULT { PATIENT } else { libc::SECCOMP_FILTER_FLAG_NEW_LISTENER }
}

impl Listener {
    /// Puts the calling process, and all that it will start, under `filter` too, and listens.
    ///
    /// # Errors
    /// `EBUSY` where something above us listens already, `EINVAL` where the kernel cannot (gVisor).
    pub(super) fn install(filter: &BpfProgram) -> Result<Self, Errno> {
        let length = u16::try_from(filter.len()).map_err(|_| Errno::TOOBIG)?;
        let program = libc::sock_fprog { len: length, filter: filter.as_ptr().cast_mut().cast() };
        let mut errno = Errno::INVAL;
        for flags in [PATIENT, libc::SECCOMP_FILTER_FLAG_NEW_LISTENER] {
            // SAFETY: the kernel reads the program, whose instructions have the layout of `sock_filter` and outlive the call.
            let fd =
                unsafe { libc::syscall(libc::SYS_seccomp, libc::SECCOMP_SET_MODE_FILTER, flags, &raw const program) };
            match i32::try_from(fd) {
                // SAFETY: the kernel has just made this descriptor, and nothing else owns it. It is close-on-exec.
                Ok(fd @ 0..) => return Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) })),
                _ => errno = last_errno(),
            }
        }
        Err(errno)
    }

    /// The call that has waited longest. To be asked for when `poll` says that there is one: otherwise it waits.
    pub(crate) fn asked(&self) -> Option<Asked> {
        // SAFETY: all-zero is a valid `seccomp_notif`, and what the kernel demands.
        let mut notice: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the kernel fills in exactly one.
        let result = unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV, &raw mut notice) };
        // `ENOENT`: its caller has ended meanwhile.
        (result == 0).then(|| Asked { id: notice.id, number: notice.data.nr.cast_unsigned() })
    }

    /// Lets it happen.
    pub(crate) fn allow(&self, asked: Asked) {
        let flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
        let answer = libc::seccomp_notif_resp { id: asked.id, val: 0, error: 0, flags };
        // SAFETY: the kernel reads exactly one. It fails when the caller has ended, who needs no answer then.
        unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const answer) };
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl From<OwnedFd> for Listener {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}
