//! `optimus calibrate`: what a program that does nothing takes here, in every language. Below that no limit makes sense,
//! and above it a problem's limit is what is left for the problem.

use std::process::ExitCode;
use std::time::Duration;

use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::{Availability, LanguageInfo, Sample};
use optimus_core::{Job, JobRequest, Report, Test, Verdict};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::run::{first_time, unknown};
use super::{NOT_ACCEPTED, runtime};
use crate::cli::Calibrate;
use crate::engine::Engine;
use crate::output::{self, Advised, Output};

/// The sample that does nothing but say so.
const SAMPLE: &str = "hello";

/// A language on this machine.
#[derive(Debug, Serialize)]
struct Row {
    language: String,
    toolchain: String,
    /// CPU time of a test, the median of the runs, and the most.
    cpu_ms: [f64; 2],
    /// The same by the clock on the wall.
    wall_ms: [f64; 2],
    /// The most memory that a run held.
    memory_bytes: u64,
    /// The plugin's multipliers of a job's time limits and memory limit.
    multipliers: [f64; 2],
    /// Why it could not be measured.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

pub(super) fn calibrate(args: &Calibrate, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let _guard = runtime.enter();
    let engine = open(args, output)?;
    let all = engine.book.all();
    let is_wanted = |language: &&LanguageInfo| {
        args.languages.is_empty() || args.languages.iter().any(|name| language.descriptor.is_called(name))
    };
    let bar = output::progress(output.is_json(), all.iter().filter(is_wanted).count() as u64);
    let mut rows = Vec::new();
    for language in all.iter().filter(is_wanted) {
        bar.set_message(language.descriptor.id.clone());
        if let Availability::Available { version } = runtime.block_on(engine.availability(&language.descriptor)) {
            rows.push(runtime.block_on(measure(&engine, language, &version, args.runs))?);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    if rows.is_empty() {
        let hint = "`optimus languages` says why each is not".to_owned();
        return Err(Advised::new("nothing_to_measure", "no such language is available here", Some(hint)).into());
    }
    output.print(&rows, |rows| table(rows))?;
    let failed = rows.iter().any(|row| row.error.is_some());
    Ok(if failed { NOT_ACCEPTED.into() } else { ExitCode::SUCCESS })
}

/// With the plugins of the languages that are named, or else with all.
fn open(args: &Calibrate, output: Output) -> anyhow::Result<Engine> {
    if args.languages.is_empty() {
        return Engine::open(&args.engine);
    }
    let engine = Engine::begin(&args.engine, first_time(output))?;
    for name in &args.languages {
        engine.language(name).ok_or_else(|| unknown(name, &engine.book))?;
    }
    Ok(engine)
}

async fn measure(engine: &Engine, language: &LanguageInfo, version: &str, runs: u16) -> anyhow::Result<Row> {
    let descriptor = &language.descriptor;
    let mut row = Row {
        language: descriptor.id.clone(),
        toolchain: version.to_owned(),
        cpu_ms: [0.0; 2],
        wall_ms: [0.0; 2],
        memory_bytes: 0,
        multipliers: [descriptor.time_multiplier, descriptor.memory_multiplier],
        error: None,
    };
    let Some(sample) = descriptor.samples.iter().find(|sample| sample.name == SAMPLE) else {
        row.error = Some(format!("its plugin has no sample `{SAMPLE}`"));
        return Ok(row);
    };
    let job = job(engine, language, sample, runs)?;
    let report = engine.judge.judge(&job, Duration::ZERO, &|_| {}, &CancellationToken::new()).await.map_err(Advised)?;
    row.error = wrong(&report);
    row.cpu_ms = median_and_most(report.tests.iter().map(|test| test.cpu_ms));
    row.wall_ms = median_and_most(report.tests.iter().map(|test| test.wall_ms));
    row.memory_bytes = report.tests.iter().map(|test| test.memory_bytes).max().unwrap_or_default();
    Ok(row)
}

/// One test, many times.
fn job(engine: &Engine, language: &LanguageInfo, sample: &Sample, runs: u16) -> anyhow::Result<Job> {
    let test = Test { expect: Some(sample.expect.clone().into()), ..Test::default() };
    let request = JobRequest {
        language: language.descriptor.id.clone(),
        files: vec![FileRequest { path: sample.path.clone(), content: sample.source.clone().into() }],
        tests: vec![test; usize::from(runs)],
        ..JobRequest::default()
    };
    let extension = language.descriptor.extension();
    let policy = Policy { max_tests: usize::from(u16::MAX), ..engine.policy.clone() };
    Ok(request.into_job(&language.descriptor.id, extension, &policy)?)
}

fn wrong(report: &Report) -> Option<String> {
    let is_wrong = report.verdict != Verdict::Accepted;
    is_wrong.then(|| format!("`{SAMPLE}` is {}", report.verdict))
}

fn median_and_most(values: impl Iterator<Item = f64>) -> [f64; 2] {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    [values.get(values.len() / 2), values.last()].map(|value| value.copied().unwrap_or_default())
}

fn table(rows: &[Row]) -> String {
    let width = rows.iter().map(|row| row.language.len()).max().unwrap_or(0).max("language".len());
    let mut text = format!("{:<width$}  {:>16}  {:>16}  {:>9}  multipliers\n", "language", "cpu ms", "wall ms", "MiB");
    for row in rows {
        let [[cpu, most_cpu], [wall, most_wall]] = [row.cpu_ms, row.wall_ms];
        let [time, memory] = row.multipliers;
        #[expect(clippy::cast_precision_loss, reason = "memory is shown in tenths of a MiB")]
        let mib = row.memory_bytes as f64 / f64::from(1 << 20);
        text += &format!(
            "{:<width$}  {cpu:>7.1} … {most_cpu:>6.1}  {wall:>7.1} … {most_wall:>6.1}  {mib:>9.1}  time × {time}, memory × {memory}\n",
            row.language
        );
        if let Some(error) = &row.error {
            text += &format!("{:width$}  {error}\n", "");
        }
    }
    text + "\neach: the median … the most\n"
}
