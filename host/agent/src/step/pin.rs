//! Keeps a program on the processors that its box was given.

use rustix::io::Errno;
use rustix::thread::{CpuSet, sched_setaffinity};

use super::seccomp;

/// Puts the calling process, and all that it will start, onto `processors`, and shuts the way back: what a process may
/// run on is its own to change, sched_setaffinity(2), and a control group that bounds it is not ours to have everywhere.
pub(super) fn stay_on(processors: &[u16]) -> Result<(), Errno> {
    let mut set = CpuSet::new();
    for processor in processors.iter().map(|&processor| usize::from(processor)) {
        if processor >= CpuSet::MAX_CPU {
            return Err(Errno::INVAL);
        }
        set.set(processor);
    }
    sched_setaffinity(None, &set)?;
    // Processors that are not there are passed over in silence as long as one of them is.
    if rustix::thread::sched_getaffinity(None)? != set {
        return Err(Errno::INVAL);
    }
    seccomp::apply(&seccomp::affinity_filter()).map_err(|fault| Errno::from_raw_os_error(fault.errno))
}
