//! The output of `cargo test`, test by test.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, pipe};
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::shell::say;

/// Which tests passed, and which attacks held where.
#[derive(Debug, Default)]
pub(crate) struct Transcript {
    /// `binary::path::of::a::test`.
    passed: BTreeSet<String>,
    /// (backend, attack): whether all of its cases held.
    attacks: BTreeMap<(String, String), bool>,
    witnesses: Vec<Seen>,
    /// Attacks against which a wall is known to be missing.
    open: BTreeSet<String>,
}

/// The observations of the witnesses while an attack ran.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) backend: String,
    pub(crate) attack: String,
    /// The most kernel memory that no control group was charged for.
    pub(crate) uncharged_kib: u64,
    /// The operations that failed.
    pub(crate) failed: Vec<String>,
}

impl Transcript {
    /// Runs `command`, shows what is worth seeing of it, and fails if it does.
    pub(crate) fn of(root: &Path, command: &mut Command) -> anyhow::Result<Self> {
        let record = root.join("target/attacks.record");
        let _ = std::fs::remove_file(&record);
        let (reader, writer) = pipe()?;
        command.env("OPTIMUS_TEST_RECORD", &record).stdout(writer.try_clone()?).stderr(writer);
        say(&format!("$ {}", crate::shell::show(command)));
        let mut child = command.spawn().context("cannot start cargo")?;
        // Ours would keep the pipe open for ever.
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        let mut transcript = Self::default();
        let mut binary = String::new();
        for line in BufReader::new(reader).split(b'\n') {
            let line = String::from_utf8_lossy(&line?).into_owned();
            crate::parts::note(&line);
            if transcript.read(&line, &mut binary) {
                say(&line);
            }
        }
        let status = child.wait()?;
        if !status.success() {
            bail!("`cargo test` ended with {status}");
        }
        transcript.read_record(&std::fs::read_to_string(&record).unwrap_or_default());
        Ok(transcript)
    }

    /// Returns true if a line is worth showing.
    fn read(&mut self, line: &str, binary: &mut String) -> bool {
        if let Some(path) = line.trim_start().strip_prefix("Running ").and_then(|rest| rest.split_once("/deps/")) {
            // `api-0123456789abcdef)`
            *binary = path.1.rsplit_once('-').map_or(path.1, |(name, _)| name).to_owned();
            return true;
        }
        let Some(test) = line.strip_prefix("test ") else { return worth_showing(line) };
        match test.split_once(" ... ") {
            Some((name, "ok")) => {
                self.passed.insert(format!("{binary}::{name}"));
                false
            }
            _ => true,
        }
    }

    pub(super) fn read_record(&mut self, text: &str) {
        for line in text.lines() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                [backend, name, word] => {
                    let held = self.attacks.entry((backend.to_owned(), name.to_owned())).or_insert(true);
                    *held &= word == "held";
                    if word == "open" {
                        self.open.insert(name.to_owned());
                    }
                }
                [backend, attack, "witness", kib, failed] => self.witnesses.push(Seen {
                    backend: backend.to_owned(),
                    attack: attack.to_owned(),
                    uncharged_kib: kib.parse().unwrap_or(u64::MAX),
                    failed: failed.split(',').filter(|work| *work != "-").map(str::to_owned).collect(),
                }),
                _ => {}
            }
        }
    }

    pub(crate) fn passed(&self, test: &str) -> bool {
        self.passed.contains(test)
    }

    /// `None` when it was not tried.
    pub(crate) fn attack(&self, backend: &str, name: &str) -> Option<bool> {
        self.attacks.get(&(backend.to_owned(), name.to_owned())).copied()
    }

    pub(crate) fn is_known_open(&self, name: &str) -> bool {
        self.open.contains(name)
    }

    pub(crate) fn witnesses(&self) -> &[Seen] {
        &self.witnesses
    }

    pub(crate) fn held_on(&self, backend: &str) -> usize {
        self.attacks.iter().filter(|((on, _), held)| on == backend && **held).count()
    }
}

fn worth_showing(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with("running ") && !line.starts_with("Doc-tests")
}

#[test]
fn tests_are_counted_by_their_binary() {
    let mut transcript = Transcript::default();
    let mut binary = String::new();
    assert!(transcript.read("     Running tests/api/main.rs (target/debug/deps/api-17f1)", &mut binary));
    assert!(!transcript.read("test bounds::a ... ok", &mut binary));
    assert!(transcript.read("test bounds::b ... FAILED", &mut binary));
    assert!(transcript.read("     Running unittests src/lib.rs (target/debug/deps/optimus_core-2b)", &mut binary));
    assert!(!transcript.read("test path::c ... ok", &mut binary));
    assert!(transcript.passed("api::bounds::a") && !transcript.passed("api::bounds::b"));
    assert!(transcript.passed("optimus_core::path::c") && !transcript.passed("api::path::c"));
    transcript.read_record("native x held\nnative x failed\nnative y held\n");
    assert_eq!([transcript.attack("native", "x"), transcript.attack("native", "y")], [Some(false), Some(true)]);
    assert_eq!((transcript.attack("docker", "x"), transcript.held_on("native")), (None, 1));
}
