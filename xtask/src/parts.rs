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
    rows: Vec<(String, Duration, bool)>,
}

impl Parts {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), rows: Vec::new() }
    }

    /// Runs one part. If it fails, the table is printed, too: its last row is what failed.
    pub(crate) fn run(&mut self, name: &str, part: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
        say(&format!("\n== {name} =="));
        let begun = Instant::now();
        let result = part();
        self.rows.push((name.to_owned(), begun.elapsed(), result.is_ok()));
        if result.is_err() {
            self.table();
        }
        result
    }

    /// One row for each part, the sum, and every skip.
    pub(crate) fn table(&self) {
        say(&format!("\n{:>7}  part", "seconds"));
        for (name, took, held) in &self.rows {
            say(&format!("{:>7}  {name}{}", took.as_secs(), if *held { "" } else { "  FAILED" }));
        }
        say(&format!("{:>7}  all", self.begun.elapsed().as_secs()));
        let skipped = SKIPPED.lock().unwrap_or_else(PoisonError::into_inner);
        say(&format!("{} skipped", skipped.len()));
        skipped.iter().for_each(|what| say(&format!("  {what}")));
    }
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
}
