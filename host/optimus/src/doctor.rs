//! What this machine can enforce, and what to do about the rest.

use std::path::Path;

use optimus_core::language::Availability;
use optimus_sandbox::{Check, Note};
use optimus_server::api::Finding;
use optimus_wasm::machine_image;

use crate::cli::{Backend, EngineArgs};
use crate::engine::{self, Engine};

/// Prefix of a language's finding.
pub(crate) const LANGUAGE: &str = "language ";

/// Everything about the machine and its engine, with the languages as far as their toolchains were asked.
pub(crate) async fn examine(args: &EngineArgs, engine: &Engine) -> Vec<Finding> {
    let mut findings: Vec<Finding> = machine(args, Some(engine)).await.into_iter().map(of_check).collect();
    findings.extend(look(engine).await);
    findings.extend(surroundings(args));
    findings
}

/// Findings about what boxes are given, and about the precision of times.
pub(crate) fn surroundings(args: &EngineArgs) -> Vec<Finding> {
    if args.sandbox == Backend::Fake {
        return Vec::new();
    }
    let unpinned = args.pin_cpus.is_none().then(|| Note {
        name: "timing: processors",
        found: "programs are moved from one to another".to_owned(),
        advice: Some("`--pin-cpus auto` gives each slot one to itself".to_owned()),
    });
    let root = Path::new("/");
    let notes = optimus_sandbox::given(root).into_iter().chain(unpinned).chain(optimus_sandbox::timing(root));
    notes.map(of_note).collect()
}

/// Checks of the backend's base: this kernel, a daemon, or where either would do, the one that was chosen.
pub(crate) async fn machine(args: &EngineArgs, engine: Option<&Engine>) -> Vec<Check> {
    let by_docker = engine.is_some_and(|engine| engine.docker.is_some());
    let mut checks = match args.sandbox {
        Backend::Fake | Backend::Wasm => return Vec::new(),
        Backend::Docker => Vec::new(),
        Backend::Auto if by_docker => Vec::new(),
        Backend::Auto | Backend::Native => optimus_sandbox::doctor(),
    };
    if args.sandbox == Backend::Docker || by_docker {
        let languages = engine.map(|engine| engine.book.all()).unwrap_or_default();
        let images = languages.iter().filter_map(|language| language.descriptor.images.first());
        let images: Vec<String> = images.filter_map(|image| machine_image(image)).map(str::to_owned).collect();
        checks.extend(optimus_sandbox::docker_doctor(&engine::docker_config(args, 1), &images).await);
    }
    checks
}

async fn look(engine: &Engine) -> Vec<Finding> {
    let description = engine.sandbox.describe();
    let mut findings = vec![match engine.warm().await {
        Ok(()) => Finding::ok(format!("sandbox {}", description.name), description.summary),
        Err(error) => Finding::problem(description.name, engine::chain(&error), error.hint()),
    }];
    findings.extend(description.gaps.into_iter().map(|gap| Finding::problem("limit", gap.what, Some(gap.hint))));
    for status in engine.catalogue.statuses() {
        if let Some(error) = status.error {
            findings.push(Finding::problem(format!("plugin {}", status.file), error.message, error.hint));
        }
    }
    findings.extend(engine.book.all().iter().map(|language| {
        let what = format!("{LANGUAGE}{}", language.descriptor.id);
        match &language.availability {
            Availability::Available { version } => Finding::ok(what, version),
            Availability::Unavailable { reason, hint } => Finding::problem(what, reason, Some(hint.clone())),
            Availability::Unknown => Finding::ok(what, "its toolchain was not asked yet"),
        }
    }));
    findings
}

fn of_note(Note { name, found, advice }: Note) -> Finding {
    Finding { hint: advice, ..Finding::ok(name, found) }
}

pub(crate) fn of_check(check: Check) -> Finding {
    match check.hint {
        None => Finding::ok(check.name, check.found),
        Some(hint) => Finding::problem(check.name, check.found, Some(hint)),
    }
}
