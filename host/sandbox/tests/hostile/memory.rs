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

/// What counts as growth, in KiB. A step is ended at 2 MiB of what the agent counts; mappings are counted while they are
/// made, and 4.2 MiB of them were seen.
pub(crate) const BOUND_KIB: u64 = 8 << 10;

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
        Uncharged { uncharged_kib: held_kib + sum(&["SReclaimable"]) - charged_kib, held_kib, charged_kib }
    }
}

/// What the kernel holds.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Uncharged {
    /// Without what is charged.
    uncharged_kib: i64,
    /// What cannot be reclaimed, charged or not.
    held_kib: i64,
    /// What is charged.
    charged_kib: i64,
}

impl Uncharged {
    /// The lesser of each.
    pub(crate) fn least(self, other: Self) -> Self {
        let uncharged_kib = self.uncharged_kib.min(other.uncharged_kib);
        let charged_kib = self.charged_kib.min(other.charged_kib);
        Self { uncharged_kib, held_kib: self.held_kib.min(other.held_kib), charged_kib }
    }

    /// How much more it is than before, in KiB.
    pub(crate) fn growth_kib(self, before: Self) -> u64 {
        let growth = (self.uncharged_kib - before.uncharged_kib).min(self.held_kib - before.held_kib);
        growth.try_into().unwrap_or(0)
    }
}

/// The most that a program makes the kernel hold, while it takes.
#[derive(Debug)]
pub(crate) struct Growth {
    before: Uncharged,
    /// The most that was charged.
    charged_kib: i64,
    /// In KiB.
    pub(crate) most_kib: u64,
}

impl Growth {
    pub(crate) fn since(before: Uncharged) -> Self {
        Self { before, charged_kib: before.charged_kib, most_kib: 0 }
    }

    /// When a program ends, its objects are charged no more, and their pages stay for a moment: memory that nothing holds.
    /// So what is seen while much less is charged than before does not count.
    pub(crate) fn look(&mut self, now: Uncharged) {
        self.charged_kib = self.charged_kib.max(now.charged_kib);
        if now.charged_kib + 512 >= self.charged_kib {
            self.most_kib = self.most_kib.max(now.growth_kib(self.before));
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

fn line_kib(meminfo: &str, name: &str) -> i64 {
    let value = meminfo.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    value.and_then(|value| value.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
fn growth_is_what_cannot_be_reclaimed_and_is_not_charged() {
    let before = Uncharged { uncharged_kib: -100, held_kib: 1_000, charged_kib: 0 };
    let growth = |uncharged_kib, held_kib| Uncharged { uncharged_kib, held_kib, charged_kib: 0 }.growth_kib(before);
    assert_eq!(growth(400, 9_000), 500, "most was charged");
    assert_eq!(growth(9_000, 1_010), 10, "most can be reclaimed");
    assert_eq!(growth(-200, 900), 0);
}

#[test]
fn pages_of_objects_that_have_gone_do_not_count() {
    let seen =
        |uncharged_kib, charged_kib| Uncharged { uncharged_kib, held_kib: uncharged_kib + charged_kib, charged_kib };
    let mut growth = Growth::since(seen(0, 1_000));
    growth.look(seen(900, 30_000));
    growth.look(seen(20_000, 10_000));
    assert_eq!(growth.most_kib, 900, "20,000 of the 30,000 were given back, and their pages not yet");
    growth.look(seen(3_000, 30_000));
    assert_eq!(growth.most_kib, 3_000);
}
