//! System calls for which rustix has no safe function. Everything here assumes what is true of the agent: it has one
//! thread, so a forked child finds a consistent heap.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::UnshareFlags;

/// A child of ours.
#[derive(Debug)]
pub(crate) struct Child {
    pub(crate) pid: Pid,
    pub(crate) pidfd: OwnedFd,
}

#[repr(C)]
#[derive(Default)]
struct CloneArgs {
    flags: u64,
    pidfd: u64,
    child_tid: u64,
    parent_tid: u64,
    exit_signal: u64,
    stack: u64,
    stack_size: u64,
    tls: u64,
    set_tid: u64,
    set_tid_size: u64,
    cgroup: u64,
}

/// linux/sched.h; libc's constant has lost its upper half.
pub(crate) const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Forks into new namespaces, and into `cgroup` when there is one (Linux 5.7). `None` in the child.
pub(crate) fn clone3(namespaces: i32, cgroup: Option<BorrowedFd<'_>>) -> Result<Option<Child>, Errno> {
    let mut pidfd: i32 = -1;
    let mut args = CloneArgs {
        flags: u64::from(namespaces.cast_unsigned()) | libc::CLONE_PIDFD as u64,
        pidfd: (&raw mut pidfd) as u64,
        exit_signal: libc::SIGCHLD as u64,
        ..CloneArgs::default()
    };
    if let Some(cgroup) = cgroup {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = u64::try_from(cgroup.as_raw_fd()).map_err(|_| Errno::BADF)?;
    }
    // SAFETY: without CLONE_VM this is `fork`: the child has its own copy of everything, and we have one thread, so
    // no lock is held by somebody who is gone. `args` outlives the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw const args, size_of::<CloneArgs>()) };
    match pid {
        0 => Ok(None),
        1.. => {
            let pid = i32::try_from(pid).ok().and_then(Pid::from_raw).ok_or(Errno::INVAL)?;
            // SAFETY: the kernel has just put a new descriptor there, which nobody else owns.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Some(Child { pid, pidfd }))
        }
        _ => Err(last_errno()),
    }
}

/// Starts a child that runs `run` in our own memory, on a stack of its own, while we wait for it to become another
/// program or to end. That spares the copy of our memory, which would be thrown away at once.
pub(crate) fn vfork<F: FnMut()>(mut run: F) -> Result<Pid, Errno> {
    extern "C" fn enter<F: FnMut()>(run: *mut libc::c_void) -> libc::c_int {
        // SAFETY: `vfork` passes the address of its `run`, which outlives the child's use of our memory.
        unsafe { (*run.cast::<F>())() };
        127
    }
    let mut stack = vec![0_u8; STACK];
    let end = stack.as_mut_ptr_range().end;
    // SAFETY: one past the end is a valid address of the same allocation; stacks grow downwards from 16-byte alignment.
    let top = unsafe { end.sub(end.addr() % 16) };
    // `clone` itself: the filter that is already in place forbids `clone3`.
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: we are suspended until the child has left our memory, so nothing of ours is touched by two at a time, and
    // `stack` and `run` live on. What the child changes (heap, errno) is as if we had.
    let pid = unsafe { libc::clone(enter::<F>, top.cast(), flags, (&raw mut run).cast()) };
    Pid::from_raw(pid.max(0)).ok_or_else(last_errno)
}

/// Enough to find a program along a path.
const STACK: usize = 256 << 10;

#[repr(C)]
struct MountAttr {
    set: u64,
    clear: u64,
    propagation: u64,
    userns: u64,
}

/// Adds `attributes` to the mount at `path` under `dir`, or with `AT_RECURSIVE` to the whole tree (Linux 5.12).
pub(crate) fn mount_setattr(dir: BorrowedFd<'_>, path: &str, flags: i32, attributes: u64) -> Result<(), Errno> {
    let path = CString::new(path).map_err(|_| Errno::INVAL)?;
    let attr = MountAttr { set: attributes, clear: 0, propagation: 0, userns: 0 };
    // SAFETY: `path` is terminated, `attr` has the size we name, and both outlive the call.
    let result = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            dir.as_raw_fd(),
            path.as_ptr(),
            flags,
            &raw const attr,
            size_of::<MountAttr>(),
        )
    };
    if result == 0 { Ok(()) } else { Err(last_errno()) }
}

/// Leaves namespaces behind.
pub(crate) fn unshare(flags: UnshareFlags) -> Result<(), Errno> {
    // SAFETY: we have one thread, and FILES, whose unsharing is what makes this unsafe, is never among the flags.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

/// Kills everything in this pid namespace but us. False when there was nothing.
pub(crate) fn kill_all_others() -> bool {
    // SAFETY: no memory is involved. We are pid 1 of a namespace, so -1 means our own descendants.
    unsafe { libc::kill(-1, libc::SIGKILL) == 0 }
}

/// Stops everything in this pid namespace but us, or lets it go on.
pub(crate) fn stand_still(stop: bool) {
    // Elsewhere -1 would mean every process of the machine.
    if rustix::process::getpid().is_init() {
        // SAFETY: no memory is involved.
        unsafe { libc::kill(-1, if stop { libc::SIGSTOP } else { libc::SIGCONT }) };
    }
}

/// Whether a descriptor of two processes leads to the same open file. What cannot be told, because one has closed it or
/// the kernel has no kcmp(2), counts as the same.
pub(crate) fn is_same_file(first: u32, second: u32, descriptor: u32) -> bool {
    const KCMP_FILE: i32 = 0;
    // SAFETY: no memory is involved.
    let order = unsafe { libc::syscall(libc::SYS_kcmp, first, second, KCMP_FILE, descriptor, descriptor) };
    // 1 to 3: less, greater, different.
    order <= 0
}

/// Closes every descriptor from `first` on.
pub(crate) fn close_from(first: u32) {
    // SAFETY: callers keep no owner of a descriptor from `first` on that they use again; they leave by `exit`.
    unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
}

/// Gives a descriptor another number too, at which it stays open across `execve`.
#[cfg_attr(not(target_arch = "x86_64"), expect(dead_code, reason = "only warm starts need it"))]
pub(crate) fn duplicate_to(descriptor: impl AsFd, number: i32) -> Result<(), Errno> {
    // SAFETY: no memory is involved, and callers own no descriptor of that number.
    match unsafe { libc::dup3(descriptor.as_fd().as_raw_fd(), number, 0) } {
        -1 => Err(last_errno()),
        _ => Ok(()),
    }
}

/// Ends this process without running what belongs to the one it was forked from.
pub(crate) fn exit(code: i32) -> ! {
    // SAFETY: it does not return.
    unsafe { libc::_exit(code) }
}

/// Becomes another program; returns only the reason why not.
pub(crate) fn execve(path: &CString, argv: &Vector, envp: &Vector) -> Errno {
    // SAFETY: both vectors end with a null pointer, and own the strings that they point to.
    unsafe { libc::execve(path.as_ptr(), argv.pointers.as_ptr(), envp.pointers.as_ptr()) };
    last_errno()
}

/// Strings as `execve` wants them.
pub(crate) struct Vector {
    _strings: Vec<CString>,
    pointers: Vec<*const libc::c_char>,
}

impl Vector {
    pub(crate) fn new(strings: Vec<CString>) -> Self {
        let mut pointers: Vec<_> = strings.iter().map(|string| string.as_ptr()).collect();
        pointers.push(std::ptr::null());
        Self { _strings: strings, pointers }
    }
}

/// Restores the default action of `signal`, also of those that the C library keeps for itself.
pub(crate) fn default_action(signal: i32) {
    // The kernel's `sigaction`: handler (`SIG_DFL` is 0), flags, restorer, mask.
    let default = [0_usize; 4];
    let none = std::ptr::null_mut::<usize>();
    // SAFETY: the kernel reads those four words and writes nothing; for others than real signals it says no.
    unsafe { libc::syscall(libc::SYS_rt_sigaction, signal, default.as_ptr(), none, size_of::<u64>()) };
}

pub(crate) fn last_errno() -> Errno {
    Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::IO)
}

/// Closes every descriptor from 3 on, except one.
pub(crate) fn close_all_but(kept: i32) {
    let kept = kept.cast_unsigned();
    if kept > 3 {
        // SAFETY: as in `close_from`.
        unsafe { libc::syscall(libc::SYS_close_range, 3u32, kept - 1, 0) };
    }
    close_from(kept + 1);
}

/// What our dead children used.
pub(crate) fn children_usage() -> libc::rusage {
    // SAFETY: all-zero is a valid `rusage`, and the kernel fills in exactly one.
    unsafe {
        let mut usage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_CHILDREN, &raw mut usage);
        usage
    }
}
