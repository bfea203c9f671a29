//! Groups of a box whose ids are not those of the worker that made the groups.

use rustix::fs::{AtFlags, CWD, Mode, Uid, chmodat, chownat};

use crate::fault::{At as _, Fault};

/// Lets the box's root, `owner`, start processes in the groups below `group` and make groups beside them. The worker's
/// group of users keeps the right to remove them. Control groups of version 1 need none of this: the agent opens their files
/// before the box stands, and may write to them afterwards.
pub(crate) fn hand_over(group: &str, owner: u32) -> Result<(), Fault> {
    let owner = Some(Uid::from_raw(owner));
    for path in ["", "/cgroup.procs", "/agent/cgroup.procs", "/step/cgroup.procs"] {
        let path = format!("{group}{path}");
        chownat(CWD, &path, owner, None, AtFlags::empty()).at("cgroup: hand over to the box")?;
    }
    chmodat(CWD, group, Mode::from_raw_mode(0o775), AtFlags::empty()).at("cgroup: hand over to the box")
}
