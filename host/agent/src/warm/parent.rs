//! Starts a warm parent: the very command that a step would start, as the same user, in a view without anything of a
//! job's.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::mount::{UnmountFlags, unmount};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Gid, Pid, Resource, Rlimit, Signal, Uid, chdir, getrlimit, set_parent_process_death_signal, setrlimit, umask,
};
use rustix::thread::{
    CapabilitySets, configure_capability_in_ambient_set, set_capabilities, set_keep_capabilities, set_thread_groups,
    set_thread_res_gid, set_thread_res_uid,
};

use super::remote::Space;
use super::trace::{self, Stop};
use super::{DOOR, freeze, lists, pages};
use crate::fault::{At as _, Fault};
use crate::step::seccomp::Image;
use crate::step::{BUILD, CAPABILITIES, Launch, STAGE, WORK, exec, vectors};
use crate::sys;
use crate::wall::PROGRAM;

/// What a start-up may take: it is nobody's, so no step's limits hold.
const STARTUP_BYTES: u64 = 4 << 30;
const STARTUP_SECONDS: u64 = 5;

/// A parent, frozen.
pub(super) struct Parent {
    pub(super) pid: Pid,
    pub(super) frozen: freeze::Frozen,
    pub(super) space: Space,
    pub(super) lists: lists::Lists,
    /// Our end of the socket through which it is given descriptors.
    pub(super) door: OwnedFd,
    pub(super) shared_bytes: u64,
}

/// Nothing of a job's may be seen by a parent.
pub(super) fn hide_jobs(has_build: bool) -> Result<(), Fault> {
    unmount(STAGE, UnmountFlags::DETACH).at("warm: unmount the stage")?;
    if has_build {
        unmount(BUILD, UnmountFlags::DETACH).at("warm: unmount the build area")?;
    }
    Ok(())
}

/// Starts the command, which has become its program on return and stands still.
pub(super) fn begin(launch: &Launch, stack: Rlimit, door: &OwnedFd) -> Result<Pid, Fault> {
    let (stdin, _in) = pipe_with(PipeFlags::CLOEXEC).at("warm: pipe")?;
    let (_out, stdout) = pipe_with(PipeFlags::CLOEXEC).at("warm: pipe")?;
    let (_err, stderr) = pipe_with(PipeFlags::CLOEXEC).at("warm: pipe")?;
    for pipe in [&stdin, &stdout, &stderr] {
        rustix::fs::fchown(pipe, Some(Uid::from_raw(PROGRAM)), Some(Gid::from_raw(PROGRAM))).at("warm: chown pipe")?;
    }
    let (argv, envp) = vectors(launch).map_err(|errno| Fault::new("warm: argv", errno))?;
    let failed = AtomicI32::new(0);
    let pid = sys::vfork(|| {
        let errno = match prepare(stack, [&stdin, &stdout, &stderr], door) {
            Ok(()) => exec(launch, &argv, &envp),
            Err(errno) => errno,
        };
        failed.store(errno.raw_os_error(), Ordering::Relaxed);
        sys::exit(127)
    })
    .at("warm: vfork")?;
    match trace::wait(pid).at("warm: wait")? {
        Stop::Signal(libc::SIGTRAP) => trace::keep(pid).at("warm: ptrace")?,
        _ => {
            let errno = failed.load(Ordering::Relaxed);
            return Err(Fault { stage: "warm: start".to_owned(), errno });
        }
    }
    Ok(pid)
}

/// As a program is prepared, but that it keeps what puts children into namespaces, and is traced.
fn prepare(stack: Rlimit, stdio: [&OwnedFd; 3], door: &OwnedFd) -> Result<(), Errno> {
    setrlimit(Resource::Stack, stack)?;
    // Until it stands still. A child's own take their place, since only the soft ones are lower.
    lower(Resource::As, STARTUP_BYTES)?;
    lower(Resource::Cpu, STARTUP_SECONDS)?;
    set_thread_groups(&[])?;
    set_keep_capabilities(true)?;
    let (uid, gid) = (Uid::from_raw(PROGRAM), Gid::from_raw(PROGRAM));
    set_thread_res_gid(gid, gid, gid)?;
    set_thread_res_uid(uid, uid, uid)?;
    let sets = CapabilitySets { effective: CAPABILITIES, permitted: CAPABILITIES, inheritable: CAPABILITIES };
    set_capabilities(None, sets)?;
    for capability in CAPABILITIES.iter() {
        configure_capability_in_ambient_set(capability, true)?;
    }
    sys::default_action(libc::SIGPIPE);
    umask(Mode::from_raw_mode(0o022));
    chdir(WORK)?;
    rustix::stdio::dup2_stdin(stdio[0])?;
    rustix::stdio::dup2_stdout(stdio[1])?;
    rustix::stdio::dup2_stderr(stdio[2])?;
    sys::duplicate_to(door, DOOR)?;
    // Until it is traced, nothing else ends it with its keeper. Neither `execve` here nor a fork hands it on.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    trace::offer()
}

fn lower(resource: Resource, soft: u64) -> Result<(), Errno> {
    let maximum = getrlimit(resource).maximum;
    setrlimit(resource, Rlimit { current: Some(maximum.map_or(soft, |hard| hard.min(soft))), maximum })
}

/// Lets the command run until starts differ, and makes it ready to have children.
pub(super) fn ready(pid: Pid, door: OwnedFd, groups: &lists::Groups, filter: &Image) -> Result<Parent, Fault> {
    let memory = File::options().read(true).write(true).open(format!("/proc/{pid}/mem")).at("warm: open the memory")?;
    let frozen = freeze::freeze(pid, &memory)?;
    must_be_simple(pid)?;
    let own = pages::own(pid)?;
    let shared_bytes = own.kept_bytes + page_tables(pid)?;
    let mut space = Space::make(pid, memory, &frozen.registers)?;
    let lists = lists::Lists::write(&mut space, &frozen, groups, &own, filter);
    Ok(Parent { pid, frozen, space, lists, door, shared_bytes })
}

/// Only its streams may be open: what else were, a child would have in common with its siblings.
fn must_be_simple(pid: Pid) -> Result<(), Fault> {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).at("warm: list descriptors")?;
    let known = ["0", "1", "2"].map(str::to_owned).into_iter().chain([DOOR.to_string()]).collect::<Vec<_>>();
    for entry in open {
        let name = entry.at("warm: list descriptors")?.file_name().to_string_lossy().into_owned();
        if !known.contains(&name) {
            return Err(Fault::new(format!("warm: descriptor {name} is open"), Errno::BADF));
        }
    }
    Ok(())
}

/// Which are copied while the child is in nobody's control group: proc_pid_status(5).
fn page_tables(pid: Pid) -> Result<u64, Fault> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).at("warm: read the memory in use")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmPTE:"));
    Ok(line.and_then(|line| line.split_ascii_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) << 10)
}

/// The step's stack limit, which the kernel and the C library look at when a program starts.
pub(super) fn stack(limit: Option<u64>) -> Rlimit {
    let inherited = getrlimit(Resource::Stack).maximum;
    let hard = match (inherited, limit) {
        (Some(inherited), Some(wanted)) => Some(inherited.min(wanted)),
        (one, other) => one.or(other),
    };
    Rlimit { current: hard, maximum: hard }
}
