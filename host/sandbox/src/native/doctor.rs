//! What this machine offers to native boxes, as data.

use std::fs;

use rustix::thread::CapabilitySet;

use crate::SandboxError;

/// Something that was looked at.
#[derive(Debug, Clone)]
pub struct Check {
    /// `user namespaces`.
    pub name: &'static str,
    /// What was found: `96365 allowed`.
    pub found: String,
    /// What an operator does about it, when it is a problem.
    pub hint: Option<String>,
}

/// Looks at everything that native boxes need. Nothing is changed, except that a group is made and removed again.
pub fn doctor() -> Vec<Check> {
    let groups = super::cgroup::Groups::find(None);
    let gap = groups.gaps().into_iter().next();
    let uid = rustix::process::geteuid();
    vec![
        kernel(),
        namespaces(),
        seccomp(),
        capabilities(),
        Check {
            name: "cgroups",
            found: gap.as_ref().map_or_else(|| groups.summary(), |gap| gap.what.clone()),
            hint: gap.map(|gap| gap.hint),
        },
        Check {
            name: "user",
            found: if uid.is_root() { "root".to_owned() } else { format!("uid {}, not root", uid.as_raw()) },
            hint: None,
        },
    ]
}

/// Stops at what makes boxes impossible, rather than at the first box.
pub(super) fn refuse_what_cannot_work() -> Result<(), SandboxError> {
    match [kernel(), namespaces(), seccomp(), capabilities()].into_iter().find(|check| check.hint.is_some()) {
        Some(Check { name, found, hint: Some(hint) }) => {
            Err(SandboxError::Unavailable { message: format!("native boxes cannot be built: {name}: {found}"), hint })
        }
        _ => Ok(()),
    }
}

/// What root needs to build boxes whose ids are their own, as `capabilities(7)` names it.
const NEEDED: [(&str, CapabilitySet); 4] = [
    ("CAP_SETGID", CapabilitySet::SETGID),
    ("CAP_SETUID", CapabilitySet::SETUID),
    ("CAP_SYS_ADMIN", CapabilitySet::SYS_ADMIN),
    ("CAP_MKNOD", CapabilitySet::MKNOD),
];

/// `mount_setattr` came with 5.12; 5.14 is the oldest kernel that is still kept with it.
fn kernel() -> Check {
    let release = rustix::system::uname().release().to_string_lossy().into_owned();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse::<u32>().unwrap_or(0));
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let hint = (version < (5, 12)).then(|| "Linux 5.12 or later is needed".to_owned());
    Check { name: "kernel", found: release, hint }
}

fn namespaces() -> Check {
    let number = |path| fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let max = number("/proc/sys/user/max_user_namespaces");
    let root = rustix::process::geteuid().is_root();
    let forbidden = |name| !root && number(name) == Some(0);
    let restricted = !root && number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1);
    let (found, hint) = if max.is_none_or(|max| max == 0) {
        ("forbidden", Some("`sysctl user.max_user_namespaces=16384`"))
    } else if forbidden("/proc/sys/kernel/unprivileged_userns_clone") {
        ("forbidden to all but root", Some("`sysctl kernel.unprivileged_userns_clone=1`, or run as root"))
    } else if restricted {
        ("without rights, by AppArmor", Some("`sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or run as root"))
    } else {
        ("allowed", None)
    };
    Check { name: "user namespaces", found: found.to_owned(), hint: hint.map(str::to_owned) }
}

fn seccomp() -> Check {
    let actions = fs::read_to_string("/proc/sys/kernel/seccomp/actions_avail").unwrap_or_default();
    let whole = actions.contains("kill_process") && actions.contains("errno");
    Check {
        name: "seccomp",
        found: if whole { "filters".to_owned() } else { "no filters".to_owned() },
        hint: (!whole).then(|| "a kernel with CONFIG_SECCOMP_FILTER is needed".to_owned()),
    }
}

/// Root has them all, unless whoever started us took some away. An ordinary user's boxes have one id, and need none.
fn capabilities() -> Check {
    let name = "capabilities";
    if !rustix::process::geteuid().is_root() {
        return Check { name, found: "none are needed".to_owned(), hint: None };
    }
    let effective = rustix::thread::capabilities(None).map_or(CapabilitySet::all(), |sets| sets.effective);
    let lacks = |needed: CapabilitySet| !effective.contains(needed);
    let missing: Vec<&str> = NEEDED.into_iter().filter_map(|(name, needed)| lacks(needed).then_some(name)).collect();
    if missing.is_empty() {
        return Check { name, found: "all that are needed".to_owned(), hint: None };
    }
    let found = format!("root without {}", missing.join(", "));
    let hint = "leave root these capabilities, or run as an ordinary user, who needs none".to_owned();
    Check { name, found, hint: Some(hint) }
}
