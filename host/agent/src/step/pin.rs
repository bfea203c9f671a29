//! Keeps a program on the processors that its box was given.

use rustix::io::Errno;
use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::fault::{At as _, Fault};

/// Puts a step's init, and with it all that it will start, onto `processors`. The step's filter refuses to change that,
/// to the init as well, so the agent does it from outside.
pub(crate) fn keep_on(init: Pid, processors: &[u16]) -> Result<(), Fault> {
    let mut set = CpuSet::new();
    for processor in processors.iter().map(|&processor| usize::from(processor)) {
        if processor >= CpuSet::MAX_CPU {
            return Err(Fault::new("stay on the box's processors", Errno::INVAL));
        }
        set.set(processor);
    }
    sched_setaffinity(Some(init), &set).at("stay on the box's processors")?;
    // Processors that are not there are passed over in silence as long as one of them is.
    if sched_getaffinity(Some(init)).at("stay on the box's processors")? != set {
        return Err(Fault::new("stay on the box's processors", Errno::INVAL));
    }
    Ok(())
}
