//! Resources that a server holds, before and after.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::shell::read;

use super::service::Service;

/// Counts, so that they can be held against each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Held {
    resident_mib: u64,
    descriptors: usize,
    processes: usize,
    groups: usize,
    mounts: usize,
    containers: usize,
    images: usize,
    volumes: usize,
}

impl Held {
    /// By the server and what it has started.
    pub(super) fn by(service: &Service, sandbox: &str) -> Self {
        let pid = service.pid();
        Self {
            resident_mib: resident_mib(pid),
            descriptors: descriptors(pid),
            processes: descendants(pid).len(),
            ..Self::outside(sandbox)
        }
    }

    /// On the whole machine.
    pub(super) fn outside(sandbox: &str) -> Self {
        let mut held = Self { groups: groups(Path::new("/sys/fs/cgroup"), 0), mounts: mounts(), ..Self::default() };
        if sandbox == "docker" {
            held.containers = lines(&["ps", "-aq"]);
            held.images = lines(&["images", "-aq"]);
            held.volumes = lines(&["volume", "ls", "-q"]);
        }
        held
    }

    /// Looks until what is held is no more than this, or the patience is over.
    pub(super) fn settled(&self, patience: Duration, look: impl Fn() -> Self) -> Self {
        let deadline = Instant::now() + patience;
        loop {
            let now = look();
            if now.is_no_more_than(self) || Instant::now() > deadline {
                return now;
            }
            std::thread::sleep(Duration::from_millis(250));
        }
    }

    /// Boxes wait in pools, one for each language, as many as were lately in use at once; connections come and go.
    pub(super) fn is_no_more_than(&self, before: &Self) -> bool {
        self.resident_mib <= before.resident_mib + super::SLACK_MIB
            && self.descriptors <= before.descriptors + 24
            && self.processes <= before.processes + 4
            && self.groups <= before.groups + 8
            && self.mounts <= before.mounts + 4
            && self.containers <= before.containers + 2 * super::jobs::LANGUAGES
            && self.images <= before.images
            && self.volumes <= before.volumes
    }
}

impl fmt::Display for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { resident_mib, descriptors, processes, groups, mounts, containers, images, volumes } = self;
        write!(
            f,
            "{resident_mib} MiB resident, {descriptors} descriptors, {processes} processes, {groups} groups, {mounts} mounts, \
             {containers} containers, {images} images, {volumes} volumes"
        )
    }
}

/// Without compiled programs: they are kept for those who submit the same again, up to bounds of their own.
fn descriptors(pid: u32) -> usize {
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    let is_kept = |path: &PathBuf| path.to_string_lossy().contains("memfd:optimus-archive");
    open.filter(|entry| !std::fs::read_link(entry.path()).is_ok_and(|path| is_kept(&path))).count()
}

fn lines(args: &[&str]) -> usize {
    read(Command::new("docker").args(args)).map_or(0, |text| text.lines().collect::<BTreeSet<_>>().len())
}

fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn mounts() -> usize {
    let table = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    table.lines().filter(|line| !line.contains("docker")).count()
}

/// Control groups of ours, in every hierarchy.
fn groups(directory: &Path, depth: usize) -> usize {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let directories = entries.filter(|entry| depth < 8 && entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let count = |entry: std::fs::DirEntry| {
        usize::from(entry.file_name().to_string_lossy().contains("optimus")) + groups(&entry.path(), depth + 1)
    };
    directories.map(count).sum()
}

fn descendants(of: u32) -> BTreeSet<u32> {
    let mut parents = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Ok(pid) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, rest)) = stat.rsplit_once(") ") else { continue };
        parents.push((pid, rest.split(' ').nth(1).and_then(|parent| parent.parse::<u32>().ok()).unwrap_or(0)));
    }
    let mut found = BTreeSet::from([of]);
    loop {
        let more: Vec<_> =
            parents.iter().filter(|(pid, parent)| found.contains(parent) && !found.contains(pid)).collect();
        if more.is_empty() {
            found.remove(&of);
            return found;
        }
        found.extend(more.into_iter().map(|(pid, _)| *pid));
    }
}
