//! `optimus judge` and `optimus verify`: packages and submissions from files, judged here and now.

mod table;
mod time;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::LanguageInfo;
use optimus_core::problem::Labelled;
use optimus_core::{Event, Fault, Job, JobRequest, Problem, Report, Verdict};
use optimus_package::PackageError;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{NOT_ACCEPTED, exit_code, runtime};
use crate::cli::{JudgeArgs, PackageArgs, Verify};
use crate::engine::{Engine, chain};
use crate::languages::LanguageBook;
use crate::output::{self, Advised, Output};
use crate::problems::{Limits, NoTimeLimit};
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
    report: Report,
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
    let engine = Engine::open(&args.engine)?;
    if let Err(unlimited) = limited {
        runtime.block_on(time::derive(&engine, &mut problem, unlimited, output))?;
    }
    let mut judged = Vec::new();
    for path in &args.submissions {
        let files = program::submission(path)?;
        let own = Labelled { name: path.display().to_string(), language: args.language.clone(), ..Labelled::default() };
        let job = job(&problem, &own, files, &engine.book)?;
        let report = runtime.block_on(run(&engine, &job, &own.name, output))?;
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
    let engine = Engine::open(&args.engine)?;
    if let Err(unlimited) = limited {
        runtime.block_on(time::derive(&engine, &mut problem, unlimited, output))?;
    }
    let labelled = std::mem::take(&mut problem.submissions);
    let mut submissions = Vec::new();
    for (n, own) in labelled.iter().enumerate() {
        let label = format!("{}/{} {}", n + 1, labelled.len(), own.name);
        let report = runtime.block_on(judge_own(&engine, &problem, own, &label, output))?;
        let mismatch = own.expect.check(&report).err();
        submissions.push(Verified { submission: own.name.clone(), expected: own.expect.to_string(), mismatch, report });
    }
    let ok = submissions.iter().all(|one| one.mismatch.is_none());
    let Problem { name, format, tests, remarks, .. } = problem;
    let verification = Verification { problem: name, format, tests: tests.len(), ok, submissions, remarks };
    output.print(&verification, table::table)?;
    Ok(if ok { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() })
}

/// The problem, and whether it is known how long a test may take.
fn open(args: &PackageArgs) -> anyhow::Result<(Problem, Result<(), NoTimeLimit>)> {
    let refused = |error: PackageError| Advised::new("package", chain(&error), error.hint());
    let mut problem = optimus_package::open(&args.package).map_err(refused)?;
    let memory_bytes = args.memory_mib.map(|mib| mib.saturating_mul(1 << 20));
    let limited = Limits { cpu_ms: args.cpu_ms, wall_ms: args.wall_ms, memory_bytes }.apply(&mut problem);
    Ok((problem, limited))
}

/// One of the package's own submissions.
async fn judge_own(
    engine: &Engine,
    problem: &Problem,
    own: &Labelled,
    label: &str,
    output: Output,
) -> anyhow::Result<Report> {
    let job = job(problem, own, own.files.iter().map(Into::into).collect(), &engine.book)?;
    run(engine, &job, label, output).await
}

fn job(problem: &Problem, own: &Labelled, files: Vec<FileRequest>, book: &LanguageBook) -> anyhow::Result<Job> {
    let is_run = problem.tests.iter().any(|test| test.submitted.is_none());
    let language = language(own, &files, book, is_run)?;
    let entry = own.entry.as_ref().map(|entry| entry.as_str().to_owned());
    let request = JobRequest { language: language.descriptor.id.clone(), files, entry, ..JobRequest::default() };
    let refused = |invalid: optimus_core::Invalid| {
        Advised::new("invalid", format!("`{}`: {invalid}", own.name), invalid.hint.clone())
    };
    let request = problem.job(request, &language.descriptor).map_err(refused)?;
    let extension = language.descriptor.extension();
    // The package is the operator's own here.
    let policy = Policy { max_tests: usize::MAX, ..Policy::default() };
    Ok(request.into_job(&language.descriptor.id, extension, &policy).map_err(refused)?)
}

/// As it says itself, or else of the first file whose extension tells one.
fn language(own: &Labelled, files: &[FileRequest], book: &LanguageBook, is_run: bool) -> anyhow::Result<LanguageInfo> {
    let found = match &own.language {
        Some(name) => book.find(name),
        None => files.iter().find_map(|file| book.by_extension(Path::new(&file.path).extension()?.to_str()?)),
    };
    // Answers are in no language, and any will do.
    let found = found.or_else(|| if is_run { None } else { book.all().first().cloned() });
    Ok(found.ok_or_else(|| {
        let message = format!("`{}` is in no language that is here", own.name);
        Advised::new("unknown_language", message, Some("see `optimus languages`".to_owned()))
    })?)
}

async fn run(engine: &Engine, job: &Job, label: &str, output: Output) -> anyhow::Result<Report> {
    let bar = output::progress(output.is_json(), job.tests.len() as u64);
    bar.set_message(label.to_owned());
    let events = |event: Event| {
        if let Event::Test { .. } = event {
            bar.inc(1);
        }
    };
    let cancel = CancellationToken::new();
    let report = engine.judge.judge(job, Duration::ZERO, &events, &cancel).await;
    bar.finish_and_clear();
    Ok(report.map_err(|fault: Fault| Advised(fault))?)
}
