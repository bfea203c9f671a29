//! A parent's own memory: the pages that a program would have been charged for, had it been started by itself.
//!
//! A child gets copies of them at once. So what it is charged for is the same as after a cold start, whatever it goes on
//! to do, and nothing is left through which it could tell, or be told by, a sibling. It would have copied most of them
//! anyway, one fault at a time.

use std::fs::{self, File};
use std::os::unix::fs::FileExt as _;

use rustix::process::Pid;

use crate::fault::{At as _, Fault};

const PAGE: u64 = 4096;
/// Bits of an entry in proc_pid_pagemap(5): the page is there; it is a file's, or shared.
const PRESENT: u64 = 1 << 63;
const FILE_OR_SHARED: u64 = 1 << 61;

/// What a parent has of its own.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// Ranges that can be written: start and length.
    pub(super) writable: Vec<(u64, u64)>,
    /// Bytes that cannot be written any more, so that a child never copies them.
    pub(super) kept_bytes: u64,
}

/// Looks at a process that stands still.
pub(super) fn own(pid: Pid) -> Result<Pages, Fault> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).at("warm: read the maps")?;
    let pagemap = File::open(format!("/proc/{pid}/pagemap")).at("warm: open the page map")?;
    let mut pages = Pages::default();
    for (start, end, is_writable) in maps.lines().filter_map(private) {
        let mut entries = vec![0; usize::try_from((end - start) / PAGE * 8).unwrap_or(0)];
        // The last mapping is the kernel's, of which the map says nothing.
        let Ok(()) = pagemap.read_exact_at(&mut entries, start / PAGE * 8) else { continue };
        for (at, entry) in (start..).step_by(4096).zip(entries.chunks_exact(8)) {
            let entry = u64::from_ne_bytes(entry.try_into().unwrap_or_default());
            if entry & (PRESENT | FILE_OR_SHARED) != PRESENT {
                continue;
            }
            match pages.writable.last_mut() {
                _ if !is_writable => pages.kept_bytes += PAGE,
                Some((first, length)) if *first + *length == at => *length += PAGE,
                _ => pages.writable.push((at, PAGE)),
            }
        }
    }
    Ok(pages)
}

/// Start and end of a private mapping, and whether it can be written: `start-end rwxp …`, proc_pid_maps(5).
fn private(line: &str) -> Option<(u64, u64, bool)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    rest.as_bytes().get(3).filter(|kind| **kind == b'p')?;
    Some((number(start)?, number(end)?, rest.as_bytes().get(1) == Some(&b'w')))
}
