//! `optimus plugin build`: a `language.toml` is filled into the prebuilt plugin; a crate is compiled.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use optimus_core::Fault;
use optimus_declarative::author::{self, BuildError, Remark};
use optimus_declarative::{Manifest, Program};
use serde::Serialize;

use super::{load, put};
use crate::cli::Build;
use crate::output::{Advised, Output};
use crate::samples;

const TARGET: &str = "wasm32-unknown-unknown";

/// A built plugin.
#[derive(Debug, Serialize)]
struct Built {
    file: PathBuf,
    id: String,
    bytes: u64,
    digest: String,
    /// Remarks on settings that are probably a mistake.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    remarks: Vec<Fault>,
}

pub(super) fn build(args: &Build, output: Output) -> anyhow::Result<ExitCode> {
    let (wasm, folder) = wasm(&args.path)?;
    let remarks = remarks(&args.path)?;
    remarks.iter().for_each(|remark| output.warn(remark));
    // Under a temporary name, and through the load gate, before it gets the name that a server reads.
    let part = tempfile::Builder::new().suffix(".wasm").tempfile()?;
    std::fs::write(part.path(), &wasm)?;
    let plugin = load(part.path()).map_err(|error| rename(&error, part.path(), &args.path))?;
    let id = plugin.descriptor().id.clone();
    let (wasm, digest) = match plugin.is_named() {
        true => (wasm, plugin.digest().to_owned()),
        false => {
            let names = serde_json::to_value(optimus_plugin::Names::from_descriptor(plugin.descriptor()))?;
            let named = author::name(wasm, &names);
            let digest = optimus_plugin::sha256(&named);
            (named, digest)
        }
    };
    let file = args.output.clone().unwrap_or_else(|| folder.join(format!("{id}.wasm")));
    put(&file, &wasm)?;
    let built = Built { file, id, bytes: wasm.len() as u64, digest, remarks };
    #[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
    output.print(&built, |built| format!("{}  {:.1} KiB\n", built.file.display(), built.bytes as f64 / 1024.0))?;
    Ok(ExitCode::SUCCESS)
}

/// The plugin's own file is what its author knows; the temporary one is internal.
fn rename(error: &anyhow::Error, from: &Path, to: &Path) -> anyhow::Error {
    let mut fault = crate::output::fault(error);
    let name = from.file_name().unwrap_or_default().to_string_lossy().into_owned();
    fault.message = fault.message.replace(&name, &to.display().to_string());
    Advised(fault).into()
}

/// The bytes of the plugin of a folder (or of a `language.toml` itself), and the folder.
pub(super) fn wasm(path: &Path) -> anyhow::Result<(Vec<u8>, PathBuf)> {
    let toml = if path.is_dir() { path.join("language.toml") } else { path.to_owned() };
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) }.to_owned();
    if toml.is_file() {
        return Ok((declared(&toml, &folder)?, folder));
    }
    if folder.join("Cargo.toml").is_file() {
        return Ok((compiled(&folder)?, folder));
    }
    let hint = "name a folder that has one; `optimus plugin new NAME` begins one".to_owned();
    let message = format!("`{}` has neither a language.toml nor a Cargo.toml", path.display());
    Err(Advised::new("no_language", message, Some(hint)).into())
}

/// Remarks on a `language.toml`; a crate has none.
fn remarks(path: &Path) -> anyhow::Result<Vec<Fault>> {
    let toml = if path.is_dir() { path.join("language.toml") } else { path.to_owned() };
    if !toml.is_file() {
        return Ok(Vec::new());
    }
    let file = toml.display();
    let manifest = author::read(&std::fs::read_to_string(&toml)?, Vec::new());
    let manifest = manifest.map_err(|error| refused(&error.into(), &file.to_string()))?;
    let fault = |Remark { field, message, hint }| Fault {
        code: "suspicious".to_owned(),
        message: format!("`{file}`: `{field}` {message}"),
        hint: Some(hint),
    };
    Ok(author::remarks(&manifest).into_iter().map(fault).collect())
}

fn declared(toml: &Path, folder: &Path) -> anyhow::Result<Vec<u8>> {
    let text = std::fs::read_to_string(toml).with_context(|| format!("cannot read `{}`", toml.display()))?;
    let file = toml.display().to_string();
    author::fill(&manifest(&text, folder, &file)?).map_err(|error| refused(&error, &file))
}

/// The language with its `hello` sample, so that every user of the plugin can try it.
pub(super) fn manifest(text: &str, folder: &Path, file: &str) -> anyhow::Result<Manifest> {
    let mut manifest = author::read(text, Vec::new()).map_err(|error| refused(&error.into(), file))?;
    let samples = samples::read_folder(&manifest.id, &folder.join("samples"));
    let samples = samples.map_err(|error| Advised::new("bad_sample", error.to_string(), None))?;
    let hello = samples.into_iter().find(|sample| sample.name == "hello");
    manifest.samples = hello.and_then(|hello| program(&hello)).into_iter().collect();
    Ok(manifest)
}

fn program(sample: &samples::Sample) -> Option<Program> {
    let request = &sample.request;
    let file = request["files"].as_array()?.iter().find(|file| file["path"] == request["entry"])?;
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    Some(Program {
        name: sample.name.clone(),
        path: text(&file["path"])?,
        source: text(&file["content"])?,
        expect: text(&request["tests"][0]["expect"])?,
    })
}

/// A fault in a language, as an error with a hint that names its file.
pub(super) fn refused(error: &BuildError, file: &str) -> anyhow::Error {
    Advised::new("bad_language", format!("`{file}`: {error}"), error.hint()).into()
}

/// Cargo, and a component of what it makes.
fn compiled(folder: &Path) -> anyhow::Result<Vec<u8>> {
    check_target(folder)?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(folder).args(["build", "--release", "--lib", "--target", TARGET, "--message-format=json"]);
    // What is said for this machine's programs is not meant for a plugin.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    let output = command.stderr(std::process::Stdio::inherit()).output();
    let output = output.map_err(|error| no_rust(&format!("cannot start cargo: {error}")))?;
    if !output.status.success() {
        let hint = "cargo has said why, above; `cargo build` in the folder says it again";
        return Err(advised("build_failed", format!("`{}` does not build", folder.display()), hint).into());
    }
    let messages = String::from_utf8_lossy(&output.stdout);
    let messages = messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let names = messages.filter_map(|message| message["filenames"].as_array().cloned()).flatten();
    let module = names.filter_map(|name| name.as_str().map(PathBuf::from)).rfind(|name| ends_with_wasm(name));
    let hint = "its Cargo.toml needs `[lib] crate-type = [\"cdylib\", \"rlib\"]`";
    let module = module.ok_or_else(|| advised("no_module", "cargo made no WebAssembly module".to_owned(), hint))?;
    let module = std::fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))?;
    author::componentize(&module).map_err(|error| refused(&error, &folder.display().to_string()))
}

/// Before cargo says it in a hundred lines.
fn check_target(folder: &Path) -> anyhow::Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let mut asked = Command::new(rustc);
    asked.current_dir(folder).args(["--print", "target-libdir", "--target", TARGET]);
    let output = asked.output().map_err(|error| no_rust(&format!("cannot start rustc: {error}")))?;
    let place = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if std::fs::read_dir(&place).is_ok_and(|mut files| files.next().is_some()) {
        return Ok(());
    }
    let message = format!("this Rust has no standard library for {TARGET}, which plugins are built for");
    let hint = format!("rustup target add {TARGET}");
    Err(advised("no_target", message, &hint).into())
}

fn no_rust(message: &str) -> Advised {
    let hint =
        format!("install Rust from https://rustup.rs, then: rustup target add {TARGET}; a language.toml needs none");
    advised("no_cargo", message.to_owned(), &hint)
}

fn advised(code: &str, message: String, hint: &str) -> Advised {
    Advised::new(code, message, Some(hint.to_owned()))
}

fn ends_with_wasm(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "wasm")
}
