//! `optimus runtime`: modules that programs inside WebAssembly are started with.

use std::process::ExitCode;

use anyhow::Context as _;
use optimus_plugin::sha256;
use optimus_wasm::{Runtime, RuntimeError};
use serde_json::json;

use crate::cli::{InstallRuntime, RemoveRuntime, RuntimePlace, RuntimeVerb};
use crate::engine;
use crate::output::{Advised, Output};

pub(super) fn runtimes(verb: &RuntimeVerb, output: Output) -> anyhow::Result<ExitCode> {
    match verb {
        RuntimeVerb::Install(args) => install(args, output),
        RuntimeVerb::List(place) => list(place, output),
        RuntimeVerb::Remove(args) => remove(args, output),
    }?;
    Ok(ExitCode::SUCCESS)
}

fn install(args: &InstallRuntime, output: Output) -> anyhow::Result<()> {
    let module = std::fs::read(&args.file).with_context(|| format!("cannot read `{}`", args.file.display()))?;
    if let Some(pin) = &args.sha256 {
        let digest = sha256(&module);
        if !digest.eq_ignore_ascii_case(pin) {
            let hint =
                "the file is another version, or was changed on its way: get it again from where the digest came";
            let message = format!("`{}` has sha256 {digest}, not {pin}", args.file.display());
            return Err(Advised::new("other_digest", message, Some(hint.to_owned())).into());
        }
    }
    let stem = args.file.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = args.name.clone().or(stem).unwrap_or_default();
    let runtimes = engine::runtimes(args.place.state.as_deref())?;
    let installed = engine::install_runtime(&runtimes, &name, &module)?;
    output.print(&shown(&installed), |_| line(&installed))
}

fn list(place: &RuntimePlace, output: Output) -> anyhow::Result<()> {
    let all = engine::runtimes(place.state.as_deref())?.list().map_err(advise)?;
    let value: Vec<_> = all.iter().map(shown).collect();
    output.print(&json!({ "runtimes": value }), |_| match all.is_empty() {
        true => "no runtime is installed; `optimus runtime install FILE` installs one\n".to_owned(),
        false => all.iter().map(line).collect(),
    })
}

fn remove(args: &RemoveRuntime, output: Output) -> anyhow::Result<()> {
    let gone = engine::runtimes(args.place.state.as_deref())?.remove(&args.name).map_err(advise)?;
    let images: Vec<_> = gone.iter().map(Runtime::image).collect();
    output.print(&json!({ "removed": images }), |_| images.iter().map(|image| format!("removed {image}\n")).collect())
}

fn shown(runtime: &Runtime) -> serde_json::Value {
    let Runtime { name, digest, bytes } = runtime;
    json!({ "name": name, "digest": digest.hex(), "bytes": bytes, "image": runtime.image() })
}

fn line(runtime: &Runtime) -> String {
    format!("{:>8} KiB  {}\n", runtime.bytes.div_ceil(1024), runtime.image())
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of `map_err`")]
fn advise(error: RuntimeError) -> anyhow::Error {
    Advised::new("runtime", error.to_string(), error.hint()).into()
}
