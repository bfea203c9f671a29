//! `optimus doctor`: what this machine can enforce, and what to do about the rest.

mod walls;

use std::path::Path;
use std::process::ExitCode;

use anstyle::AnsiColor;
use optimus_core::language::Availability;
use optimus_sandbox::{Check, Note};
use serde::Serialize;

use super::{NOT_ACCEPTED, runtime};
use crate::cli::{Backend, Doctor, EngineArgs};
use crate::engine::{self, Engine};
use crate::output::Output;

/// Prefix of a language's finding.
const LANGUAGE: &str = "language ";

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

    fn is_any_language(&self) -> bool {
        self.what.starts_with(LANGUAGE)
    }

    fn is_language(&self, id: &str) -> bool {
        self.what.strip_prefix(LANGUAGE) == Some(id)
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
    if args.engine.sandbox != Backend::Fake {
        findings.extend(optimus_sandbox::given(Path::new("/")).into_iter().map(Finding::from));
    }
    findings.extend(times(&args.engine));
    let unknown = args.languages.iter().filter(|name| !findings.iter().any(|finding| finding.is_language(name)));
    let unknown: Vec<_> = unknown
        .map(|name| Finding::problem(format!("language {name}"), "there is no such language here", None))
        .collect();
    findings.extend(unknown);
    output.print(&findings, |findings| table(findings, args))?;
    // A toolchain that was not asked for may be missing.
    let counts =
        |finding: &&Finding| !finding.is_any_language() || args.languages.iter().any(|id| finding.is_language(id));
    let healthy = findings.iter().filter(counts).all(|finding| finding.ok);
    Ok(if healthy { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() })
}

/// Checks of the backend's base: this kernel, a daemon, or where either would do, the one that was chosen.
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

/// Findings about the precision of times.
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
        let what = format!("{LANGUAGE}{}", language.descriptor.id);
        findings.push(match &language.availability {
            Availability::Available { version } => Finding::ok(what, version),
            Availability::Unavailable { reason, hint } => Finding::problem(what, reason, Some(hint.clone())),
            Availability::Unknown => Finding::problem(what, "nobody asked", None),
        });
    }
}

/// The machine, the languages, and one line for languages that were not asked for.
fn table(findings: &[Finding], args: &Doctor) -> String {
    let (languages, machine): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.is_any_language());
    let (ready, missing): (Vec<_>, Vec<_>) = languages.into_iter().partition(|finding| finding.ok);
    let asked = |finding: &&Finding| args.all || args.languages.iter().any(|id| finding.is_language(id));
    let shown: Vec<_> = missing.iter().copied().filter(asked).collect();
    let problems = machine.iter().filter(|finding| !finding.ok).count();
    let mut text = format!("Machine\n{}", lines(&machine));
    text += &format!("\nLanguages: {} ready, {} without a toolchain here\n", ready.len(), missing.len());
    text += &lines(&ready.iter().copied().chain(shown.iter().copied()).collect::<Vec<_>>());
    if shown.len() < missing.len() {
        let ids: Vec<&str> = missing.iter().filter_map(|finding| finding.what.strip_prefix(LANGUAGE)).collect();
        text += &format!("  without: {}\n  hint: `optimus doctor {}` says what to install\n", ids.join(" "), ids[0]);
    }
    text + &match problems {
        0 => "\nNo problem found.\n".to_owned(),
        1 => "\n1 problem found.\n".to_owned(),
        n => format!("\n{n} problems found.\n"),
    }
}

fn lines(findings: &[&Finding]) -> String {
    let width = findings.iter().map(|finding| finding.what.len()).max().unwrap_or(0);
    let line = |finding: &&Finding| {
        let (mark, color) = match (finding.ok, &finding.hint) {
            (true, None) => ("ok     ", AnsiColor::Green),
            (true, Some(_)) => ("note   ", AnsiColor::Cyan),
            (false, _) => ("problem", AnsiColor::Red),
        };
        let style = color.on_default();
        let hint = finding.hint.as_ref().map(|hint| format!("           {:width$}  hint: {hint}\n", ""));
        let hint = hint.unwrap_or_default();
        format!("  {style}{mark}{style:#}  {:<width$}  {}\n{hint}", finding.what, finding.found)
    };
    findings.iter().map(line).collect()
}
