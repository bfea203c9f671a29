//! Kernel memory that no control group is charged for: what the machine's kernel holds, less what all control groups
//! together are charged for.
//!
//! The root group says what that is: `memory.kmem.usage_in_bytes` (version 1) or `kernel` in `memory.stat` (version 2,
//! Linux 5.18). Since every group counts, work of other processes moves both sides alike, but for memory that can be
//! reclaimed, whose pages the kernel keeps after their objects have gone. So what counts as growth is also bounded by the
//! growth of what cannot be reclaimed.

use std::path::{Path, PathBuf};

/// Where to read what is charged.
#[derive(Debug)]
pub(crate) struct Ledger {
    charged: PathBuf,
}

/// What counts as growth, in KiB. A step is ended at 2 MiB of what the agent counts; on a busy machine the count comes
/// later than the objects (up to 12 MiB of mappings were seen), and it takes a listening socket for less than it is.
const BOUND_KIB: u64 = 12 << 10;

/// The same in containers, whose network has the machine's own `net.core.optmem_max`: 20 KiB and more for each
/// `sendmsg` that waits, before the count sees it.
const CONTAINER_BOUND_KIB: u64 = 32 << 10;

/// What counts as growth in boxes of this image, in KiB.
pub(crate) fn bound_kib(image: &str) -> u64 {
    if image == "native" { BOUND_KIB } else { CONTAINER_BOUND_KIB }
}

impl Ledger {
    /// That of this machine, if its control groups count.
    pub(crate) fn find() -> Option<Self> {
        let files = ["memory/memory.kmem.usage_in_bytes", "memory.stat", "unified/memory.stat"];
        let mut files = files.iter().map(|name| Path::new("/sys/fs/cgroup").join(name));
        files.find(|file| charged_kib(file).is_some_and(|kib| kib > 0)).map(|charged| Self { charged })
    }

    /// How much the kernel holds now that no group is charged for.
    pub(crate) fn uncharged(&self) -> Uncharged {
        let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let sum = |names: &[&str]| names.iter().map(|name| line_kib(&text, name)).sum::<i64>();
        let held_kib = sum(&["SUnreclaim", "PageTables", "SecPageTables", "VmallocUsed", "Percpu"]);
        let charged_kib = charged_kib(&self.charged).unwrap_or(0);
        Uncharged { uncharged_kib: held_kib + sum(&["SReclaimable"]) - charged_kib, held_kib }
    }
}

/// What the kernel holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Uncharged {
    /// Without what is charged.
    uncharged_kib: i64,
    /// What cannot be reclaimed, charged or not.
    held_kib: i64,
}

impl Uncharged {
    /// The lesser of each.
    pub(crate) fn least(self, other: Self) -> Self {
        let uncharged_kib = self.uncharged_kib.min(other.uncharged_kib);
        Self { uncharged_kib, held_kib: self.held_kib.min(other.held_kib) }
    }

    /// How much more it is than before, in KiB.
    pub(crate) fn growth_kib(self, before: Self) -> u64 {
        let growth = (self.uncharged_kib - before.uncharged_kib).min(self.held_kib - before.held_kib);
        growth.try_into().unwrap_or(0)
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

fn line_kib(meminfo: &str, name: &str) -> i64 {
    let value = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn growth_is_what_cannot_be_reclaimed_and_is_not_charged() {
    let before = Uncharged { uncharged_kib: -100, held_kib: 1_000 };
    let growth = |uncharged_kib, held_kib| Uncharged { uncharged_kib, held_kib }.growth_kib(before);
    assert_eq!(growth(400, 9_000), 500, "most was charged");
    assert_eq!(growth(9_000, 1_010), 10, "most can be reclaimed");
    assert_eq!(growth(-200, 900), 0);
}
