//! What lets a program's times and memory differ from run to run on a machine, as data: nothing of it is a problem, and
//! nothing is changed.

use std::fs;
use std::path::Path;

/// A fact about the machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// `timing: turbo`.
    pub name: &'static str,
    /// What was found: `on`.
    pub found: String,
    /// What it does to times, and what an operator who minds does about it.
    pub advice: Option<String>,
}

/// Looks at the machine whose `/proc` and `/sys` are below `root`. What it does not tell of is left out.
pub fn timing(root: &Path) -> Vec<Note> {
    [layout, huge_pages, governor, turbo, hyperthreads].into_iter().filter_map(|look| look(&Files { root })).collect()
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

fn note(name: &'static str, found: &str, advice: Option<&str>) -> Option<Note> {
    Some(Note { name, found: found.to_owned(), advice: advice.map(str::to_owned) })
}

/// ASLR: Documentation/admin-guide/sysctl/kernel.rst, and personality(2) for this process and all that it starts.
fn layout(files: &Files<'_>) -> Option<Note> {
    const ADDR_NO_RANDOMIZE: u32 = 0x0004_0000;
    const ADVICE: &str = "memory is laid out anew in every run, which moves times by some percent; to have it fixed for \
                          the programs of native boxes alone, start this one with `setarch -R` (the whole machine's \
                          `kernel.randomize_va_space` protects everything else too)";
    let machine = files.read("proc/sys/kernel/randomize_va_space")?;
    let own = files.read("proc/self/personality").and_then(|text| u32::from_str_radix(&text, 16).ok()).unwrap_or(0);
    let (found, advice) = match machine.as_str() {
        "0" => ("off", None),
        _ if own & ADDR_NO_RANDOMIZE != 0 => ("off for what is started from here", None),
        "1" => ("on, but for the heap", Some(ADVICE)),
        _ => ("on", Some(ADVICE)),
    };
    note("timing: address layout (ASLR)", found, advice)
}

/// THP: Documentation/admin-guide/mm/transhuge.rst.
fn huge_pages(files: &Files<'_>) -> Option<Note> {
    let text = files.read("sys/kernel/mm/transparent_hugepage/enabled")?;
    let chosen = text.split_whitespace().find_map(|word| word.strip_prefix('[')?.strip_suffix(']'))?;
    let advice = (chosen == "always").then_some(
        "the kernel joins pages when it can, so that a program's memory and times depend on what else runs: `echo \
         madvise > /sys/kernel/mm/transparent_hugepage/enabled`",
    );
    note("timing: huge pages (THP)", chosen, advice)
}

/// Documentation/admin-guide/pm/cpufreq.rst. Of the first processor, since they are set alike but by hand.
fn governor(files: &Files<'_>) -> Option<Note> {
    let chosen = files.read("sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")?;
    let advice = (chosen != "performance").then_some(
        "the clock follows the load, so a program that starts finds it low: `cpupower frequency-set -g performance`",
    );
    note("timing: frequency governor", &chosen, advice)
}

/// Documentation/admin-guide/pm/cpufreq.rst ("Frequency Boost Support") and intel_pstate.rst (`no_turbo`).
fn turbo(files: &Files<'_>) -> Option<Note> {
    let intel =
        files.read("sys/devices/system/cpu/intel_pstate/no_turbo").map(|no| (no == "0", "1", "intel_pstate/no_turbo"));
    let other = || files.read("sys/devices/system/cpu/cpufreq/boost").map(|yes| (yes == "1", "0", "cpufreq/boost"));
    let (on, off, file) = intel.or_else(other)?;
    let advice = on.then(|| {
        format!(
            "the clock depends on the heat, and on how many cores are at work: `echo {off} > /sys/devices/system/cpu/{file}`"
        )
    });
    note("timing: turbo", if on { "on" } else { "off" }, advice.as_deref())
}

/// Documentation/ABI/testing/sysfs-devices-system-cpu.
fn hyperthreads(files: &Files<'_>) -> Option<Note> {
    let active = files.read("sys/devices/system/cpu/smt/active")? == "1";
    let advice = active.then_some(
        "two processors of a core slow each other down: `--pin-cpus auto` takes one of each core; `echo off > \
         /sys/devices/system/cpu/smt/control` leaves no other",
    );
    note("timing: hyperthreads (SMT)", if active { "on" } else { "off" }, advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine that tells of itself in these files.
    fn look(files: &[(&str, &str)]) -> Vec<Note> {
        let root = tempfile::tempdir().unwrap();
        for (path, content) in files {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, format!("{content}\n")).unwrap();
        }
        timing(root.path())
    }

    const ASLR: &str = "proc/sys/kernel/randomize_va_space";
    const THP: &str = "sys/kernel/mm/transparent_hugepage/enabled";
    const GOVERNOR: &str = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    const NO_TURBO: &str = "sys/devices/system/cpu/intel_pstate/no_turbo";
    const BOOST: &str = "sys/devices/system/cpu/cpufreq/boost";
    const SMT: &str = "sys/devices/system/cpu/smt/active";

    #[test]
    fn a_machine_that_tells_nothing_has_no_notes() {
        assert_eq!(look(&[]), []);
    }

    #[test]
    fn a_calm_machine_needs_no_advice() {
        let thp = (THP, "always [madvise] never");
        let notes = look(&[(ASLR, "0"), thp, (GOVERNOR, "performance"), (NO_TURBO, "1"), (SMT, "0")]);
        let found: Vec<&str> = notes.iter().map(|note| note.found.as_str()).collect();
        assert_eq!(found, ["off", "madvise", "performance", "off", "off"]);
        assert!(notes.iter().all(|note| note.advice.is_none()));
    }

    #[test]
    fn what_moves_times_comes_with_what_to_do() {
        for (file, content, found, advice) in [
            (ASLR, "2", "on", "setarch -R"),
            (ASLR, "1", "on, but for the heap", "setarch -R"),
            (THP, "[always] madvise never", "always", "echo madvise"),
            (GOVERNOR, "powersave", "powersave", "-g performance"),
            (NO_TURBO, "0", "on", "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo"),
            (BOOST, "1", "on", "echo 0 > /sys/devices/system/cpu/cpufreq/boost"),
            (SMT, "1", "on", "--pin-cpus auto"),
        ] {
            let notes = look(&[(file, content)]);
            let [note] = &notes[..] else { panic!("{file}: {notes:?}") };
            assert_eq!(note.found, found, "{file}");
            assert!(note.advice.as_ref().unwrap().contains(advice), "{file}: {note:?}");
        }
    }

    #[test]
    fn a_layout_that_is_fixed_for_us_is_fixed() {
        let notes = look(&[(ASLR, "2"), ("proc/self/personality", "00040000")]);
        assert_eq!((notes[0].found.as_str(), &notes[0].advice), ("off for what is started from here", &None));
    }
}
