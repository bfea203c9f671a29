//! `optimus judge` and `optimus verify`: packages and submissions from files, judged now: here, or by a server.

mod generate;
mod judge;
mod table;
mod time;

use std::process::ExitCode;

use optimus_core::problem::Labelled;
use optimus_core::{Problem, Report, Verdict};
use optimus_package::PackageError;
use optimus_server::problems::{Limits, NoTimeLimit};
use serde::Serialize;

use self::judge::{Judge, Outcome};
use self::table::Table;
use super::{NOT_ACCEPTED, exit_code, runtime};
use crate::cli::{JudgeArgs, PackageArgs, Verify};
use crate::engine::chain;
use crate::output::{self, Advised, Output};
use crate::program;

/// A submission, and what came of it.
#[derive(Debug, Serialize)]
struct Judged {
    submission: String,
    report: Report,
}

/// A labelled submission, what should have come of it, and what did.
#[derive(Debug, Serialize)]
struct Verified {
    submission: String,
    expected: String,
    /// Why this is not what was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    mismatch: Option<String>,
    /// Absent when it could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<Report>,
}

/// All of a package's.
#[derive(Debug, Serialize)]
struct Verification {
    problem: String,
    format: String,
    tests: usize,
    ok: bool,
    submissions: Vec<Verified>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<String>,
}

pub(super) fn judge(args: &JudgeArgs, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let _guard = runtime.enter();
    let (mut problem, limited) = open(&args.package)?;
    let mut judge = Judge::open(&args.package.package, &args.elsewhere, &args.engine, output)?;
    runtime.block_on(judge.make_tests(&mut problem))?;
    if let Err(unlimited) = limited {
        runtime.block_on(time::derive(&mut judge, &mut problem, unlimited))?;
    }
    let mut judged = Vec::new();
    for path in &args.submissions {
        let files = program::submission(path)?;
        let own = Labelled { name: path.display().to_string(), language: args.language.clone(), ..Labelled::default() };
        let report = runtime.block_on(judge.judge(&problem, &own, files, &own.name))?;
        judged.push(Judged { submission: own.name, report });
    }
    let worst = judged.iter().map(|judged| judged.report.verdict).find(|verdict| *verdict != Verdict::Accepted);
    if let [only] = &judged[..] {
        output.print(&only.report, output::report)?;
    } else {
        let human = |judged: &Vec<Judged>| {
            let part = |one: &Judged| format!("{}\n{}", one.submission, output::report(&one.report));
            judged.iter().map(part).collect::<Vec<_>>().join("\n")
        };
        output.print(&judged, human)?;
    }
    Ok(exit_code(worst.unwrap_or(Verdict::Accepted)))
}

pub(super) fn verify(args: &Verify, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let _guard = runtime.enter();
    let (mut problem, limited) = open(&args.package)?;
    if problem.submissions.is_empty() {
        let message = "the package has no submissions with known verdicts";
        return Err(Advised::new("nothing_to_verify", message, None).into());
    }
    let mut judge = Judge::open(&args.package.package, &args.elsewhere, &args.engine, output)?;
    runtime.block_on(judge.make_tests(&mut problem))?;
    if let Err(unlimited) = limited {
        runtime.block_on(time::derive(&mut judge, &mut problem, unlimited))?;
    }
    let labelled = std::mem::take(&mut problem.submissions);
    let table = Table::new(&labelled);
    output.stream(|| table.head(&problem))?;
    let mut submissions = Vec::new();
    for (n, own) in labelled.iter().enumerate() {
        let label = format!("{}/{} {}", n + 1, labelled.len(), own.name);
        let verified = match runtime.block_on(judge.try_judge(&problem, own, &label))? {
            Outcome::Judged(report) => {
                Verified { mismatch: own.expect.check(&report).err(), report: Some(*report), ..Verified::of(own) }
            }
            Outcome::Refused(why) => Verified { mismatch: Some(format!("not judged: {why}")), ..Verified::of(own) },
        };
        output.stream(|| table.row(&verified))?;
        submissions.push(verified);
    }
    let ok = submissions.iter().all(|one| one.mismatch.is_none());
    let Problem { name, format, tests, remarks, .. } = problem;
    let verification = Verification { problem: name, format, tests: tests.len(), ok, submissions, remarks };
    output.print(&verification, table::summary)?;
    Ok(if ok { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() })
}

impl Verified {
    fn of(own: &Labelled) -> Self {
        Self { submission: own.name.clone(), expected: own.expect.to_string(), mismatch: None, report: None }
    }
}

/// The problem, and whether it is known how long a test may take.
fn open(args: &PackageArgs) -> anyhow::Result<(Problem, Result<(), NoTimeLimit>)> {
    let mut problem = optimus_package::open(&args.package).map_err(|error| bad_package(&error))?;
    let memory_bytes = args.memory_mib.map(|mib| mib.saturating_mul(1 << 20));
    let limited = Limits { cpu_ms: args.cpu_ms, wall_ms: args.wall_ms, memory_bytes }.apply(&mut problem);
    Ok((problem, limited))
}

fn bad_package(error: &PackageError) -> Advised {
    Advised::new("package", chain(error), error.hint())
}
