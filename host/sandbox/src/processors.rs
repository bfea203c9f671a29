//! Processors for boxes: each box that is open has one to itself, so that its programs are neither moved about nor share
//! a core's caches with those of another box.
//!
//! In: what an operator asks for, and what this process may run on. Out: a share for each box. A box whose times do not
//! count, a checker's say, takes none: it could wait for the very program that waits for it. It runs on those that are
//! left over, and where none are, on all.

mod list;
mod share;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use rustix::thread::{CpuSet, sched_getaffinity};
use tokio::sync::Semaphore;

use crate::SandboxError;

pub use list::Pinning;
pub(crate) use share::Share;

/// Where the kernel tells of processors (Documentation/ABI/stable/sysfs-devices-system-cpu).
const TOPOLOGY: &str = "/sys/devices/system/cpu";

/// Processors that boxes get, one each.
#[derive(Debug)]
pub struct Processors {
    list: BTreeSet<u16>,
    /// Those of boxes that get none of the list.
    rest: Vec<u16>,
    free: Mutex<BTreeSet<u16>>,
    /// As many as are free: whoever has one of these finds one there.
    count: Arc<Semaphore>,
}

impl Processors {
    /// Those that an operator asks for, on this machine.
    ///
    /// # Errors
    /// This process may not run on one of them.
    pub fn find(pinning: &Pinning) -> Result<Arc<Self>, SandboxError> {
        let mask = sched_getaffinity(None)
            .map_err(|errno| SandboxError::SetUp { stage: "sched_getaffinity".to_owned(), source: errno.into() })?;
        let own = (0..CpuSet::MAX_CPU).filter(|&number| mask.is_set(number));
        let own: BTreeSet<u16> = own.filter_map(|number| u16::try_from(number).ok()).collect();
        Self::choose(pinning, &own, Path::new(TOPOLOGY)).map(Arc::new)
    }

    fn choose(pinning: &Pinning, own: &BTreeSet<u16>, topology: &Path) -> Result<Self, SandboxError> {
        let list = match pinning {
            Pinning::List(wanted) => wanted.clone(),
            Pinning::Auto => one_per_core(own, topology),
        };
        let foreign: BTreeSet<u16> = list.difference(own).copied().collect();
        if !foreign.is_empty() {
            return Err(SandboxError::Unavailable {
                message: format!(
                    "`--pin-cpus` names {}, but this process may run on {} only",
                    list::ranges(&foreign),
                    list::ranges(own)
                ),
                hint:
                    "name some of those, or `auto`; or let this process run on more (`taskset`, or the cpuset of its \
                       service or container)"
                        .to_owned(),
            });
        }
        let rest = rest(&list, own, topology).into_iter().collect();
        let (free, count) = (Mutex::new(list.clone()), Arc::new(Semaphore::new(list.len())));
        Ok(Self { list, rest, free, count })
    }

    /// How many boxes can have one.
    pub fn count(&self) -> usize {
        self.list.len()
    }

    /// Sees that so many boxes can be open at once.
    ///
    /// # Errors
    /// There are fewer processors.
    pub fn suffice_for(&self, slots: usize) -> Result<(), SandboxError> {
        let count = self.count();
        if slots <= count {
            return Ok(());
        }
        let list = list::ranges(&self.list);
        Err(SandboxError::Unavailable {
            message: format!("{slots} slots need a processor each, and `--pin-cpus` gives {count} ({list})"),
            hint: format!("take fewer slots (`--slots {count}`), or name more processors"),
        })
    }
}

impl std::fmt::Display for Processors {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&list::ranges(&self.list))
    }
}

/// The first of each core: two that share one slow each other down.
fn one_per_core(own: &BTreeSet<u16>, topology: &Path) -> BTreeSet<u16> {
    let mut chosen = BTreeSet::new();
    for &processor in own {
        if siblings(processor, topology).is_disjoint(&chosen) {
            chosen.insert(processor);
        }
    }
    chosen
}

/// What is left for all others: cores of which no box has a part, else what no box has, else everything.
fn rest(list: &BTreeSet<u16>, own: &BTreeSet<u16>, topology: &Path) -> BTreeSet<u16> {
    let cores: BTreeSet<u16> = list.iter().flat_map(|&processor| siblings(processor, topology)).collect();
    let others = [own - &cores, own - list];
    others.into_iter().find(|others| !others.is_empty()).unwrap_or_else(|| own.clone())
}

/// The processors of one core; just the one, where nobody says more.
fn siblings(processor: u16, topology: &Path) -> BTreeSet<u16> {
    let file = topology.join(format!("cpu{processor}/topology/thread_siblings_list"));
    let told = fs::read_to_string(file).ok().and_then(|text| text.trim().parse().ok());
    let mut siblings = match told {
        Some(Pinning::List(siblings)) => siblings,
        _ => BTreeSet::new(),
    };
    siblings.insert(processor);
    siblings
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cores 0-3, each of two processors: 0 and 4, 1 and 5, …
    fn machine() -> tempfile::TempDir {
        let topology = tempfile::tempdir().unwrap();
        for processor in 0..8 {
            let directory = topology.path().join(format!("cpu{processor}/topology"));
            fs::create_dir_all(&directory).unwrap();
            let core = processor % 4;
            fs::write(directory.join("thread_siblings_list"), format!("{core},{}\n", core + 4)).unwrap();
        }
        topology
    }

    fn choose(pinning: &str, own: std::ops::Range<u16>) -> Result<Processors, SandboxError> {
        Processors::choose(&pinning.parse().unwrap(), &own.collect(), machine().path())
    }

    #[test]
    fn auto_takes_one_of_each_core() {
        assert_eq!(choose("auto", 0..8).unwrap().to_string(), "0-3");
        assert_eq!(choose("auto", 2..6).unwrap().to_string(), "2-5");
        assert_eq!(choose("auto", 3..8).unwrap().to_string(), "3-6");
        let told_nothing = Processors::choose(&Pinning::Auto, &(0..2).collect(), Path::new("/nowhere")).unwrap();
        assert_eq!(told_nothing.to_string(), "0-1");
    }

    #[test]
    fn the_rest_is_what_disturbs_least() {
        assert_eq!(choose("1-2", 0..8).unwrap().rest, [0, 3, 4, 7]);
        assert_eq!(choose("auto", 0..8).unwrap().rest, [4, 5, 6, 7]);
        assert_eq!(choose("0-1", 0..2).unwrap().rest, [0, 1]);
    }

    #[test]
    fn what_is_not_ours_is_refused_by_name() {
        let error = choose("1,6-9", 0..8).unwrap_err();
        assert_eq!(error.to_string(), "`--pin-cpus` names 8-9, but this process may run on 0-7 only");
        assert!(error.hint().unwrap().contains("taskset"));
    }

    #[test]
    fn more_slots_than_processors_are_refused() {
        let processors = choose("2-4", 0..8).unwrap();
        assert!(processors.suffice_for(3).is_ok());
        let error = processors.suffice_for(4).unwrap_err();
        assert_eq!(error.to_string(), "4 slots need a processor each, and `--pin-cpus` gives 3 (2-4)");
        assert!(error.hint().unwrap().contains("--slots 3"));
    }
}
