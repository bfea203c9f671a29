//! How much memory this machine has.

use std::fs;

/// In bytes: the machine's own, or less where our control group has less (cgroup v2 `memory.max`, or version 1's
/// `memory.limit_in_bytes`, as a container sees them). `None` where the kernel does not say.
pub fn machine_memory() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let machine = field(&meminfo, "MemTotal:")?;
    let limit = |path| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let limits =
        ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"].into_iter().filter_map(limit);
    Some(limits.fold(machine, u64::min))
}

/// A line of `/proc/meminfo`, in bytes.
pub(crate) fn field(meminfo: &str, name: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_its_whole_name() {
        let text = "MemTotal:       24684092 kB\nSUnreclaim:        35880 kB\n";
        assert_eq!(field(text, "SUnreclaim:"), Some(35_880 << 10));
        assert_eq!(field(text, "Slab:"), None);
        assert!(machine_memory().is_some_and(|bytes| bytes > 64 << 20));
    }
}
