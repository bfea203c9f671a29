//! `optimus run`: the middle of the pipeline, without queue or HTTP.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use optimus_core::language::LanguageInfo;
use optimus_core::languages::LanguageBook;
use optimus_core::options;
use optimus_core::{Event, Invalid, Job, Report};
use optimus_plugin::CompileListener;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::{collected, exit_code, runtime};
use crate::cli::{ProgramArgs, Run};
use crate::engine::Engine;
use crate::output::{self, Advised, Output};
use crate::program::{self, Program};

/// Between two looks at the files of `--watch`.
const LOOK: Duration = Duration::from_millis(200);

pub(super) fn run(args: &Run, output: Output) -> anyhow::Result<ExitCode> {
    let runtime = runtime()?;
    let _guard = runtime.enter();
    let mut place = args.engine.clone();
    // The user of this command can run any program on this machine without it.
    place.commands = true;
    let engine = Engine::begin(&place, first_time(output))?;
    if !args.watch {
        return once(args, &engine, &runtime, output);
    }
    if output.is_json() {
        let hint = "leave out one of them".to_owned();
        return Err(Advised::new("usage", "`--watch` prints many reports, and `--json` exactly one", Some(hint)).into());
    }
    loop {
        let seen = stamps(&args.program);
        // The author has just made the mistake, and is about to fix it.
        if let Err(error) = once(args, &engine, &runtime, output) {
            output.error(&error);
        }
        output::note("watching; Ctrl-C ends it");
        while stamps(&args.program) == seen {
            std::thread::sleep(LOOK);
        }
    }
}

fn once(args: &Run, engine: &Engine, runtime: &Runtime, output: Output) -> anyhow::Result<ExitCode> {
    let job = job(&args.program, engine, output)?;
    let report = runtime.block_on(judge(engine, &job, output))?;
    output.print(&report, output::report)?;
    collected::save(&args.program, &report, output)?;
    Ok(exit_code(report.verdict))
}

/// The files of the program and its tests, with their sizes and times.
fn stamps(args: &ProgramArgs) -> BTreeMap<PathBuf, (u64, Option<SystemTime>)> {
    let mut waiting: Vec<PathBuf> =
        args.files.iter().chain(&args.tests).chain(&args.stdin).chain(&args.expect).cloned().collect();
    let mut found = BTreeMap::new();
    while let Some(path) = waiting.pop() {
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            waiting.extend(path.read_dir().into_iter().flatten().flatten().map(|entry| entry.path()));
        } else {
            found.insert(path, (metadata.len(), metadata.modified().ok()));
        }
    }
    found
}

/// Compiling a plugin takes a moment, once; a person should know what the moment is for.
pub(super) fn first_time(output: Output) -> CompileListener {
    if output.is_json() {
        return CompileListener::default();
    }
    CompileListener::new(|file| output::note(&format!("compiling the plugin `{file}`, once …")))
}

fn job(args: &ProgramArgs, engine: &Engine, output: Output) -> anyhow::Result<Job> {
    let language = language(args, engine)?;
    let Program { request, told } = program::request(args)?;
    output.tell(told.as_deref());
    let extension = language.descriptor.extension();
    let (id, schema) = (&language.descriptor.id, language.descriptor.options_schema.as_deref());
    options::check(&request.options, schema, id).map_err(refused)?;
    Ok(request.into_job(id, extension, &engine.policy).map_err(refused)?)
}

fn refused(invalid: Invalid) -> Advised {
    Advised::new("invalid", invalid.to_string(), invalid.hint)
}

/// By `--language`, or else by the first file's extension.
fn language(args: &ProgramArgs, engine: &Engine) -> anyhow::Result<LanguageInfo> {
    if let Some(name) = &args.language {
        return Ok(engine.language(name).ok_or_else(|| unknown(name, &engine.book))?);
    }
    if args.is_command() {
        let of_commands = engine.book.of_commands().and_then(|language| engine.language(&language.descriptor.id));
        return Ok(of_commands.ok_or_else(|| {
            let hint = "name the file of a program, or see `optimus languages`".to_owned();
            Advised::new("unknown_language", "no language here runs commands".to_owned(), Some(hint))
        })?);
    }
    let entry = program::entry(args)?;
    let found = entry
        .extension()
        .and_then(|extension| extension.to_str())
        .and_then(|extension| engine.language_by_extension(extension));
    Ok(found.ok_or_else(|| {
        let name = entry.display();
        let hint = "name one with `--language`; `optimus languages` lists them".to_owned();
        Advised::new("unknown_language", format!("no language here has files like `{name}`"), Some(hint))
    })?)
}

pub(super) fn unknown(name: &str, book: &LanguageBook) -> Advised {
    let near = book.suggest(name).map(|near| format!("did you mean `{near}`? "));
    let hint = format!("{}see `optimus languages`", near.unwrap_or_default());
    Advised::new("unknown_language", format!("unknown language `{name}`"), Some(hint))
}

async fn judge(engine: &Engine, job: &Job, output: Output) -> anyhow::Result<Report> {
    let bar = output::progress(output.is_json(), job.tests.len() as u64);
    let events = |event: Event| match event {
        Event::Compiling { step } => bar.set_message(step),
        Event::Test { report, .. } => {
            bar.set_message(format!("test {} {}", report.name, report.verdict));
            bar.inc(1);
        }
        _ => {}
    };
    let cancel = CancellationToken::new();
    tokio::spawn(cancel_on_interrupt(cancel.clone()));
    let report = engine.judge.judge(job, Duration::ZERO, &events, &cancel).await;
    bar.finish_and_clear();
    Ok(report.map_err(Advised)?)
}

async fn cancel_on_interrupt(cancel: CancellationToken) {
    if tokio::signal::ctrl_c().await.is_ok() {
        cancel.cancel();
    }
}
