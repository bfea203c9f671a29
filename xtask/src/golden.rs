//! `cargo xtask golden`: every report of one program, without what differs from run to run, so that two versions of
//! Optimus can be compared. A change of names or structure must leave all of them as they were.

mod normal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use self::normal::{differences, normalised};
use crate::demo::Server;
use crate::samples;
use crate::shell::say;

/// Which program judges, and what its reports are compared with.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The directory to write reports to, one file for each
    into: PathBuf,
    /// The program that judges [default: target/debug/optimus, which is not built here]
    #[arg(long, value_name = "FILE")]
    program: Option<PathBuf>,
    /// The reports of another version: fail if one differs
    #[arg(long, value_name = "DIR")]
    against: Option<PathBuf>,
    /// Only packages and languages whose names begin with this
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
}

/// Normalised reports by name.
type Reports = BTreeMap<String, Value>;

/// Wall time for each test: some submissions of these packages wait until it ends.
const WALL_MS: &str = "6000";

/// A package whose checker is broken on purpose, so that nothing can be verified.
const BROKEN: &str = "broken-checker";

/// Judges all samples and packages, writes the reports, and compares them.
pub(crate) fn golden(root: &Path, args: &Args) -> anyhow::Result<()> {
    let program = args.program.clone().unwrap_or_else(|| root.join("target/debug/optimus"));
    let program = program.canonicalize().with_context(|| format!("no program `{}`", program.display()))?;
    let is_wanted = |name: &str| args.only.as_ref().is_none_or(|only| name.starts_with(only));
    let mut reports = of_samples(root, &program, &is_wanted)?;
    reports.extend(of_packages(root, &program, &is_wanted)?);
    ensure!(!reports.is_empty(), "nothing was judged");
    for (name, report) in &reports {
        let path = args.into.join(name).with_extension("json");
        fs::create_dir_all(path.parent().unwrap_or(&args.into))?;
        fs::write(path, serde_json::to_string_pretty(report)?)?;
    }
    say(&format!("{} reports in {}", reports.len(), args.into.display()));
    match &args.against {
        Some(other) => compare(other, &reports),
        None => Ok(()),
    }
}

fn of_samples(root: &Path, program: &Path, is_wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<Reports> {
    let samples: Vec<_> = samples::load(root)?
        .into_iter()
        .filter(|sample| is_wanted(sample.request["language"].as_str().unwrap_or_default()))
        .collect();
    if samples.is_empty() {
        return Ok(Reports::new());
    }
    let server = Server::start_program(program, "native", &root.join("plugins"), tempfile::tempdir()?)?;
    let versions = server.versions()?;
    let mut reports = Reports::new();
    for sample in samples {
        let language = sample.request["language"].as_str().unwrap_or_default();
        if versions.get(language).is_some_and(Result::is_ok) {
            let answer = server.post_and_wait(&sample.request)?;
            reports.insert(format!("samples/{language}/{}", sample.name), normalised(answer));
        }
    }
    Ok(reports)
}

fn of_packages(root: &Path, program: &Path, is_wanted: &dyn Fn(&str) -> bool) -> anyhow::Result<Reports> {
    let packages = root.join("tests/packages");
    let mut reports = Reports::new();
    for entry in packages.read_dir()? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.path().is_dir() || name == BROKEN || !is_wanted(&name) {
            continue;
        }
        let mut command = Command::new(program);
        command.arg("verify").arg(entry.path()).args(["--json", "--wall-ms", WALL_MS]);
        let output = command.arg("--plugins").arg(root.join("plugins")).output()?;
        let answer: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("{name}: {}", String::from_utf8_lossy(&output.stderr)))?;
        for submission in answer["submissions"].as_array().with_context(|| format!("{name}: {answer}"))? {
            let path = submission["submission"].as_str().unwrap_or_default().replace('/', "+");
            reports.insert(format!("packages/{name}/{path}"), normalised(submission.clone()));
        }
    }
    Ok(reports)
}

fn compare(other: &Path, reports: &Reports) -> anyhow::Result<()> {
    let (mut equal, mut lines) = (0, Vec::new());
    for (name, report) in reports {
        let path = other.join(name).with_extension("json");
        let Ok(text) = fs::read_to_string(&path) else {
            lines.push(format!("{name}: only here"));
            continue;
        };
        let found = differences(&serde_json::from_str(&text)?, report);
        equal += usize::from(found.is_empty());
        lines.extend(found.into_iter().map(|difference| format!("{name}: {difference}")));
    }
    lines.iter().for_each(|line| say(line));
    say(&format!("{equal} of {} reports are equal", reports.len()));
    ensure!(equal == reports.len(), "reports differ from those in {}", other.display());
    Ok(())
}
