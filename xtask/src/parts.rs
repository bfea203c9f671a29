//! The parts of a long task: how long each took, and what was skipped in it and why.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::shell::say;

/// Skips, in the order in which they were said.
static SKIPPED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Prefix of a skip's line, from tests and from xtask itself.
const SKIP: &str = "skipped: ";

/// Keeps a line for the summary, if it says that something was skipped.
pub(crate) fn note(line: &str) {
    if let Some(what) = line.trim().strip_prefix(SKIP) {
        SKIPPED.lock().unwrap_or_else(PoisonError::into_inner).push(what.to_owned());
    }
}

/// Says that something is skipped, and why.
pub(crate) fn skip(why: &str) {
    let line = format!("{SKIP}{why}");
    say(&line);
    note(&line);
}

/// Parts that have run.
pub(crate) struct Parts {
    begun: Instant,
    rows: Vec<Row>,
}

struct Row {
    name: String,
    took: Duration,
    /// Of the programs that it started and waited for.
    cpu: Duration,
    held: bool,
}

impl Parts {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), rows: Vec::new() }
    }

    /// Runs one part. If it fails, the table is printed, too: its last row is what failed.
    pub(crate) fn run(&mut self, name: &str, part: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        say(&format!("\n== {name} =="));
        let (begun, cpu) = (Instant::now(), cpu_of_children());
        let result = part();
        self.rows.push(Row {
            name: name.to_owned(),
            took: begun.elapsed(),
            cpu: cpu_of_children().saturating_sub(cpu),
            held: result.is_ok(),
        });
        if result.is_err() {
            self.table();
        }
        result
    }

    /// One row for each part, the sum, and every skip. Processor time shows what a part costs a machine that is busy with
    /// others, and where parts only wait.
    pub(crate) fn table(&self) {
        say(&format!("\n{:>7} {:>7}  part", "seconds", "CPU"));
        let line = |took: Duration, cpu: Duration, text: &str| {
            say(&format!("{:>7} {:>7}  {text}", took.as_secs(), cpu.as_secs()));
        };
        for Row { name, took, cpu, held } in &self.rows {
            line(*took, *cpu, &format!("{name}{}", if *held { "" } else { "  FAILED" }));
        }
        line(self.begun.elapsed(), cpu_of_children(), "all");
        let skipped = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
        say(&format!("{} skipped", skipped.len()));
        skipped.iter().for_each(|what| say(&format!("  {what}")));
    }
}

/// The processor time of all children that were waited for, and of theirs; zero where the kernel does not tell
/// (proc_pid_stat(5): `cutime` and `cstime`, in ticks of 10 ms).
fn cpu_of_children() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The program's name, in parentheses, may hold spaces.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: u64 = fields.skip(13).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_skips_are_kept() {
        note("test one ... ok");
        note("  skipped: two: there is no `redis-server`");
        let kept = SKIPPED.lock().unwrap();
        assert!(kept.iter().any(|line| line == "two: there is no `redis-server`"));
        assert!(!kept.iter().any(|line| line.contains("one")));
    }

    #[test]
    fn the_processor_time_of_a_child_is_counted_once_it_has_ended() {
        let before = cpu_of_children();
        let status =
            std::process::Command::new("sh").args(["-c", "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"]).status();
        assert!(status.unwrap().success());
        assert!(cpu_of_children() > before);
    }
}
