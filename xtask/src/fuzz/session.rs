//! One target, for a bounded time.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use super::{Bound, ROOM};
use crate::shell::run;

/// Longer inputs find little that shorter ones do not, and take longer.
const MAX_LEN: usize = 32 << 10;
/// Of the whole process: the engine for plugins alone takes a hundred.
const MEMORY_MIB: u64 = 1_500;
/// Nothing here takes more than a second for so little, but a machine may be busy.
const PATIENCE_S: u64 = 30;
/// A program without the compiler's counters finds nothing, and says so by having found next to nothing.
const LEAST_COVERAGE: u64 = 40;

/// One target.
pub(super) struct Session<'a> {
    root: &'a Path,
    target: &'a str,
    program: &'a Path,
    /// Directory of the results: inputs that reach new code, the log, inputs that fail.
    place: PathBuf,
}

impl<'a> Session<'a> {
    pub(super) fn new(root: &'a Path, target: &'a str, program: &'a Path) -> Self {
        Self { root, target, program, place: root.join("target/fuzz").join(target) }
    }

    /// Only one input.
    pub(super) fn replay(&self, input: &Path) -> anyhow::Result<()> {
        run(Command::new(self.program).arg(input))
    }

    /// Fuzzes, and says in a line how far it came.
    pub(super) fn run(&self, bound: Bound) -> anyhow::Result<String> {
        let (found, broken) = (self.place.join("corpus"), self.place.join("broken"));
        let bounds = match bound {
            Bound::Seconds(seconds) => vec![format!("-max_total_time={seconds}")],
            Bound::Inputs(inputs) => {
                // What was found before would change what comes now.
                let _ = std::fs::remove_dir_all(&found);
                vec![format!("-runs={inputs}"), "-seed=1".to_owned()]
            }
        };
        for dir in [&found, &broken] {
            std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
        }
        let path = self.place.join("log");
        let log = File::create(&path).with_context(|| path.display().to_string())?;
        // The first directory takes what is found; the seeds stay as they are.
        let status = Command::new(self.program)
            .args([&found, &self.root.join(ROOM).join("corpus").join(self.target)])
            .args(bounds)
            .arg(format!("-max_len={MAX_LEN}"))
            .arg(format!("-rss_limit_mb={MEMORY_MIB}"))
            .arg(format!("-timeout={PATIENCE_S}"))
            .arg(format!("-artifact_prefix={}/", broken.display()))
            .arg("-print_final_stats=1")
            .current_dir(&self.place)
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .status()
            .with_context(|| format!("cannot start `{}`", self.program.display()))?;
        let log = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        if !status.success() {
            bail!("{}", self.broke(&log, &path));
        }
        let coverage = last(&log, "cov: ").unwrap_or_default();
        ensure!(coverage >= LEAST_COVERAGE, "`{}` reaches {coverage} places: is it built for fuzzing?", self.target);
        let tries = last(&log, "stat::number_of_executed_units: ").unwrap_or_default();
        Ok(format!("{tries:>9} inputs, {coverage:>6} places reached"))
    }

    /// The failure, with its input and the command that repeats it.
    fn broke(&self, log: &str, path: &Path) -> String {
        let said = log.lines().skip_while(|line| !line.contains("panicked at") && !line.contains("ERROR: libFuzzer"));
        let said: Vec<&str> = said.take_while(|line| !line.contains("NOTE: libFuzzer")).take(6).collect();
        let input = log.lines().find_map(|line| line.split("Test unit written to ").nth(1)).unwrap_or("(none)");
        let relative = Path::new(input).strip_prefix(self.root).unwrap_or(Path::new(input)).display();
        format!(
            "`{}` breaks: {}\n  input:     {relative}\n  reproduce: cargo xtask fuzz {} --input {relative}\n  log:       {}",
            self.target,
            said.join("\n    "),
            self.target,
            path.strip_prefix(self.root).unwrap_or(path).display()
        )
    }
}

/// The number behind the last of these words.
fn last(log: &str, word: &str) -> Option<u64> {
    let (_, rest) = log.rsplit_once(word)?;
    rest.split_whitespace().next()?.parse().ok()
}
