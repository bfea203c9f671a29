//! A small emulated machine whose kernel has control groups of version 2, and in it the sandbox's test suites: once
//! as root, once as a user to whom a group was delegated; the contract also as one who has subordinate ids.
//!
//! It boots a distribution's kernel on QEMU's smallest machine from memory alone, and needs neither network nor
//! virtualisation; where there is some, `OPTIMUS_TEST_ACCEL=kvm` makes it fast. What it needs is fetched or built
//! under `target/vm`.

mod image;
mod kernel;

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};

use crate::shell;

/// Emulation is ten to thirty times slower than the real thing, and it runs beside all other tests.
const TIME_BOUND: Duration = Duration::from_secs(75 * 60);
/// Prefix of the exit code that the machine's init prints.
const MARK: &str = "optimus-vm:";

/// What is tried in the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Depth {
    /// Every suite as every user.
    Whole,
    /// What the host's own tests leave open: the attacks only as a user with a delegated group, since as root walls differ
    /// from the host's by control groups alone, which the contract is about.
    Beside,
}

impl Depth {
    /// The users as whom a suite runs. What differs for one with subordinate ids on this kernel are control groups, which
    /// the contract is about.
    fn users(self, suite: &str) -> &'static [&'static str] {
        match (suite, self) {
            ("contract", _) => &["root", "user", "granted"],
            ("hostile", Self::Beside) => &["user"],
            _ => &["root", "user"],
        }
    }
}

/// A machine that has been started and runs each test executable. It is ended when this is dropped.
pub(crate) struct Machine {
    depth: Depth,
    process: Child,
    lines: Receiver<String>,
    begun: Instant,
    suites: Vec<PathBuf>,
}

impl Machine {
    /// Boots a machine with these test executables and returns at once: what it does takes one processor, and many of
    /// the host's own tests mostly wait.
    pub(crate) fn boot(suites: Vec<PathBuf>, depth: Depth) -> anyhow::Result<Self> {
        let cache = shell::root().join("target/vm");
        std::fs::create_dir_all(&cache).with_context(|| format!("`{}`", cache.display()))?;
        for (program, package) in [("qemu-system-x86_64", "qemu-system-x86"), ("cpio", "cpio")] {
            ensure!(shell::has(program), "`{program}` is not installed; on Debian: apt-get install {package}");
        }
        let kernel = kernel::fetch(&cache)?;
        let initrd = image::build(&cache, kernel.module.as_deref(), &suites, depth)?;
        let mut process = start(&kernel.image, &initrd)?;
        let lines = console(&mut process)?;
        Ok(Self { depth, process, lines, begun: Instant::now(), suites })
    }

    /// Waits until the machine is done, prints what it said, and fails if a suite did.
    pub(crate) fn finish(mut self) -> anyhow::Result<()> {
        let said = self.marks()?;
        let status = self.process.wait().context("cannot wait for the machine")?;
        ensure!(status.success(), "the machine was ended from outside: {status}");
        shell::say(&format!("the machine took {} s", self.begun.elapsed().as_secs()));
        verdict(&said, &self.suites, self.depth)
    }

    /// The lines that carry the mark, once the machine has ended.
    fn marks(&mut self) -> anyhow::Result<Vec<String>> {
        let end = self.begun + TIME_BOUND;
        let mut said = Vec::new();
        loop {
            match self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    shell::say(&format!("  | {line}"));
                    said.extend(line.strip_prefix(MARK).map(|mark| mark.trim().to_owned()));
                }
                Err(RecvTimeoutError::Disconnected) => return Ok(said),
                Err(RecvTimeoutError::Timeout) => {
                    bail!("the machine was not done after {} minutes", TIME_BOUND.as_secs() / 60)
                }
            }
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Fails only for a machine that has ended.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn start(kernel: &Path, initrd: &Path) -> anyhow::Result<Child> {
    // Without ACPI the kernel finds one processor only; with it, it was once seen to hang while it booted.
    Command::new("qemu-system-x86_64")
        .args(["-M", "microvm,acpi=off", "-cpu", "max", "-m", "3G", "-accel"])
        .arg(std::env::var("OPTIMUS_TEST_ACCEL").unwrap_or_else(|_| "tcg".to_owned()))
        .arg("-kernel")
        .arg(kernel)
        .arg("-initrd")
        .arg(initrd)
        .args(["-append", "console=ttyS0 quiet panic=-1 reboot=t", "-nographic", "-no-reboot"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start `qemu-system-x86_64`")
}

/// The lines of the machine's console, as they come.
fn console(machine: &mut Child) -> anyhow::Result<Receiver<String>> {
    let console = machine.stdout.take().context("the machine has no console")?;
    let (send, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(console).split(b'\n').map_while(Result::ok) {
            // The receiver leaves once the time is up.
            if send.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                break;
            }
        }
    });
    Ok(lines)
}

/// Marks are `<suite> as <user>: <exit code>`; one is expected for each suite and user.
fn verdict(said: &[String], suites: &[PathBuf], depth: Depth) -> anyhow::Result<()> {
    let mut failed = Vec::new();
    for suite in suites {
        let name = image::suite_name(suite);
        for user in depth.users(&name) {
            let run = format!("{name} as {user}");
            match said.iter().find_map(|mark| mark.strip_prefix(&run)?.strip_prefix(": ")) {
                Some("0") => shell::say(&format!("{run}: passed")),
                Some(code) => failed.push(format!("{run} ended with {code}")),
                None => failed.push(format!("{run} did not come to an end")),
            }
        }
    }
    ensure!(failed.is_empty(), "in the machine: {}", failed.join("; "));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_passes_only_if_both_users_say_so() {
        let suites = [PathBuf::from("/x/hostile-0123abcd")];
        let verdict = |said: &[String], suites: &[PathBuf]| verdict(said, suites, Depth::Whole);
        let marks = |list: &[&str]| list.iter().map(|mark| (*mark).to_owned()).collect::<Vec<_>>();
        assert!(verdict(&marks(&["hostile as root: 0", "hostile as user: 0"]), &suites).is_ok());
        let error = verdict(&marks(&["hostile as root: 101"]), &suites).unwrap_err().to_string();
        let contract = [PathBuf::from("/x/contract-0123abcd")];
        let two = marks(&["contract as root: 0", "contract as user: 0"]);
        assert!(verdict(&two, &contract).unwrap_err().to_string().contains("as granted did not"));
        assert!(error.contains("as root ended with 101") && error.contains("as user did not"), "{error}");
    }

    #[test]
    fn beside_the_hosts_tests_attacks_are_tried_as_a_user() {
        let suites = ["/x/hostile-0123abcd", "/x/shared-0123abcd"].map(PathBuf::from);
        let said = ["hostile as user: 0", "shared as root: 0", "shared as user: 0"].map(str::to_owned);
        assert!(verdict(&said, &suites, Depth::Beside).is_ok());
        assert!(verdict(&said, &suites, Depth::Whole).unwrap_err().to_string().contains("hostile as root did not"));
        assert!(verdict(&said[1..], &suites, Depth::Beside).is_err());
    }
}
