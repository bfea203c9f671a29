//! What this kernel gives to programs, or tells of them, beyond what a box can take away.

use std::fs;
use std::path::Path;

use super::granted::Granted;
use crate::Note;

/// Looks at the machine whose `/proc` and `/sys` are below `root`. None of it is a problem that keeps boxes from working.
pub fn given(root: &Path) -> Vec<Note> {
    let files = Files { root };
    let looks: [fn(&Files<'_>) -> Option<Note>; 4] = [cores, merged_pages, swap, log];
    let is_root = rustix::process::geteuid().is_root();
    looks.into_iter().filter_map(|look| look(&files)).chain((!is_root).then(accounts)).collect()
}

/// Where the kernel tells of itself.
struct Files<'a> {
    root: &'a Path,
}

impl Files<'_> {
    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(self.root.join(path)).ok().map(|text| text.trim().to_owned())
    }
}

fn note(name: &'static str, found: &str, advice: Option<&str>) -> Note {
    Note { name, found: found.to_owned(), advice: advice.map(str::to_owned) }
}

/// core(5): a pattern that begins with `|` starts a program as root, outside of every box. The agent sets the limit at which
/// it does not, unless whoever started us took that away.
fn cores(files: &Files<'_>) -> Option<Note> {
    let name = "kernel: core dumps";
    let pattern = files.read("proc/sys/kernel/core_pattern")?;
    if !pattern.starts_with('|') {
        return Some(note(name, "no crash starts anything", None));
    }
    let hard = rustix::process::getrlimit(rustix::process::Resource::Core).maximum;
    Some(match hard {
        Some(0) => note(
            name,
            "a crash in a box starts the program that `core_pattern` names",
            Some(
                "start the worker without a hard limit of 0 (`LimitCORE=infinity`), or `sysctl kernel.core_pattern=core`",
            ),
        ),
        _ => note(name, "a crash in a box starts nothing, though `core_pattern` names a program", None),
    })
}

/// Documentation/admin-guide/mm/ksm.rst. What is written to a merged page takes longer, which tells that another has the same.
fn merged_pages(files: &Files<'_>) -> Option<Note> {
    let name = "kernel: merged pages";
    match files.read("sys/kernel/mm/ksm/run")?.as_str() {
        "1" => Some(note(
            name,
            "on; programs in boxes cannot take part, unless what starts the worker makes them (PR_SET_MEMORY_MERGE)",
            Some("`echo 2 > /sys/kernel/mm/ksm/run`"),
        )),
        _ => Some(note(name, "off", None)),
    }
}

/// Version 1 limits memory and swap together only with `memory.memsw`; version 2 has a limit of its own for swap.
fn swap(files: &Files<'_>) -> Option<Note> {
    let name = "kernel: swap";
    let devices = files.read("proc/swaps")?.lines().count().saturating_sub(1);
    let memory = files.root.join("sys/fs/cgroup/memory");
    let is_bounded =
        !memory.join("memory.limit_in_bytes").exists() || memory.join("memory.memsw.limit_in_bytes").exists();
    Some(match (devices, is_bounded) {
        (0, _) => note(name, "none", None),
        (_, true) => note(name, "bounded with memory", None),
        (_, false) => note(
            name,
            "programs may fill it beyond their memory limit",
            Some("`swapoff -a`, or `swapaccount=1` on the kernel's command line, or control groups of version 2"),
        ),
    })
}

/// Documentation/admin-guide/sysctl/kernel.rst. Boxes cannot read it (syslog(2) is refused); what happens in them stands there.
fn log(files: &Files<'_>) -> Option<Note> {
    let name = "kernel: log";
    let is_open = files.read("proc/sys/kernel/dmesg_restrict")? == "0";
    let is_loud = files.read("proc/sys/kernel/print-fatal-signals").is_some_and(|value| value != "0");
    let advice = match (is_open, is_loud) {
        (false, false) => None,
        (true, false) => Some("`sysctl kernel.dmesg_restrict=1`"),
        (false, true) => Some("`sysctl kernel.print-fatal-signals=0`"),
        (true, true) => Some("`sysctl kernel.dmesg_restrict=1 kernel.print-fatal-signals=0`"),
    };
    let found = match (is_open, is_loud) {
        (true, _) => "every user of this machine reads in it which programs crashed",
        (false, true) => "has lines of each program that a signal ended",
        (false, false) => "root's",
    };
    Some(note(name, found, advice))
}

/// Without root, boxes have the ids that the user was granted, or are the user who runs the worker.
fn accounts() -> Note {
    let name = "kernel: accounts";
    match Granted::look() {
        Ok(count) => note(name, &format!("two subordinate ids for each box, of {count}"), None),
        Err(reason) => {
            let found = format!(
                "one for all boxes ({reason}): what the kernel counts for a user (descriptors under way, pages of pipes) is \
                 bounded for each step, and shared by all"
            );
            let advice = "install `uidmap` and grant the user ids (`usermod --add-subuids 100000-165535 --add-subgids \
                          100000-165535 USER`), or run the worker as root";
            note(name, &found, Some(advice))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn machine(files: &[(&str, &str)]) -> Vec<Note> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        given(root.path())
    }

    fn find<'a>(notes: &'a [Note], name: &str) -> &'a Note {
        notes.iter().find(|note| note.name == name).unwrap()
    }

    #[test]
    fn what_is_open_has_advice_and_what_is_closed_has_none() {
        let open = machine(&[
            ("proc/sys/kernel/core_pattern", "|/usr/lib/systemd/systemd-coredump %P\n"),
            ("sys/kernel/mm/ksm/run", "1\n"),
            ("proc/swaps", "Filename Type\n/dev/sda2 partition\n"),
            ("sys/fs/cgroup/memory/memory.limit_in_bytes", "1\n"),
            ("proc/sys/kernel/dmesg_restrict", "0\n"),
        ]);
        for name in ["kernel: merged pages", "kernel: swap", "kernel: log"] {
            assert!(find(&open, name).advice.is_some(), "{open:?}");
        }
        assert!(find(&open, "kernel: core dumps").found.contains("though `core_pattern`"), "{open:?}");
        let closed = machine(&[
            ("proc/sys/kernel/core_pattern", "core\n"),
            ("sys/kernel/mm/ksm/run", "0\n"),
            ("proc/swaps", "Filename Type\n"),
            ("proc/sys/kernel/dmesg_restrict", "1\n"),
        ]);
        assert!(closed.iter().filter(|note| note.name != "kernel: accounts").all(|note| note.advice.is_none()));
    }
}
