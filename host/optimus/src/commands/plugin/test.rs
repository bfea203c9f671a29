//! `optimus plugin test`: conformance. Every sample is judged as a server would, and the plugin is measured.

use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use optimus_core::job::Policy;
use optimus_core::language::Availability;
use optimus_core::{JobRequest, Limits, Report};
use optimus_plugin::{PlanRequest, Plugin};
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::super::{COULD_NOT, NOT_ACCEPTED, runtime};
use super::build;
use crate::cli::{Test, TrustArgs};
use crate::engine::{self, Engine};
use crate::output::{self, Advised, Output};
use crate::samples::{self, EXPECTED, Sample};

/// The result of the samples.
#[derive(Debug, Serialize)]
struct Conformance {
    id: String,
    toolchain: String,
    samples: Vec<Row>,
    /// Samples that a language should have and this one has not.
    missing: Vec<&'static str>,
    plugin: Figures,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    expected: String,
    verdict: String,
    ok: bool,
    ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

#[derive(Debug, Serialize)]
struct Figures {
    bytes: u64,
    load_ms: f64,
    plan_us: f64,
}

pub(super) fn test(args: &Test, output: Output) -> anyhow::Result<ExitCode> {
    let place = tempfile::tempdir()?;
    let (wasm, folder) = match args.path.extension().is_some_and(|extension| extension == "wasm") {
        true => (std::fs::read(&args.path)?, args.path.parent().unwrap_or(Path::new(".")).to_owned()),
        false => build::wasm(&args.path)?,
    };
    let file = place.path().join("language.wasm");
    std::fs::write(&file, &wasm)?;
    let began = Instant::now();
    let plugin = super::load(&file)?;
    let load_ms = began.elapsed().as_secs_f64() * 1e3;
    let id = plugin.descriptor().id.clone();
    let samples = samples::read_folder(&id, &folder.join("samples"))?;
    if samples.is_empty() {
        let message = format!("`{}` has no samples", folder.display());
        let hint = "programs that say their verdict, in `samples/`: see languages/README.md".to_owned();
        return Err(Advised::new("no_samples", message, Some(hint)).into());
    }
    let runtime = runtime()?;
    let _guard = runtime.enter();
    let mut engine_args = args.engine.clone();
    engine_args.plugins = Some(place.path().to_owned());
    // A plugin under development is not signed yet.
    engine_args.trust = TrustArgs::default();
    let engine = Engine::open(&engine_args)?;
    let toolchain = match runtime.block_on(engine::probe(&engine.sandbox, plugin.descriptor())) {
        Availability::Available { version } => version,
        Availability::Unavailable { reason, hint } => {
            let hint = Some(hint).filter(|hint| !hint.is_empty());
            output.error(&Advised::new("unavailable", format!("`{id}` cannot run here: {reason}"), hint).into());
            return Ok(COULD_NOT.into());
        }
        Availability::Unknown => String::new(),
    };
    let plan_us = runtime.block_on(measure(&plugin, &samples))?;
    let bar = output::progress(output.is_json(), samples.len() as u64);
    let mut rows = Vec::new();
    for sample in &samples {
        bar.set_message(sample.name.clone());
        rows.push(runtime.block_on(judge(&engine, &plugin, sample))?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    let missing = EXPECTED.into_iter().filter(|name| !samples.iter().any(|sample| sample.name == *name)).collect();
    let figures = Figures { bytes: wasm.len() as u64, load_ms, plan_us };
    let conformance = Conformance { id, toolchain, samples: rows, missing, plugin: figures };
    output.print(&conformance, words)?;
    let holds = conformance.samples.iter().all(|row| row.ok);
    Ok(if holds { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() })
}

pub(super) fn request(sample: &Sample) -> anyhow::Result<JobRequest> {
    serde_json::from_value(sample.request.clone()).with_context(|| format!("sample `{}`", sample.name))
}

async fn judge(engine: &Engine, plugin: &Plugin, sample: &Sample) -> anyhow::Result<Row> {
    let extension = plugin.descriptor().extension();
    let job = request(sample)?.into_job(&plugin.descriptor().id, extension, &Policy::default());
    let job = job.with_context(|| format!("sample `{}`", sample.name))?;
    let began = Instant::now();
    let report = engine.judge.judge(&job, Duration::ZERO, &|_| {}, &CancellationToken::new()).await;
    let report = report.map_err(Advised)?;
    let verdict = report.verdict.as_str().to_owned();
    let ok = verdict == sample.expected;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    let why = (!ok).then(|| why(&report));
    Ok(Row { name: sample.name.clone(), expected: sample.expected.clone(), verdict, ok, ms, why })
}

/// The reason of a report, for the author of a plugin.
pub(super) fn why(report: &Report) -> String {
    output::report(report).trim_end().to_owned()
}

/// The same below a sample's line.
pub(super) fn explained(expected: &str, why: &str) -> String {
    let lines: String = why.lines().map(|line| format!("      {line}\n")).collect();
    format!("    expected {expected}; the report says\n{lines}")
}

/// The median of some plans, no two of the same request: those that are the same are remembered.
async fn measure(plugin: &Plugin, samples: &[Sample]) -> anyhow::Result<f64> {
    let hello = samples.iter().find(|sample| sample.name == "hello").or(samples.first());
    let Some(hello) = hello else { return Ok(0.0) };
    let extension = plugin.descriptor().extension();
    let job = request(hello)?.into_job(&plugin.descriptor().id, extension, &Policy::default())?;
    let mut plan = PlanRequest::new(&job, Limits::DEFAULT);
    let mut times = Vec::new();
    for i in 0..21 {
        plan.args = vec![i.to_string()];
        let began = Instant::now();
        plugin.plan(&plan).await.map_err(|e| Advised::new(e.code(), engine::chain(&e), e.hint()))?;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

fn words(conformance: &Conformance) -> String {
    let Conformance { id, toolchain, samples, missing, plugin } = conformance;
    let mut text = format!("{id}: {toolchain}\n");
    for Row { name, expected, verdict, ok, ms, why } in samples {
        let mark = if *ok { "ok " } else { "NOT" };
        text += &format!("{mark} {name:<18} {verdict:<24} {ms:>6} ms\n");
        if let Some(why) = why {
            text += &explained(expected, why);
        }
    }
    let good = samples.iter().filter(|row| row.ok).count();
    text += &format!("\n{} samples, {good} with the expected verdict\n", samples.len());
    if !missing.is_empty() {
        text += &format!("not shown: {}\n", missing.join(", "));
    }
    let Figures { bytes, load_ms, plan_us } = plugin;
    text + &format!("plugin: {bytes} bytes, loaded in {load_ms:.0} ms, a plan in {plan_us:.0} µs\n")
}
