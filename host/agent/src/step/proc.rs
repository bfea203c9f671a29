//! `/proc` of a step: its own processes, and what [`machine`] tells of the machine.

use rustix::mount::{MountFlags, mount, mount_bind, mount_remount};

use crate::fault::{At as _, Fault};
use crate::wall::machine;

/// Mounts it.
///
/// With `subset=pid` a name such as `cpuinfo` cannot be looked up, so nothing could be bound there. Therefore the whole
/// is mounted first, our files are bound over their names, and then the rest is taken away: a name that is mounted over
/// stays in the kernel's cache of names, where a lookup finds it before it asks procfs (fs/proc/root.c, fs/namei.c).
/// Until then only we see it, as the first process of the step's mount namespace.
pub(super) fn mount_own() -> Result<(), Fault> {
    let quiet = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC;
    mount("proc", "/proc", "proc", quiet, c"hidepid=invisible").at("mount proc")?;
    for entry in machine::ENTRIES {
        mount_bind(format!("{}/{entry}", machine::PLACE), format!("/proc/{entry}"))
            .at(&format!("bind `/proc/{entry}`"))?;
    }
    mount_remount("/proc", quiet, c"subset=pid,hidepid=invisible").at("take away the rest of proc")
}
