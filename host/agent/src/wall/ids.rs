//! User and group ids of a box, and what they are outside.

use optimus_agent::protocol::Ids;
use rustix::fs::{CWD, Mode, OFlags, openat};
use rustix::process::{DumpableBehavior, Gid, Pid, Uid, set_dumpable_behavior};
use rustix::thread::{
    CapabilitySets, capabilities, set_capabilities, set_thread_groups, set_thread_res_gid, set_thread_res_uid,
};

use crate::fault::{At as _, Fault};

/// The user and group of programs.
pub(crate) const PROGRAM: u32 = 1000;

/// Writes the maps of `pid`'s user namespace; we are outside of it.
pub(super) fn write_maps(ids: Ids, pid: Pid) -> Result<(), Fault> {
    let pid = pid.as_raw_nonzero();
    match ids {
        Ids::Own { base } | Ids::Within { base } | Ids::Granted { base, .. } => {
            let map = format!("0 {base} 1\n{PROGRAM} {} 1\n", base + 1);
            write_file(&format!("/proc/{pid}/uid_map"), &map)?;
            write_file(&format!("/proc/{pid}/gid_map"), &map)
        }
        Ids::Same => {
            write_file(&format!("/proc/{pid}/setgroups"), "deny")?;
            write_file(&format!("/proc/{pid}/uid_map"), &format!("0 {} 1\n", rustix::process::geteuid().as_raw()))?;
            write_file(&format!("/proc/{pid}/gid_map"), &format!("0 {} 1\n", rustix::process::getegid().as_raw()))
        }
    }
}

/// Makes the root of `pid`'s user namespace ours.
pub(crate) fn map_root(pid: Pid) -> Result<(), Fault> {
    let pid = pid.as_raw_nonzero();
    write_file(&format!("/proc/{pid}/uid_map"), "0 0 1\n")?;
    write_file(&format!("/proc/{pid}/gid_map"), "0 0 1\n")
}

/// Becomes the user that will own a box's user namespace, and keeps every capability.
///
/// What a program takes of a per-user pool (queued signals, inotify instances, message queues, namespaces) is charged
/// to its own user and to the owner of each user namespace above it, in `user.max_*` and in the rlimits that are
/// counted by user (kernel/ucount.c, Linux 5.14). Namespaces that root made would all draw on root's pools.
pub(super) fn act_as(owner: u32) -> Result<(), Fault> {
    let owner = Uid::from_raw(owner);
    // The real and the saved id stay, so that the permitted capabilities do, capabilities(7).
    set_thread_res_uid(Uid::ROOT, owner, Uid::ROOT).at("setresuid: owner of the user namespace")?;
    let sets = capabilities(None).at("capget")?;
    set_capabilities(None, CapabilitySets { effective: sets.permitted, ..sets }).at("capset")?;
    // Changing the user made our own /proc files root's, and the maps are among them.
    set_dumpable_behavior(DumpableBehavior::Dumpable).at("prctl: dumpable")
}

/// Takes the id 0 of the new user namespace.
pub(super) fn become_box_root() -> Result<(), Fault> {
    // Refused where a map of one id forbids it; then there are no foreign groups to lose that would count inside.
    let _ = set_thread_groups(&[]);
    set_thread_res_gid(Gid::ROOT, Gid::ROOT, Gid::ROOT).at("setresgid")?;
    set_thread_res_uid(Uid::ROOT, Uid::ROOT, Uid::ROOT).at("setresuid")
}

/// Puts the calling process into a user namespace of its own, as [`PROGRAM`].
pub(crate) fn nest() -> Result<(), Fault> {
    crate::sys::unshare(rustix::thread::UnshareFlags::NEWUSER).at("unshare nested user namespace")?;
    // The files of a process that cannot be dumped belong to the root outside. Nobody is here yet to dump us.
    set_dumpable_behavior(DumpableBehavior::Dumpable).at("prctl: dumpable")?;
    write_file("/proc/self/setgroups", "deny")?;
    write_file("/proc/self/uid_map", &format!("{PROGRAM} 0 1\n"))?;
    write_file("/proc/self/gid_map", &format!("{PROGRAM} 0 1\n"))?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at("prctl: not dumpable")
}

fn write_file(path: &str, text: &str) -> Result<(), Fault> {
    let file = openat(CWD, path, OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()).at(path)?;
    rustix::io::write(&file, text.as_bytes()).at(path).map(drop)
}
