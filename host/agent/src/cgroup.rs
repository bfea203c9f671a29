//! Limits and measurements of a step, through files of its cgroup that were opened before the box was closed.
//!
//! One group serves every step of a box; each step begins with a [`Meter::arm`], and counts are differences. Only a
//! kernel that cannot reset the mark of the most memory (version 2 before Linux 6.12) gets a new group for each step.

mod handed;
mod within;

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use optimus_agent::protocol::Cgroup;
use optimus_core::Limits;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::{Errno, pread, pwrite};

use crate::fault::{At as _, Fault};

pub(crate) use handed::hand_over;

/// What measures and limits steps.
#[derive(Default)]
pub(crate) struct Meter {
    files: Files,
    /// Where each step gets a group of its own.
    nursery: Option<Nursery>,
    armed: Option<Limits>,
    base: Counts,
    shared: u64,
    peak_is_reset: bool,
}

/// A directory of groups, one for each step.
struct Nursery {
    directory: OwnedFd,
    count: u64,
    /// Groups of earlier steps.
    old: Vec<String>,
}

/// The files of a step's group.
#[derive(Default)]
struct Files {
    /// To start a child in the group (version 2).
    directory: Option<OwnedFd>,
    /// To join it: one for each hierarchy.
    procs: Vec<OwnedFd>,
    memory_limit: Option<OwnedFd>,
    /// Memory and swap together (version 1), or swap alone, which stays 0 (version 2).
    swap_limit: Option<OwnedFd>,
    peak: Option<OwnedFd>,
    current: Option<OwnedFd>,
    stat: Option<OwnedFd>,
    /// Of the kernel's memory alone (version 1).
    kernel: Option<OwnedFd>,
    oom: Option<OwnedFd>,
    cpu: Option<OwnedFd>,
    pids_limit: Option<OwnedFd>,
    pids_events: Option<OwnedFd>,
    v2: bool,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    cpu_us: u64,
    ooms: u64,
    forks_refused: u64,
    peak: u64,
    /// Page cache of the host's files, which earlier steps were the first to read: it is theirs only on paper.
    cached: u64,
    /// What else is charged already: files that earlier steps left, the step's own init.
    held: u64,
    reread: u64,
}

/// What the group says about the host's files that it has read.
#[derive(Default, Clone, Copy)]
struct Pages {
    /// Bytes of them in memory; those on a tmpfs cannot be reclaimed and count as memory.
    cached: u64,
    /// Bytes that were read again, because the group had no room to keep them.
    reread: u64,
}

/// A step that is the first to read so much of the host's files, or more than a twentieth of what it held itself, may
/// have held a little more than what is left when that is taken off.
const COLD: u64 = 1 << 20;

/// A group that has read so much again, and holds all that it may, does nothing else: Linux 6.18 was seen to go on so for
/// ever, at 180 MB/s, since it kills nothing as long as reclaim finds a page (vmscan.c, `shrink_node`).
const REREAD: u64 = 32 << 20;
const PAGE: u64 = 4096;

impl Meter {
    /// Opens the files, and with version 2 moves us into the group's `agent`.
    pub(crate) fn open(cgroup: &Cgroup) -> Result<Self, Fault> {
        match cgroup {
            Cgroup::None => Ok(Self::default()),
            Cgroup::V1 { memory, cpu, pids } => {
                let group = |group: &Option<String>| group.as_ref().map(|group| open_group(CWD, group)).transpose();
                Self::open_v1(group(memory)?.as_ref(), group(cpu)?.as_ref(), group(pids)?.as_ref())
            }
            Cgroup::V2 { group } => Self::open_v2(open_group(CWD, group)?),
            Cgroup::Within => match within::make()? {
                within::Groups::V1 { memory, cpu, pids } => Self::open_v1(Some(&memory), Some(&cpu), Some(&pids)),
                within::Groups::V2(group) => Self::open_v2(group),
            },
        }
    }

    fn open_v1(memory: Option<&OwnedFd>, cpu: Option<&OwnedFd>, pids: Option<&OwnedFd>) -> Result<Self, Fault> {
        Ok(Self { files: Files::open_v1(memory, cpu, pids)?, ..Self::default() })
    }

    fn open_v2(directory: OwnedFd) -> Result<Self, Fault> {
        let own = open(&directory, "agent/cgroup.procs")?;
        pwrite(&own, b"0", 0).at("cgroup: join the agent's group")?;
        let files = Files::open_v2(&directory, "step")?;
        let can_reset = files.peak.as_ref().is_none_or(|peak| pwrite(peak, b"0", 0).is_ok());
        let nursery = (!can_reset).then_some(Nursery { directory, count: 0, old: Vec::new() });
        Ok(Self { files, nursery, ..Self::default() })
    }

    /// A new group for the next step, where the last one cannot serve again.
    pub(crate) fn renew(&mut self) -> Result<(), Fault> {
        let Some(nursery) = &mut self.nursery else { return Ok(()) };
        nursery.count += 1;
        let name = format!("s{}", nursery.count);
        mkdirat(&nursery.directory, &name, Mode::from_raw_mode(0o755)).at("cgroup: make a group for a step")?;
        self.files = Files::open_v2(&nursery.directory, &name)?;
        nursery.old.push(name);
        self.armed = None;
        Ok(())
    }

    /// Removes the groups of earlier steps, whose processes are gone.
    pub(crate) fn tidy(&mut self) {
        if let Some(nursery) = &mut self.nursery {
            // The last is in use, and so may be one whose processes the kernel has not quite let go of.
            nursery.old.retain(|name| unlinkat(&nursery.directory, name, AtFlags::REMOVEDIR).is_err());
        }
    }

    /// The group, to start a child in.
    pub(crate) fn directory(&self) -> Option<BorrowedFd<'_>> {
        self.files.directory.as_ref().map(OwnedFd::as_fd)
    }

    /// Moves the calling process into the group.
    pub(crate) fn join(&self) -> Result<(), Fault> {
        self.files
            .procs
            .iter()
            .try_for_each(|procs| pwrite(procs, b"0", 0).map(drop))
            .at("cgroup: join the step's group")
    }

    /// What a process outside of the group needs to be in it: of version 2 the group, of version 1 files to write to.
    pub(crate) fn entrances(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        let directory = self.files.directory.as_ref();
        let procs = self.files.procs.iter().filter(move |_| directory.is_none());
        directory.into_iter().chain(procs).map(OwnedFd::as_fd)
    }

    /// Sets the limits and starts counting.
    ///
    /// `shared` is memory that the program has without being charged, and that counts as its own all the same.
    pub(crate) fn arm(&mut self, limits: &Limits, shared: u64) -> Result<(), Fault> {
        self.shared = shared;
        let limits = &Limits { memory_bytes: limits.memory_bytes - shared, ..*limits };
        if self.armed != Some(*limits) {
            self.set_memory(limits.memory_bytes).at("cgroup: memory limit")?;
            // The program's init is in the group too.
            set(self.files.pids_limit.as_ref(), limits.processes + 1).at("cgroup: pids limit")?;
            self.armed = Some(*limits);
        }
        self.peak_is_reset = self.files.peak.as_ref().is_some_and(|peak| pwrite(peak, b"0", 0).is_ok());
        let Pages { cached, reread } = self.pages();
        let held = self.current().saturating_sub(cached);
        let (cpu_us, ooms, forks_refused, peak) = (self.cpu(), self.oom(), self.forks(), self.peak());
        self.base = Counts { cpu_us, ooms, forks_refused, peak, cached, held, reread };
        Ok(())
    }

    /// Version 1 wants memory ≤ memory and swap at every moment.
    fn set_memory(&self, bytes: u64) -> Result<(), Errno> {
        let first = set(self.files.memory_limit.as_ref(), bytes);
        set(self.files.swap_limit.as_ref(), bytes)?;
        first.or_else(|_| set(self.files.memory_limit.as_ref(), bytes))
    }

    /// CPU time since [`arm`](Self::arm), or `None` when nobody counts it.
    pub(crate) fn cpu_us(&self) -> Option<u64> {
        self.files.cpu.as_ref().map(|_| self.cpu().saturating_sub(self.base.cpu_us))
    }

    /// Whether the kernel killed something for its memory.
    pub(crate) fn out_of_memory(&self) -> bool {
        self.oom() > self.base.ooms
    }

    /// Whether the step has no memory left to run in: it evicts its program's own text to read it again.
    ///
    /// `current` is the memory in use.
    pub(crate) fn is_thrashing(&self, current: u64) -> bool {
        let Some(limit) = self.armed.map(|limits| limits.memory_bytes) else { return false };
        let is_full = |held: u64| held + limit / 16 >= limit;
        // The second costs a long text.
        is_full(current) && {
            let Pages { cached, reread } = self.pages();
            is_full(current.saturating_sub(cached)) && reread.saturating_sub(self.base.reread) >= REREAD
        }
    }

    /// Forks that the limit refused.
    pub(crate) fn forks_refused(&self) -> u64 {
        self.forks().saturating_sub(self.base.forks_refused)
    }

    /// The most memory that the step itself held since [`arm`](Self::arm), and whether that is only a lower bound.
    ///
    /// The group also holds what earlier steps left, and the page cache of every toolchain's file that one of its
    /// processes was the first to read. Neither is the step's own.
    pub(crate) fn peak_bytes(&self, seen: u64) -> (u64, bool) {
        let peak = self.peak();
        // A mark that cannot be reset (before Linux 6.12) says something only once it has risen.
        let is_exact = self.peak_is_reset || self.nursery.is_some() || peak > self.base.peak;
        let peak = if is_exact { peak } else { seen.max(self.current()) };
        let cached = self.pages().cached;
        let own = peak.saturating_sub(cached).saturating_sub(self.base.held);
        let cold = cached.saturating_sub(self.base.cached);
        (own + self.shared, !is_exact || cold > COLD.max(own / 20))
    }

    fn pages(&self) -> Pages {
        let cached = if self.files.v2 { "file" } else { "cache" };
        let read = |text: &str| {
            let cached = field(text, cached)?.saturating_sub(field(text, "shmem")?);
            let reread = field(text, "workingset_refault_file").unwrap_or(0) * PAGE;
            Some(Pages { cached, reread })
        };
        self.files.stat.as_ref().and_then(|stat| with_text(stat, read)).unwrap_or_default()
    }

    /// Memory in use now.
    pub(crate) fn current(&self) -> u64 {
        self.files.current.as_ref().and_then(|file| with_text(file, whole)).unwrap_or(0)
    }

    /// Bytes in use that are page cache of the host's files.
    pub(crate) fn cached(&self) -> u64 {
        self.pages().cached
    }

    /// Bytes that the last step was allowed; `None` before the first, and where nothing is measured.
    pub(crate) fn memory_limit(&self) -> Option<u64> {
        self.files.current.as_ref()?;
        Some(self.armed?.memory_bytes)
    }

    /// Kernel memory that the group is charged for, in bytes; `None` where the kernel does not report it.
    pub(crate) fn kernel_bytes(&self) -> Option<u64> {
        match self.files.v2 {
            // Since Linux 5.18.
            true => with_text(self.files.stat.as_ref()?, |text| field(text, "kernel")),
            false => with_text(self.files.kernel.as_ref()?, whole),
        }
    }

    fn peak(&self) -> u64 {
        self.files.peak.as_ref().and_then(|file| with_text(file, whole)).unwrap_or(0)
    }

    fn cpu(&self) -> u64 {
        let Some(file) = &self.files.cpu else { return 0 };
        if self.files.v2 {
            with_text(file, |text| field(text, "usage_usec")).unwrap_or(0)
        } else {
            with_text(file, whole).unwrap_or(0) / 1_000
        }
    }

    fn oom(&self) -> u64 {
        self.files.oom.as_ref().and_then(|file| with_text(file, |text| field(text, "oom_kill"))).unwrap_or(0)
    }

    fn forks(&self) -> u64 {
        self.files.pids_events.as_ref().and_then(|file| with_text(file, |text| field(text, "max"))).unwrap_or(0)
    }
}

impl Files {
    fn open_v1(memory: Option<&OwnedFd>, cpu: Option<&OwnedFd>, pids: Option<&OwnedFd>) -> Result<Self, Fault> {
        let mut files = Self::default();
        if let Some(group) = memory {
            files.procs.push(open(group, "cgroup.procs")?);
            files.memory_limit = Some(open(group, "memory.limit_in_bytes")?);
            files.swap_limit = open(group, "memory.memsw.limit_in_bytes").ok();
            files.peak = Some(open(group, "memory.max_usage_in_bytes")?);
            files.current = Some(open_to_read(group, "memory.usage_in_bytes")?);
            files.stat = Some(open_to_read(group, "memory.stat")?);
            files.kernel = open_to_read(group, "memory.kmem.usage_in_bytes").ok();
            files.oom = Some(open(group, "memory.oom_control")?);
        }
        if let Some(group) = cpu {
            files.procs.push(open(group, "cgroup.procs")?);
            files.cpu = Some(open(group, "cpuacct.usage")?);
        }
        if let Some(group) = pids {
            files.procs.push(open(group, "cgroup.procs")?);
            files.pids_limit = Some(open(group, "pids.max")?);
            files.pids_events = open_to_read(group, "pids.events").ok();
        }
        Ok(files)
    }

    fn open_v2(parent: &OwnedFd, name: &str) -> Result<Self, Fault> {
        let group = openat(parent, name, OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .at("cgroup: open the step's group")?;
        // The kill counts only when the whole group dies: a half-killed program would go on with a wrong answer.
        if let Ok(together) = open(&group, "memory.oom.group") {
            pwrite(&together, b"1", 0).at("cgroup: memory.oom.group")?;
        }
        if let Ok(swap) = open(&group, "memory.swap.max") {
            pwrite(&swap, b"0", 0).at("cgroup: memory.swap.max")?;
        }
        Ok(Self {
            procs: vec![open(&group, "cgroup.procs")?],
            memory_limit: open(&group, "memory.max").ok(),
            swap_limit: None,
            // It can be reset since Linux 6.12, and read since 5.19.
            peak: open(&group, "memory.peak").or_else(|_| open_to_read(&group, "memory.peak")).ok(),
            current: open_to_read(&group, "memory.current").ok(),
            stat: open_to_read(&group, "memory.stat").ok(),
            kernel: None,
            oom: open_to_read(&group, "memory.events").ok(),
            cpu: open_to_read(&group, "cpu.stat").ok(),
            pids_limit: open(&group, "pids.max").ok(),
            pids_events: open_to_read(&group, "pids.events").ok(),
            v2: true,
            directory: Some(group),
        })
    }
}

fn open_group(parent: impl AsFd, name: &str) -> Result<OwnedFd, Fault> {
    open_with(parent, name, OFlags::DIRECTORY | OFlags::RDONLY)
}

fn open(group: &OwnedFd, file: &str) -> Result<OwnedFd, Fault> {
    open_with(group, file, OFlags::RDWR).or_else(|_| open_with(group, file, OFlags::WRONLY))
}

fn open_to_read(group: &OwnedFd, file: &str) -> Result<OwnedFd, Fault> {
    open_with(group, file, OFlags::RDONLY)
}

fn open_with(directory: impl AsFd, file: &str, flags: OFlags) -> Result<OwnedFd, Fault> {
    openat(directory, file, flags | OFlags::CLOEXEC, Mode::empty()).at(&format!("cgroup: open `{file}`"))
}

fn set(file: Option<&OwnedFd>, value: u64) -> Result<(), Errno> {
    file.map_or(Ok(()), |file| pwrite(file, value.to_string().as_bytes(), 0).map(drop))
}

fn with_text<T>(file: &OwnedFd, read: impl Fn(&str) -> Option<T>) -> Option<T> {
    let mut buffer = [0; 2048];
    let length = pread(file, &mut buffer, 0).ok()?;
    // Only the end of a longer text can be cut, and what we look for stands early in each.
    read(std::str::from_utf8(&buffer[..length]).ok()?)
}

fn whole(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_its_whole_name() {
        let text = "oom_kill_disable 0\nunder_oom 0\noom_kill 3\n";
        assert_eq!(field(text, "oom_kill"), Some(3));
        assert_eq!(field(text, "oom"), None);
        assert_eq!(whole("17\n"), Some(17));
    }
}
