//! The verbs: each wires rooms together and holds no rule of its own.

mod audit;
mod bench;
mod calibrate;
mod client;
mod collected;
mod completions;
mod db;
mod dead;
mod doctor;
mod events;
mod init;
mod k8s;
mod keys;
mod languages;
mod man;
mod mcp;
mod pipelines;
mod plugin;
mod problem;
mod run;
mod runtimes;
mod schedules;
mod serve;
mod status;
mod submit;

use std::process::ExitCode;

use crate::cli::{Cli, Verb};
use crate::output::Output;
use crate::serving::Serving;

/// Judged and not accepted, or a problem found.
pub const NOT_ACCEPTED: u8 = 1;
/// Could not judge.
pub const COULD_NOT: u8 = 2;

/// Carries out a command line.
///
/// # Errors
/// Anything that kept it from being carried out: exit code 2.
pub fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let output = Output::new(cli.common.json);
    match cli.verb {
        Verb::Run(args) => run::run(&args, output),
        Verb::Init(args) => init::init(&args, output),
        Verb::Judge(args) => problem::judge(&args, output),
        Verb::Verify(args) => problem::verify(&args, output),
        Verb::Serve(args) => serve::until_told(output, async || Serving::start(&args).await),
        Verb::Api(args) => serve::until_told(output, async || Serving::api(&args).await),
        Verb::Worker(args) => serve::until_told(output, async || Serving::worker(&args).await),
        Verb::Mcp(args) => mcp::mcp(&args),
        Verb::Keys(args) => keys::keys(&args, output),
        Verb::Submit(args) => submit::submit(&args, output),
        Verb::Status(args) => status::status(&args, output),
        Verb::Dead(args) => dead::dead(&args, output),
        Verb::Audit(args) => audit::audit(&args, output),
        Verb::Events(args) => events::events(&args, output),
        Verb::Schedules(args) => schedules::schedules(&args, output),
        Verb::Pipelines(args) => pipelines::pipelines(&args, output),
        Verb::Db(verb) => db::db(&verb, output),
        Verb::Languages(args) => languages::languages(&args, output),
        Verb::Plugin(verb) => plugin::plugin(verb, output),
        Verb::Runtime(verb) => runtimes::runtimes(&verb, output),
        Verb::K8s(verb) => k8s::k8s(&verb, output),
        Verb::Doctor(args) => doctor::doctor(&args, output),
        Verb::Calibrate(args) => calibrate::calibrate(&args, output),
        Verb::Bench(args) => bench::bench(&args, output),
        Verb::Man(args) => man::man(args.dir.as_deref(), output),
        Verb::Completions { shell } => completions::completions(shell, output),
    }
}

/// The exit code that a verdict stands for.
fn exit_code(verdict: optimus_core::Verdict) -> ExitCode {
    match verdict {
        optimus_core::Verdict::Accepted => ExitCode::SUCCESS,
        optimus_core::Verdict::InternalError => COULD_NOT.into(),
        _ => NOT_ACCEPTED.into(),
    }
}

/// The runtime that the verbs share.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}
