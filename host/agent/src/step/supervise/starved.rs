//! How long a step has waited for a processor: a machine that is too busy makes a program look idle that is not.

use std::fs;

/// Microseconds that the step's living threads were ready to run and did not, all together: the second number of each
/// one's `schedstat` (sched-stats in the kernel's documentation), which counts nanoseconds. 0 where that is not to be had.
///
/// The inits of other steps are in this pid namespace too, and wait for nothing but orders. What keeps warm parents `is_ours`.
pub(super) fn waited_us(is_ours: impl Fn(u32) -> bool) -> u64 {
    let programs = entries("/proc").filter(|pid| !is_ours(*pid));
    let threads = programs.flat_map(|pid| entries(&format!("/proc/{pid}/task")).map(move |tid| (pid, tid)));
    threads.filter_map(|(pid, tid)| of_thread(pid, tid)).sum::<u64>() / 1_000
}

/// The entries of a directory that are numbers, ours not among them.
pub(crate) fn entries(directory: &str) -> impl Iterator<Item = u32> + use<> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|id| *id != 1)
}

fn of_thread(pid: u32, tid: u32) -> Option<u64> {
    let line = fs::read_to_string(format!("/proc/{pid}/task/{tid}/schedstat")).ok()?;
    line.split_ascii_whitespace().nth(1)?.parse().ok()
}
