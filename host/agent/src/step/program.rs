//! From the init's child to the program: everything that must be gone is given up here, in order. The child shares the
//! init's memory until it is the program, so here nothing may outlast a failure but the word that tells of it.

use std::ffi::CString;
use std::sync::atomic::{AtomicI32, Ordering};

use optimus_core::Limits;
use rustix::fs::Mode;
use rustix::io::Errno;
use rustix::process::{Gid, Uid, chdir, setsid, umask};
use rustix::thread::{set_thread_groups, set_thread_res_gid, set_thread_res_uid};

use super::{Launch, WORK};
use crate::capabilities::drop_capabilities;
use crate::fault::Fault;
use crate::sys::{self, Vector};
use crate::wall::{PROGRAM, Programs};

/// Where it stopped, for the word that the init shares with us.
const STAGES: [&str; 9] =
    ["", "setsid", "setrlimit", "setgroups", "setresgid", "setresuid", "capset", "chdir to the work area", "argv"];

/// Becomes the program. When that fails, `word` says why: an errno of `execve`, or less than 0 for a fault of ours.
pub(super) fn become_program(launch: &Launch, limits: &Limits, programs: Programs, word: &AtomicI32) {
    let (stage, errno) = match prepare(launch, limits, programs) {
        Ok((argv, envp)) => (0, exec(launch, &argv, &envp)),
        Err(failed) => failed,
    };
    let errno = errno.raw_os_error();
    word.store(if stage == 0 { errno } else { -(stage << 16 | errno) }, Ordering::Relaxed);
    sys::exit(127)
}

/// Reads what [`become_program`] left.
pub(super) fn fault(word: i32) -> Fault {
    let stage = usize::try_from(-word >> 16).unwrap_or(0);
    Fault { stage: STAGES.get(stage).copied().unwrap_or("start the program").to_owned(), errno: -word & 0xffff }
}

fn prepare(launch: &Launch, limits: &Limits, programs: Programs) -> Result<(Vector, Vector), (i32, Errno)> {
    setsid().map_err(|errno| (1, errno))?;
    super::limits::apply(limits).map_err(|errno| (2, errno))?;
    if programs == Programs::Apart {
        let (uid, gid) = (Uid::from_raw(PROGRAM), Gid::from_raw(PROGRAM));
        set_thread_groups(&[]).map_err(|errno| (3, errno))?;
        set_thread_res_gid(gid, gid, gid).map_err(|errno| (4, errno))?;
        set_thread_res_uid(uid, uid, uid).map_err(|errno| (5, errno))?;
    }
    drop_capabilities().map_err(|errno| (6, errno))?;
    // Rust ignores SIGPIPE, and what is ignored stays so across `execve`.
    sys::default_action(libc::SIGPIPE);
    umask(Mode::from_raw_mode(0o022));
    // As the program, so that it is the program's right to be there that is tried.
    chdir(WORK).map_err(|errno| (7, errno))?;
    vectors(launch).map_err(|errno| (8, errno))
}

/// Arguments and environment for [`exec`].
pub(crate) fn vectors(launch: &Launch) -> Result<(Vector, Vector), Errno> {
    let vector = |strings: &[String]| {
        let strings = strings.iter().map(|text| CString::new(text.as_str())).collect::<Result<_, _>>();
        strings.map(Vector::new).map_err(|_| Errno::INVAL)
    };
    Ok((vector(&launch.argv)?, vector(&launch.env)?))
}

/// Tries each directory of the path, as `execvp` does; of several reasons, "permission denied" tells most.
pub(crate) fn exec(launch: &Launch, argv: &Vector, envp: &Vector) -> Errno {
    let Some(name) = launch.argv.first().filter(|name| !name.is_empty()) else { return Errno::NOENT };
    if name.contains('/') {
        return CString::new(name.as_str()).map_or(Errno::INVAL, |path| sys::execve(&path, argv, envp));
    }
    let mut reason = Errno::NOENT;
    for directory in launch.path.split(':').filter(|directory| !directory.is_empty()) {
        let Ok(path) = CString::new(format!("{directory}/{name}")) else { continue };
        match sys::execve(&path, argv, envp) {
            Errno::NOENT | Errno::NOTDIR => {}
            Errno::ACCESS => reason = Errno::ACCESS,
            other => return other,
        }
    }
    reason
}
