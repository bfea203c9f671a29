//! A count of what stands behind a step's descriptors, mappings and waiting calls.

mod calls;

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::{fmt, fs};

use optimus_agent::inventory::uncharged::{EPOLL, EVENT, TIMER};

use crate::step::supervise::starved::entries;
use crate::sys::is_same_file;

/// Behind any open file: what a security module notes of it (`lsm_file_cache`), and the kernel of who is charged for it
/// (`slabobj_ext`); 46 to 77 bytes were measured.
const FILE: u64 = 48;
/// Behind each kind that costs more. `signalfd_ctx` is 8 bytes.
const ANONYMOUS: [(&str, u64); 4] =
    [("[eventpoll]", EPOLL), ("[timerfd]", TIMER), ("[eventfd]", EVENT), ("[signalfd]", 8)];
/// What a security module notes of an inode, and a name that a socket may have.
const SOCKET: u64 = 32 + 96;
const PIPE: u64 = 32;
/// The tree of a process's mappings: nodes of 256 bytes, which are half full (lib/maple_tree.c).
const MAPPING: u64 = 50;

/// What was found.
pub(super) struct Count {
    /// Descriptors were not looked at one by one: each counts as the dearest.
    is_rough: bool,
    /// No more is counted than this.
    bound: u64,
    files: u64,
    anonymous: [u64; ANONYMOUS.len()],
    /// By their numbers, because several open files may lead to one.
    sockets: HashSet<u64>,
    pipes: HashSet<u64>,
    mappings: u64,
    /// For calls that wait, in bytes.
    calls: u64,
    /// By a descriptor's number and what it leads to: a task that has it. One that a child inherited is the same open file.
    holders: HashMap<(u32, u64), u32>,
    hasher: RandomState,
}

impl Count {
    fn new(bound: u64, is_rough: bool) -> Self {
        let (sockets, pipes, holders) = (HashSet::new(), HashSet::new(), HashMap::new());
        let (files, anonymous, mappings, calls) = (0, [0; ANONYMOUS.len()], 0, 0);
        Self { is_rough, bound, files, anonymous, sockets, pipes, mappings, calls, holders, hasher: RandomState::new() }
    }

    /// No less than all processes but our own hold. The inits of steps, which hold little, are among them.
    pub(super) fn roughly(bound: u64) -> Self {
        Self::of_all(bound, true)
    }

    /// What they hold, until it is too much.
    pub(super) fn exactly(bound: u64) -> Self {
        Self::of_all(bound, false)
    }

    pub(super) fn is_rough(&self) -> bool {
        self.is_rough
    }

    fn of_all(bound: u64, is_rough: bool) -> Self {
        let mut count = Self::new(bound, is_rough);
        for pid in entries("/proc") {
            count.add_process(pid);
            if count.is_too_much() {
                break;
            }
        }
        count
    }

    fn add_process(&mut self, pid: u32) {
        let threads: Vec<u32> = entries(&format!("/proc/{pid}/task")).collect();
        let mut open = 0;
        for &thread in &threads {
            let task = format!("/proc/{pid}/task/{thread}");
            open = self.add_descriptors(&task, thread);
            // The first thread of a process may have ended, and shows nothing then. The others share one table of
            // descriptors: the filter refuses threads that would not.
            if self.add_mappings(&task) || open > 0 {
                break;
            }
        }
        for thread in threads {
            if let Ok(line) = fs::read_to_string(format!("/proc/{pid}/task/{thread}/syscall")) {
                self.calls += calls::bytes(&line, open);
            }
        }
    }

    /// Returns how many there were.
    fn add_descriptors(&mut self, task: &str, thread: u32) -> u64 {
        if self.is_rough {
            // Since Linux 6.2 its size is how many there are (fs/proc/fd.c).
            let told = fs::metadata(format!("{task}/fd")).map_or(0, |directory| directory.len());
            let open = if told > 0 { told } else { entries(&format!("{task}/fd")).count() as u64 };
            self.files += open;
            return open;
        }
        let mut any = 0;
        for entry in fs::read_dir(format!("{task}/fd")).into_iter().flatten().flatten() {
            any += 1;
            if self.is_too_much() {
                break;
            }
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let Ok(target) = fs::read_link(entry.path()) else { continue };
            let target = target.to_string_lossy();
            if !self.is_inherited(thread, number, &target) {
                self.add(&target);
            }
        }
        any
    }

    /// Whether another task that has been counted has the same open file under the same number.
    fn is_inherited(&mut self, thread: u32, number: u32, target: &str) -> bool {
        match self.holders.entry((number, self.hasher.hash_one(target))) {
            Entry::Occupied(holder) => is_same_file(*holder.get(), thread, number),
            Entry::Vacant(place) => {
                place.insert(thread);
                false
            }
        }
    }

    /// One open file, by what a descriptor's link says: `socket:[4711]`, `anon_inode:[eventpoll]`.
    fn add(&mut self, target: &str) {
        self.files += 1;
        let Some((kind, name)) = target.split_once(':') else { return };
        let number = || name.strip_prefix('[')?.strip_suffix(']')?.parse::<u64>().ok();
        match kind {
            "socket" => self.sockets.extend(number()),
            "pipe" => self.pipes.extend(number()),
            "anon_inode" => {
                if let Some(place) = ANONYMOUS.iter().position(|(known, _)| *known == name) {
                    self.anonymous[place] += 1;
                }
            }
            _ => {}
        }
    }

    fn add_mappings(&mut self, task: &str) -> bool {
        let Ok(mut maps) = fs::File::open(format!("{task}/maps")) else { return false };
        let mut buffer = [0; 4096];
        let mut any = false;
        while let Ok(length @ 1..) = maps.read(&mut buffer) {
            any = true;
            self.mappings += buffer[..length].iter().filter(|byte| **byte == b'\n').count() as u64;
            if self.is_too_much() {
                break;
            }
        }
        any
    }

    fn is_too_much(&self) -> bool {
        self.bytes() > self.bound
    }

    pub(super) fn bytes(&self) -> u64 {
        let anonymous: u64 = self.anonymous.iter().zip(ANONYMOUS).map(|(count, (_, price))| count * price).sum();
        let inodes = self.sockets.len() as u64 * SOCKET + self.pipes.len() as u64 * PIPE;
        let file = if self.is_rough { FILE + EPOLL } else { FILE };
        self.files * file + anonymous + inodes + self.mappings * MAPPING + self.calls
    }
}

impl fmt::Display for Count {
    /// `at least 2048 KiB for 6900 open files (6890 epoll, …), 40 mappings and calls that wait with 0 bytes`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { files, anonymous: [polls, timers, events, signals], sockets, pipes, mappings, calls, .. } = self;
        write!(
            f,
            "at least {} KiB for {files} open files ({polls} epoll, {timers} timer, {events} event, {signals} signal, \
             {} sockets, {} pipes), {mappings} mappings and calls that wait with {calls} bytes",
            self.bytes() >> 10,
            sockets.len(),
            pipes.len(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_its_price_and_shared_ones_count_once() {
        let mut count = Count::new(u64::MAX, false);
        for target in ["anon_inode:[eventpoll]", "anon_inode:[timerfd]", "anon_inode:[io_uring]", "/dev/null", "pipe:x"]
        {
            count.add(target);
        }
        (0..3).for_each(|_| count.add("socket:[17]"));
        assert_eq!(count.bytes(), 8 * FILE + EPOLL + TIMER + SOCKET);
        assert_eq!(count.sockets.len(), 1);
    }

    #[test]
    fn a_rough_count_finds_no_less() {
        let own = std::process::id();
        let (mut rough, mut exact) = (Count::new(u64::MAX, true), Count::new(u64::MAX, false));
        exact.add_process(own);
        rough.add_process(own);
        assert!(exact.files > 2 && rough.bytes() > exact.bytes());
    }

    #[test]
    fn what_a_child_inherited_counts_once() {
        let files: Vec<_> = (0..20).map(|_| fs::File::open("/dev/null").unwrap()).collect();
        let own = std::process::id();
        let mut count = Count::new(u64::MAX, false);
        count.add_process(own);
        let before = count.files;
        assert!(before >= 20);
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        count.add_process(child.id());
        let (after, mappings) = (count.files, count.mappings);
        child.kill().unwrap();
        child.wait().unwrap();
        drop(files);
        assert!(after < before + 3, "{before}, {after}: its streams are ours");
        assert!(mappings > 0);
    }
}
