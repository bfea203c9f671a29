//! The engine itself, for tests that look at reports rather than at what the binary prints.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use optimus::cli::{Cli, Verb};
use optimus::engine::Engine;
use optimus_core::job::Policy;
use optimus_core::{Descriptor, Job, JobRequest};
use serde_json::Value;

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// One with this checkout's plugins, as the command line would open it.
pub(crate) fn open(sandbox: &str, state: &Path) -> anyhow::Result<Engine> {
    let compiler = env!("CARGO_BIN_EXE_optimus");
    let words = ["optimus", "languages", "--no-pull", "--compiler", compiler, "--sandbox", sandbox, "--plugins"];
    let (plugins, state) = (root().join("plugins").into_os_string(), state.as_os_str().to_owned());
    let words = words.map(Into::into).into_iter().chain([plugins, "--state".into(), state]);
    let Verb::Languages(args) = Cli::try_parse_from(words)?.verb else { anyhow::bail!("another verb") };
    Engine::open(&args.engine)
}

/// What a server makes of a request.
pub(crate) fn job(request: &Value, language: &Descriptor) -> anyhow::Result<Job> {
    let request: JobRequest = serde_json::from_value(request.clone())?;
    let extension = language.extension();
    Ok(request.into_job(&language.id, extension, &Policy::default())?)
}

pub(crate) use optimus_testing::skip;
