//! Kernel memory that no control group is charged for: what the machine's kernel holds, less what our control groups account for.
//!
//! `/proc/meminfo` has no line for it, and a line for each kind of memory that is a program's: what is in none of them is
//! the kernel's (proc_meminfo(5)). A group's share of that is `memory.kmem.usage_in_bytes` (version 1) or `kernel` in
//! `memory.stat` (version 2, Linux 5.18). Other processes of the machine move the number, too, so that a growth counts
//! only when it comes again each time.

use std::path::{Path, PathBuf};

/// Where to read what is charged.
#[derive(Debug)]
pub(crate) struct Ledger {
    files: Vec<PathBuf>,
}

/// What counts as growth, in KiB. The target is 4 MiB; members that hold nothing at all were measured at up to 5.8 MiB in
/// the emulated machine, which is noise of the measurement. So growth between 4 and 9 MiB goes unseen.
pub(crate) const BOUND_KIB: u64 = 9216;

impl Ledger {
    /// That of the boxes of `backend`, if they have control groups.
    pub(crate) fn find(backend: &str) -> Option<Self> {
        let own = format!("optimus.{}.", std::process::id());
        let ours = |name: &str| match backend {
            "docker" => name == "docker" || name.starts_with("docker-"),
            _ => name.starts_with(&own),
        };
        let mut files = Vec::new();
        walk(Path::new("/sys/fs/cgroup"), 0, &ours, &mut files);
        (!files.is_empty()).then_some(Self { files })
    }

    /// How much the kernel holds now that no group of ours is charged for.
    pub(crate) fn uncharged(&self) -> Uncharged {
        let charged: i64 = self.files.iter().filter_map(|file| charged_kib(file)).sum();
        let Uncharged { all_kib, objects_kib } = kernel();
        Uncharged { all_kib: all_kib - charged, objects_kib: objects_kib - charged }
    }
}

/// Kernel memory that no group of ours is charged for, by two measures, whose noise is of different kinds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Uncharged {
    /// What is in no line of `/proc/meminfo` that is a program's; moves while a large process of the machine ends.
    all_kib: i64,
    /// The lines that are the kernel's; lacks pages that no line counts.
    objects_kib: i64,
}

impl Uncharged {
    /// The lesser of each.
    pub(crate) fn least(self, other: Self) -> Self {
        let [all_kib, objects_kib] =
            [(self.all_kib, other.all_kib), (self.objects_kib, other.objects_kib)].map(|(a, b)| a.min(b));
        Self { all_kib, objects_kib }
    }

    /// How much more it is than before, by the measure that says more, in KiB.
    pub(crate) fn growth_kib(self, before: Self) -> u64 {
        let growth = (self.all_kib - before.all_kib).max(self.objects_kib - before.objects_kib);
        growth.try_into().unwrap_or(0)
    }
}

fn walk(directory: &Path, depth: usize, ours: &dyn Fn(&str) -> bool, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        if depth > 8 || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let path = entry.path();
        if ours(&entry.file_name().to_string_lossy()) {
            // The groups of version 1's other controllers have neither.
            let files = ["memory.kmem.usage_in_bytes", "memory.stat"].map(|name| path.join(name));
            into.extend(files.into_iter().find(|file| charged_kib(file).is_some()));
        } else {
            walk(&path, depth + 1, ours, into);
        }
    }
}

fn charged_kib(file: &Path) -> Option<i64> {
    let text = std::fs::read_to_string(file).ok()?;
    let bytes = match file.ends_with("memory.stat") {
        true => text.lines().find_map(|line| line.strip_prefix("kernel "))?,
        false => text.trim(),
    };
    bytes.parse::<i64>().ok().map(|bytes| bytes / 1024)
}

fn kernel() -> Uncharged {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let sum = |names: &[&str]| names.iter().map(|name| line_kib(&text, name)).sum::<i64>();
    let programs = sum(&["MemFree", "Buffers", "Cached", "SwapCached", "AnonPages"]);
    let objects = sum(&["SUnreclaim", "KernelStack", "PageTables", "SecPageTables", "VmallocUsed", "Percpu"]);
    let all_kib = sum(&["MemTotal"]) - programs - free_for_a_processor_kib();
    Uncharged { all_kib, objects_kib: objects }
}

fn line_kib(meminfo: &str, name: &str) -> i64 {
    let value = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Pages that are free, and kept ready for one processor.
fn free_for_a_processor_kib() -> i64 {
    let text = std::fs::read_to_string("/proc/zoneinfo").unwrap_or_default();
    let counts = text.lines().filter_map(|line| line.trim_start().strip_prefix("count:"));
    counts.filter_map(|count| count.trim().parse::<i64>().ok()).sum::<i64>() * 4
}

#[test]
fn the_kernel_holds_something_and_not_everything() {
    let Uncharged { all_kib, objects_kib } = kernel();
    assert!(all_kib > 1024 && all_kib < 64 << 20, "{all_kib} KiB");
    assert!(objects_kib > 1024 && objects_kib < 64 << 20, "{objects_kib} KiB");
}
