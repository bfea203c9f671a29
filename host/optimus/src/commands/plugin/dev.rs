//! `optimus plugin dev`: while a language is being written. Each change is built, put into a running server and judged
//! there by the samples; what it changed in the plans is shown.

mod difference;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime};

use optimus_core::Limits;
use optimus_core::job::Policy;
use optimus_plugin::{PlanRequest, Plugin};
use serde::Serialize;
use serde_json::Value;

use super::super::client::Client;
use super::super::{NOT_ACCEPTED, runtime};
use super::{build, load, test};
use crate::cli::Dev;
use crate::engine;
use crate::output::{self, Advised, Output};
use crate::samples::{self, Sample};

/// Between two looks at the folder.
const LOOK: Duration = Duration::from_millis(300);
/// Until a server that was given a plugin takes jobs for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// The result of one change.
#[derive(Debug, Serialize)]
struct Round {
    id: String,
    digest: String,
    /// By sample: what is other than before, as `diff` marks it.
    plans: BTreeMap<String, String>,
    samples: Vec<Row>,
    ms: u64,
}

#[derive(Debug, Serialize)]
struct Row {
    name: String,
    expected: String,
    verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
}

impl Row {
    fn ok(&self) -> bool {
        self.expected == self.verdict
    }
}

pub(super) fn dev(args: &Dev, output: Output) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.server);
    let mut plans = BTreeMap::new();
    // Exactly one JSON value is one round.
    if args.once || output.is_json() {
        let round = round(&args.path, &client, &mut plans)?;
        output.print(&round, words)?;
        return Ok(if round.samples.iter().all(Row::ok) { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() });
    }
    let mut seen = None;
    loop {
        let now = state(&args.path);
        if seen.as_ref() != Some(&now) {
            seen = Some(now);
            match round(&args.path, &client, &mut plans) {
                Ok(round) => output.print(&round, words)?,
                // The author has just made the mistake, and is about to fix it.
                Err(error) => output.error(&error),
            }
            output::note(&format!("watching {}; Ctrl-C ends it", args.path.display()));
        }
        std::thread::sleep(LOOK);
    }
}

/// The files of the folder: sizes and times, without what is built from it.
fn state(folder: &Path) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let mut found = BTreeMap::new();
    // A `language.toml` may be named itself.
    let folder = if folder.is_dir() { folder } else { folder.parent().unwrap_or(folder) };
    let mut ways = vec![folder.to_owned()];
    while let Some(way) = ways.pop() {
        for entry in way.read_dir().into_iter().flatten().flatten() {
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let built = name.starts_with('.') || name == "target" || name == "Cargo.lock" || name.contains(".wasm");
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            match metadata.is_dir() {
                _ if built => {}
                true => ways.push(path),
                false => drop(found.insert(path, (metadata.len(), metadata.modified().ok()))),
            }
        }
    }
    found
}

fn round(folder: &Path, client: &Client, plans: &mut BTreeMap<String, String>) -> anyhow::Result<Round> {
    let began = Instant::now();
    let (wasm, folder) = build::wasm(folder)?;
    let place = tempfile::tempdir()?;
    let file = place.path().join("language.wasm");
    std::fs::write(&file, &wasm)?;
    let plugin = load(&file)?;
    let id = plugin.descriptor().id.clone();
    let samples = samples::read_folder(&id, &folder.join("samples"))?;
    let now = planned(&plugin, &samples)?;
    let changed = now.iter().filter(|(name, _)| plans.contains_key(*name));
    let changed = changed.filter_map(|(name, plan)| Some((name.clone(), difference::lines(&plans[name], plan)?)));
    let changed = changed.collect();
    *plans = now;
    let _: Value = client.put(&format!("/v1/plugins/{id}"), &wasm)?;
    let samples = samples.iter().map(|sample| judge(client, sample)).collect::<anyhow::Result<_>>()?;
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(Round { id, digest: plugin.digest().to_owned(), plans: changed, samples, ms })
}

/// The plan of each sample, as text; or why there is none.
fn planned(plugin: &Plugin, samples: &[Sample]) -> anyhow::Result<BTreeMap<String, String>> {
    let runtime = runtime()?;
    let extension = plugin.descriptor().extension();
    let mut plans = BTreeMap::new();
    for sample in samples {
        let job = test::request(sample)?.into_job(&plugin.descriptor().id, extension, &Policy::default())?;
        let plan = runtime.block_on(plugin.plan(&PlanRequest::new(&job, Limits::DEFAULT)));
        let text = match plan {
            Ok(plan) => serde_json::to_string_pretty(&*plan)?,
            Err(error) => engine::chain(&error),
        };
        plans.insert(sample.name.clone(), text);
    }
    Ok(plans)
}

/// On the server. A language that it has just been given may not be in its book yet.
fn judge(client: &Client, sample: &Sample) -> anyhow::Result<Row> {
    let began = Instant::now();
    let posted = loop {
        match client.submit(&sample.request) {
            Err(error) if is_unknown(&error) && began.elapsed() < PATIENCE => std::thread::sleep(LOOK),
            answer => break answer?,
        }
    };
    let report = client.wait(posted.id)?;
    let verdict = report.verdict;
    let why = (verdict.as_str() != sample.expected).then(|| test::why(&report));
    Ok(Row { name: sample.name.clone(), expected: sample.expected.clone(), verdict: verdict.as_str().to_owned(), why })
}

fn is_unknown(error: &anyhow::Error) -> bool {
    error.downcast_ref::<Advised>().is_some_and(|advised| advised.0.code == "unknown_language")
}

fn words(round: &Round) -> String {
    let mut text = String::new();
    // Mostly, one change does the same to all of them.
    let mut told: Vec<(&String, Vec<&String>)> = Vec::new();
    for (name, lines) in &round.plans {
        match told.iter_mut().find(|(said, _)| *said == lines) {
            Some((_, names)) => names.push(name),
            None => told.push((lines, vec![name])),
        }
    }
    for (lines, names) in told {
        let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
        text += &format!("plan of {}\n{lines}", names.join(", "));
    }
    for Row { name, expected, verdict, why } in &round.samples {
        let mark = if expected == verdict { "ok " } else { "NOT" };
        text += &format!("{mark} {name:<18} {verdict}\n");
        if let Some(why) = why {
            text += &test::explained(expected, why);
        }
    }
    let good = round.samples.iter().filter(|row| row.ok()).count();
    let Round { id, digest, samples, ms, .. } = round;
    text + &format!("{id} {}: {good} of {} samples as expected, {ms} ms\n", &digest[..12], samples.len())
}
