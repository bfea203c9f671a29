//! What the engine process gives up before it reads what a stranger wrote: everything but memory, time, and the stream to
//! its sandbox. A program that escaped from WebAssembly would find no file to open, no process to start and no socket.

#[cfg(target_os = "linux")]
use std::collections::BTreeMap;
use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
#[cfg(target_os = "linux")]
use seccompiler::SeccompRule;

/// Calls that compiling and running need. The rest fails with `EPERM`: the C library asks for some of it (the number of
/// processors, from a file), and can do without.
#[cfg(target_os = "linux")]
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_close,
    libc::SYS_futex,
    libc::SYS_mmap,
    libc::SYS_munmap,
    libc::SYS_mprotect,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_membarrier,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getrandom,
    libc::SYS_gettid,
    libc::SYS_getpid,
    // A thread that was started just before registers these when it begins; glibc aborts where it cannot.
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_exit,
    libc::SYS_exit_group,
    // Initial memories are mapped from files that have no name.
    libc::SYS_memfd_create,
    libc::SYS_ftruncate,
    libc::SYS_pwrite64,
];

/// Restricts all threads of this process.
#[cfg(target_os = "linux")]
pub(super) fn restrict() -> io::Result<()> {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

    for (resource, most) in [(Resource::Core, 0), (Resource::Nofile, 16)] {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    let arch = TargetArch::try_from(std::env::consts::ARCH).map_err(io::Error::other)?;
    let mut rules: BTreeMap<_, _> = ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
    rules.extend(limited().map_err(io::Error::other)?);
    let refused = SeccompAction::Errno(libc::EPERM as u32);
    let filter = SeccompFilter::new(rules, refused, SeccompAction::Allow, arch).map_err(io::Error::other)?;
    let filter = BpfProgram::try_from(filter).map_err(io::Error::other)?;
    seccompiler::apply_filter_all_threads(&filter).map_err(io::Error::other)
}

/// Calls that are allowed with certain arguments alone: a signal to this process (`abort`), and what is asked of a file
/// that has no name. Other processes of this user could be ended by the first, and by `F_SETOWN` of the second. Of limits
/// this process may change that of its own memory.
#[cfg(target_os = "linux")]
fn limited() -> Result<[(libc::c_long, Vec<SeccompRule>); 3], seccompiler::BackendError> {
    use seccompiler::{SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, SeccompCondition};

    let equal = |argument, value: i32| {
        #[expect(clippy::cast_sign_loss, reason = "process numbers, commands and resources are above 0")]
        SeccompCondition::new(argument, Dword, Eq, value as u64)
    };
    let is = |argument, value| SeccompRule::new(vec![equal(argument, value)?]);
    let own = rustix::process::getpid().as_raw_nonzero().get();
    let commands = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_ADD_SEALS, libc::F_GET_SEALS];
    let commands = commands.into_iter().map(|command| is(1, command)).collect::<Result<_, _>>()?;
    #[expect(clippy::cast_possible_wrap, reason = "the C library's number of a resource")]
    let own_memory = SeccompRule::new(vec![equal(0, 0)?, equal(1, libc::RLIMIT_DATA as i32)?])?;
    Ok([(libc::SYS_tgkill, vec![is(0, own)?]), (libc::SYS_fcntl, commands), (libc::SYS_prlimit64, vec![own_memory])])
}

/// While it lives, this process may hold no more memory than compiling a program may take: a small module can make a
/// compiler want gigabytes. Where there is no more, the process ends.
pub(super) struct CompilerMemory {
    before: Rlimit,
}

impl CompilerMemory {
    /// What compiling the largest runtime of this project takes, several times.
    const BYTES: u64 = 1 << 30;

    pub(super) fn bound() -> io::Result<Self> {
        let before = getrlimit(Resource::Data);
        setrlimit(Resource::Data, Rlimit { current: Some(Self::BYTES), maximum: before.maximum })?;
        Ok(Self { before })
    }
}

impl Drop for CompilerMemory {
    fn drop(&mut self) {
        // Only less would be refused: this is what it was.
        let _ = setrlimit(Resource::Data, self.before);
    }
}

/// Elsewhere WebAssembly's own wall is the only one, and the sandbox's description says so.
#[cfg(not(target_os = "linux"))]
pub(super) fn restrict() -> io::Result<()> {
    Ok(())
}
