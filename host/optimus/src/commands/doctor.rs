//! `optimus doctor`: what this machine can enforce, and what to do about the rest.

mod queue;
mod walls;

use std::process::ExitCode;

use anstyle::AnsiColor;
use optimus_server::api::Finding;

use super::{NOT_ACCEPTED, runtime};
use crate::cli::Doctor;
use crate::doctor::{self, LANGUAGE};
use crate::engine::Engine;
use crate::output::Output;

pub(super) fn doctor(args: &Doctor, output: Output) -> anyhow::Result<ExitCode> {
    if args.walls {
        return walls::walls(output);
    }
    let mut findings = runtime()?.block_on(async {
        let mut findings = findings(args).await;
        findings.extend(queue::look(&args.queue).await);
        findings
    });
    let unknown = args.languages.iter().filter(|name| !findings.iter().any(|finding| is_language(finding, name)));
    let unknown: Vec<_> = unknown
        .map(|name| Finding::problem(format!("{LANGUAGE}{name}"), "there is no such language here", None))
        .collect();
    findings.extend(unknown);
    output.print(&findings, |findings| table(findings, args))?;
    // A toolchain that was not asked for may be missing.
    let counts =
        |finding: &&Finding| !is_any_language(finding) || args.languages.iter().any(|id| is_language(finding, id));
    let healthy = findings.iter().filter(counts).all(|finding| finding.ok);
    Ok(if healthy { ExitCode::SUCCESS } else { NOT_ACCEPTED.into() })
}

async fn findings(args: &Doctor) -> Vec<Finding> {
    match Engine::open(&args.engine) {
        Ok(engine) => {
            engine.probe().await;
            doctor::examine(&args.engine, &engine).await
        }
        Err(error) => {
            let fault = crate::output::fault(&error);
            let engine = Finding::problem("engine", fault.message, fault.hint);
            let machine = doctor::machine(&args.engine, None).await.into_iter().map(doctor::of_check);
            machine.chain([engine]).chain(doctor::surroundings(&args.engine)).collect()
        }
    }
}

fn is_any_language(finding: &Finding) -> bool {
    finding.what.starts_with(LANGUAGE)
}

fn is_language(finding: &Finding, id: &str) -> bool {
    finding.what.strip_prefix(LANGUAGE) == Some(id)
}

/// The machine, the languages, and one line for languages that were not asked for.
fn table(findings: &[Finding], args: &Doctor) -> String {
    let (languages, machine): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| is_any_language(finding));
    let (ready, missing): (Vec<_>, Vec<_>) = languages.into_iter().partition(|finding| finding.ok);
    let asked = |finding: &&Finding| args.all || args.languages.iter().any(|id| is_language(finding, id));
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
