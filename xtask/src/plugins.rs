//! `cargo xtask plugins`: builds the language crates to core modules, makes components of them, and puts them into
//! `plugins/`, where a host picks them up. A plugin appears there whole or not at all.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use wasm_encoder::{ComponentSection as _, CustomSection, Encode as _};
use wit_component::ComponentEncoder;

use crate::shell::{build_program, cargo, has, read, run, say};

const TARGET: &str = "wasm32-unknown-unknown";
const PREFIX: &str = "optimus-language-";

/// The file that marks a language written in Rust.
pub(crate) const CRATE: &str = "Cargo.toml";
const DECLARED: &str = "language.toml";

/// Crates whose toolchains are too large for every test run to install: `cargo xtask languages` judges them where they are.
pub(crate) const LARGE: [&str; 1] = ["kotlin"];

/// Builds the plugins of these languages, or of all when none is named.
pub(crate) fn build(root: &Path, only: &[String]) -> anyhow::Result<()> {
    let all: Vec<String> = [languages(root, CRATE)?, languages(root, DECLARED)?].concat();
    if let Some(unknown) = only.iter().find(|id| !all.contains(id)) {
        bail!("no language `{unknown}` in languages/; there are {}", all.join(", "));
    }
    crates(root, only)?;
    build_program(root, "optimus")?;
    declared(root, only)
}

/// Those that are crates.
pub(crate) fn crates(root: &Path, only: &[String]) -> anyhow::Result<()> {
    let mut ids = languages(root, CRATE)?;
    ids.retain(|id| only.is_empty() || only.contains(id));
    if ids.is_empty() {
        return Ok(());
    }
    check_target()?;
    let mut command = cargo(root);
    // The host's flags (an instrumented build, a linker of its own) are not the plugins'.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    command.args(["build", "--profile", "plugin", "--target", TARGET]);
    for id in &ids {
        command.args(["-p", &format!("{PREFIX}{id}")]);
    }
    run(&mut command)?;
    let modules = target_dir(root)?.join(TARGET).join("plugin");
    ids.iter().try_for_each(|id| install(root, &modules, id))
}

/// Those that are a `language.toml`, by the `optimus` that is built already.
pub(crate) fn declared(root: &Path, only: &[String]) -> anyhow::Result<()> {
    let mut ids = languages(root, DECLARED)?;
    ids.retain(|id| only.is_empty() || only.contains(id));
    for id in ids {
        let mut command = Command::new(target_dir(root)?.join("debug/optimus"));
        command.args(["plugin", "build"]).arg(root.join("languages").join(&id)).arg("--output");
        say(read(command.arg(root.join("plugins").join(format!("{id}.wasm"))))?.trim_end());
    }
    Ok(())
}

/// The folders of `languages/` that hold such a file.
pub(crate) fn languages(root: &Path, file: &str) -> anyhow::Result<Vec<String>> {
    let folder = root.join("languages");
    let mut ids = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("cannot list `{}`", folder.display()))? {
        let entry = entry?;
        if entry.path().join(file).is_file() {
            ids.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    ids.sort();
    Ok(ids)
}

fn check_target() -> anyhow::Result<()> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let std = read(Command::new(rustc).args(["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(std.trim()).is_dir() {
        return Ok(());
    }
    match has("rustup") {
        true => bail!("the target {TARGET} is not installed\n\nhint: rustup target add {TARGET}"),
        false => {
            bail!("this toolchain has no {TARGET}\n\nhint: install the package that holds the standard library for it")
        }
    }
}

/// As cargo has it, wherever it was configured.
pub(crate) fn target_dir(root: &Path) -> anyhow::Result<PathBuf> {
    let metadata = read(cargo(root).args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    metadata["target_directory"].as_str().map(PathBuf::from).context("cargo does not say where it builds")
}

fn install(root: &Path, modules: &Path, id: &str) -> anyhow::Result<()> {
    let module = modules.join(format!("{PREFIX}{id}.wasm").replace('-', "_"));
    let module = std::fs::read(&module).with_context(|| format!("cannot read `{}`", module.display()))?;
    let component = encode(&module).with_context(|| format!("cannot make a component of the plugin `{id}`"))?;
    let component = named(root, component, id)?;
    let path = root.join("plugins").join(format!("{id}.wasm"));
    // The host's loader skips names that begin with a dot, and a rename shows it the whole file at once.
    let part = path.with_file_name(format!(".{id}.wasm.part"));
    std::fs::write(&part, &component).with_context(|| format!("cannot write `{}`", part.display()))?;
    std::fs::rename(&part, &path).with_context(|| format!("cannot write `{}`", path.display()))?;
    say(&format!("plugins/{:<20} {:>6.1} KiB", format!("{id}.wasm"), component.len() as f64 / 1024.0));
    Ok(())
}

/// The module carries its world in a section of its own, written there by the SDK.
fn encode(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ComponentEncoder::default().validate(true).module(module)?.encode()
}

/// Says in a last section what the language is called, as its short form in TOML has it: the load gate refuses a plugin
/// that calls itself otherwise.
fn named(root: &Path, mut component: Vec<u8>, id: &str) -> anyhow::Result<Vec<u8>> {
    let path = root.join("sdk/declarative/known").join(id).join(DECLARED);
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
    let known: toml::Table = text.parse().with_context(|| format!("`{}`", path.display()))?;
    let list = |key: &str| known.get(key).cloned().unwrap_or(toml::Value::Array(Vec::new()));
    let names =
        serde_json::json!({ "id": id, "aliases": list("aliases"), "extensions": list("extensions") }).to_string();
    let section = CustomSection { name: "optimus:names".into(), data: names.as_bytes().into() };
    component.push(section.id());
    section.encode(&mut component);
    Ok(component)
}
