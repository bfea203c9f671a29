//! The filters of system calls, made from [the inventory](optimus_agent::inventory): what it does not name is refused.
//!
//! Arguments are compared as the kernel reads them: the low 32 bits of an `int` or of `clone`'s flags, whatever stands
//! above. A call by another architecture's numbers (`int 0x80`, x32) kills, since none of the rules would apply to it.
//!
//! The long filter is installed once, in the agent itself, and allows what the agent needs to build a step's view; a step
//! adds a short one that takes that away. Both are searched by halves: what an argument does not decide the kernel
//! remembers by number and does not run the filter for (seccomp_cache_prepare(), Linux 5.11).

mod listener;
mod program;
mod rules;

use rustix::io::Errno;
use seccompiler::{BpfProgram, apply_filter};

use crate::fault::{At as _, Fault};
pub(crate) use listener::Listener;
use optimus_agent::inventory::{Call, Decision, calls};
use rules::Layer;

/// Puts the agent, and all that it will start, under the filter of the whole box.
pub(crate) fn restrict_box() -> Result<(), Fault> {
    apply(&program::guarded(&rules::rules(Layer::Box)))
}

/// The filter for what a step's init will start.
pub(crate) fn step_filter() -> BpfProgram {
    program::bare(&rules::rules(Layer::Step))
}

/// Puts the calling process, and all that it will start, under `filter`, the filter of a step, too: the strictest answer
/// counts. Returns where calls arrive that the agent counts. There is none below another listener, or in a kernel that has
/// none (gVisor): such calls just happen then.
pub(super) fn restrict_step(filter: &BpfProgram) -> Result<Option<Listener>, Fault> {
    match Listener::install(filter) {
        Ok(listener) => Ok(Some(listener)),
        Err(_) => apply(&program::bare(&rules::rules(Layer::UncountedStep))).map(|()| None),
    }
}

/// A step's filter for a process that puts itself under it on its own, by seccomp(2).
pub(crate) struct Image {
    pub(crate) flags: u64,
    /// The instructions, as the kernel reads them.
    pub(crate) instructions: Vec<u8>,
}

/// The filter of a step, which makes a listener if calls `are_counted`.
pub(crate) fn image(filter: &BpfProgram, are_counted: bool) -> Image {
    let bytes =
        |at: &seccompiler::sock_filter| [&at.code.to_ne_bytes()[..], &[at.jt, at.jf], &at.k.to_ne_bytes()].concat();
    match are_counted {
        true => Image { flags: listener::flags(), instructions: filter.iter().flat_map(bytes).collect() },
        false => {
            let uncounted = program::bare(&rules::rules(Layer::UncountedStep));
            Image { flags: 0, instructions: uncounted.iter().flat_map(bytes).collect() }
        }
    }
}

/// How many bytes that no group is charged for a counted call makes the kernel hold.
pub(super) fn uncharged(number: u32) -> u64 {
    let counted = calls::classes().filter_map(|class| match class.decision {
        Decision::Counted(bytes) => Some((bytes, class.members)),
        _ => None,
    });
    let named = |members: &[Call]| members.iter().any(|call| call.number() == Some(number));
    counted.into_iter().find(|(_, members)| named(members)).map_or(0, |(bytes, _)| bytes)
}

fn apply(filter: &BpfProgram) -> Result<(), Fault> {
    apply_filter(filter).or_else(|error| match error {
        seccompiler::Error::Prctl(error) | seccompiler::Error::Seccomp(error) => Err(error).at("seccomp"),
        _ => Err(Fault::new("seccomp: the filter", Errno::INVAL)),
    })
}

#[cfg(test)]
mod tests;
