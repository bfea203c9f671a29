//! `optimus plugin`: from nothing to a language that serves.

mod build;
mod change;
mod check;
mod dev;
mod eject;
mod folder;
mod list;
mod lock;
mod new;
mod oci;
mod sign;
mod signed_file;
mod source;
mod store;
mod test;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use optimus_plugin::{Config, Loaded, Plugin, Trust};

use crate::cli::PluginVerb;
use crate::engine;
use crate::output::{Advised, Output};

pub(super) fn plugin(verb: PluginVerb, output: Output) -> anyhow::Result<ExitCode> {
    match verb {
        PluginVerb::New(args) => new::new(&args, output),
        PluginVerb::Eject(args) => eject::eject(&args, output),
        PluginVerb::Known => new::known(output),
        PluginVerb::Build(args) => build::build(&args, output),
        PluginVerb::Check(args) => check::check(&args, output),
        PluginVerb::Inspect(args) => check::inspect(&args, output),
        PluginVerb::Keygen(args) => sign::keygen(&args, output),
        PluginVerb::Sign(args) => sign::sign(&args, output),
        PluginVerb::Dev(args) => dev::dev(&args, output),
        PluginVerb::Test(args) => test::test(&args, output),
        PluginVerb::Add(args) => store::add(&args, output),
        PluginVerb::List(args) => list::list(&args, output),
        PluginVerb::Install(args) => store::install(&args, output),
        PluginVerb::Update(args) => store::update(&args, output),
        PluginVerb::Push(args) => oci::push(&args, output),
        PluginVerb::Remove(args) => store::remove(&args, output),
        PluginVerb::Rollback(args) => store::rollback(&args, output),
    }
}

/// Loads a file as a server does that trusts all signers.
fn load(file: &Path) -> anyhow::Result<Arc<Plugin>> {
    Ok(load_trusting(file, Trust::default())?.plugin)
}

/// Loads a file as a server does, and checks its signature.
fn load_trusting(file: &Path, trust: Trust) -> anyhow::Result<Loaded> {
    let config = Config { trust, ..Config::new("", "") };
    optimus_plugin::load_file(file, &config).map_err(|e| Advised::new(e.code(), engine::chain(&e), e.hint()).into())
}

/// Writes a file in one step: a server may be watching, and must not see half of it.
fn put(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    use anyhow::Context as _;

    let written = || {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let part = path.with_file_name(format!(".{name}.part"));
        std::fs::write(&part, bytes)?;
        std::fs::rename(&part, path)
    };
    written().with_context(|| format!("cannot write `{}`", path.display()))
}
