//! `optimus doctor`: what this machine can enforce, and what to do about the rest.

mod walls;

use std::path::Path;
use std::process::ExitCode;

use optimus_core::language::Availability;
use optimus_sandbox::{Check, Note};
use serde::Serialize;

use super::{NOT_ACCEPTED, runtime};
use crate::cli::{Backend, Doctor, EngineArgs};
use crate::engine::{self, Engine};
use crate::output::Output;

/// Something that was looked at. A problem has a hint, and what is fine may have one.
#[derive(Debug, Serialize)]
struct Finding {
    what: String,
    found: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
}

impl Finding {
    fn ok(what: impl Into<String>, found: impl Into<String>) -> Self {
        Self { what: what.into(), found: found.into(), ok: true, hint: None }
    }

    fn problem(what: impl Into<String>, found: impl Into<String>, hint: Option<String>) -> Self {
        Self { what: what.into(), found: found.into(), ok: false, hint }
    }
}

impl From<Note> for Finding {
    fn from(Note { name, found, advice }: Note) -> Self {
        Self { hint: advice, ..Self::ok(name, found) }
    }
}

impl From<Check> for Finding {
    fn from(check: Check) -> Self {
        match check.hint {
            None => Self::ok(check.name, check.found),
            Some(hint) => Self::problem(check.name, check.found, Some(hint)),
        }
    }
}

pub(super) fn doctor(args: &Doctor, output: Output) -> anyhow::Result<ExitCode> {
    if args.walls {
        return walls::walls(output);
    }
    let mut findings = Vec::new();
    let runtime = runtime()?;
    runtime.block_on(async {
        let engine = Engine::open(&args.engine);
        findings.extend(machine(&args.engine, engine.as_ref().ok()).await.into_iter().map(Finding::from));
        match engine {
            Ok(engine) => look(&engine, &mut findings).await,
            Err(error) => {
                let fault = crate::output::fault(&error);
                findings.push(Finding::problem("engine", fault.message, fault.hint));
            }
        }
    });
    findings.extend(times(&args.engine));
    output.print(&findings, |findings| table(findings))?;
    let healthy = findings.iter().all(|finding| finding.ok);
    Ok(if healthy { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() })
}

/// What the backend stands on: this kernel, a daemon, or where either would do, the one that was chosen.
async fn machine(args: &EngineArgs, engine: Option<&Engine>) -> Vec<Check> {
    let by_docker = engine.is_some_and(|engine| engine.docker.is_some());
    let mut checks = match args.sandbox {
        Backend::Fake => return Vec::new(),
        Backend::Docker => Vec::new(),
        Backend::Auto if by_docker => Vec::new(),
        Backend::Auto | Backend::Native => optimus_sandbox::doctor(),
    };
    if args.sandbox == Backend::Docker || by_docker {
        let languages = engine.map(|engine| engine.book.all()).unwrap_or_default();
        let images: Vec<String> = languages.iter().flat_map(|l| l.descriptor.images.iter().take(1).cloned()).collect();
        checks.extend(optimus_sandbox::docker_doctor(&engine::docker_config(args, 1), &images).await);
    }
    checks
}

/// What lets times differ from run to run.
fn times(args: &EngineArgs) -> Vec<Finding> {
    if args.sandbox == Backend::Fake {
        return Vec::new();
    }
    let unpinned = args.pin_cpus.is_none().then(|| Note {
        name: "timing: processors",
        found: "programs are moved from one to another".to_owned(),
        advice: Some("`--pin-cpus auto` gives each slot one to itself".to_owned()),
    });
    unpinned.into_iter().chain(optimus_sandbox::timing(Path::new("/"))).map(Finding::from).collect()
}

async fn look(engine: &Engine, findings: &mut Vec<Finding>) {
    let description = engine.sandbox.describe();
    findings.push(match engine.warm().await {
        Ok(()) => Finding::ok(format!("sandbox {}", description.name), description.summary),
        Err(error) => Finding::problem(description.name, engine::chain(&error), error.hint()),
    });
    findings.extend(description.gaps.into_iter().map(|gap| Finding::problem("limit", gap.what, Some(gap.hint))));
    for status in engine.catalogue.statuses() {
        if let Some(error) = status.error {
            findings.push(Finding::problem(format!("plugin {}", status.file), error.message, error.hint));
        }
    }
    engine.probe().await;
    for language in engine.book.all().iter() {
        let what = format!("language {}", language.descriptor.id);
        findings.push(match &language.availability {
            Availability::Available { version } => Finding::ok(what, version),
            Availability::Unavailable { reason, hint } => Finding::problem(what, reason, Some(hint.clone())),
            Availability::Unknown => Finding::problem(what, "nobody asked", None),
        });
    }
}

fn table(findings: &[Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    let line = |finding: &Finding| {
        let mark = match (finding.ok, &finding.hint) {
            (true, None) => "ok     ",
            (true, Some(_)) => "note   ",
            (false, _) => "problem",
        };
        let hint = finding.hint.as_ref().map(|hint| format!("         {:width$}  hint: {hint}\n", ""));
        format!("{mark}  {:<width$}  {}\n{}", finding.what, finding.found, hint.unwrap_or_default())
    };
    findings.iter().map(line).collect()
}
