//! The TypeScript client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::{Place, timed};
use crate::shell::{read, run};
use crate::tools;

const PACKAGE: &str = "sdk/client/typescript";
const TYPES: &str = "sdk/client/typescript/src/schema.ts";

/// From npm; the generator is the console's, too.
const NPM: [&str; 3] = ["openapi-typescript@7.13.0", "typescript@5.9.3", "@types/node@20.19.25"];

/// Writes the types.
pub(super) fn write(place: &Place<'_>) -> anyhow::Result<()> {
    let tools = installed(place)?;
    Ok(fs::write(place.root.join(TYPES), types(place, &tools)?)?)
}

/// Compares the types, and builds, packs, installs and tests the package.
pub(super) fn check(place: &Place<'_>) -> anyhow::Result<()> {
    let tools = installed(place)?;
    timed("types of TypeScript", || place.is_committed(TYPES, &types(place, &tools)?))?;
    let used = place.made("typescript/used")?;
    timed("tsc --strict, the package, packed and installed", || install(place, &tools, &used))?;
    timed("tests of TypeScript", || tests(place, &tools, &used))
}

fn installed(place: &Place<'_>) -> anyhow::Result<PathBuf> {
    let tools = place.dir.join("npm");
    tools::once(&tools, npm(&["install", "--prefix", "."]).args(NPM))?;
    Ok(tools.join("node_modules"))
}

fn types(place: &Place<'_>, tools: &Path) -> anyhow::Result<String> {
    let made = place.made("typescript/types")?.join("schema.ts");
    let mut generate = Command::new(tools.join(".bin/openapi-typescript"));
    read(generate.arg(place.openapi()).arg("--output").arg(&made))?;
    Ok(fs::read_to_string(&made)?)
}

/// As it is published: what `npm pack` makes, in a folder of its user's.
fn install(place: &Place<'_>, tools: &Path, used: &Path) -> anyhow::Result<()> {
    let (sources, package) = (place.root.join(PACKAGE), place.made("typescript/package")?);
    for file in ["package.json", "tsconfig.json", "README.md"] {
        fs::copy(sources.join(file), package.join(file)).with_context(|| format!("cannot copy `{file}`"))?;
    }
    fs::copy(place.root.join("LICENSE"), package.join("LICENSE"))?;
    copied(&sources.join("src"), &package.join("src"))?;
    read(Command::new(tools.join(".bin/tsc")).current_dir(&package))?;
    let packed = read(npm(&["pack", "--pack-destination"]).arg(used).current_dir(&package))?;
    let archive = packed.lines().last().context("nothing was packed")?;
    fs::write(used.join("package.json"), "{\"private\": true, \"type\": \"module\"}\n")?;
    run(npm(&["install", "--offline", "--no-save"]).arg(used.join(archive)).current_dir(used))?;
    let types = used.join("node_modules/optimus-client/dist/index.d.ts");
    ensure!(types.is_file(), "the package holds no types");
    Ok(())
}

/// The tests are compiled against the types that are installed, and run with what is installed.
fn tests(place: &Place<'_>, tools: &Path, used: &Path) -> anyhow::Result<()> {
    let mut compile = Command::new(tools.join(".bin/tsc"));
    compile.args(["--strict", "--target", "es2022", "--module", "nodenext", "--types", "node", "--typeRoots"]);
    compile.arg(tools.join("@types"));
    let names = copied(&place.root.join(PACKAGE).join("test"), used)?;
    read(compile.args(&names).current_dir(used))?;
    let mut test = Command::new("node");
    test.arg("--test").args(names.iter().map(|name| name.replace(".ts", ".js"))).current_dir(used);
    test.env("OPTIMUS_BINARY", place.root.join("target/debug/optimus"));
    test.env("OPTIMUS_PLUGINS", place.root.join("plugins")).env("README", place.root.join(PACKAGE).join("README.md"));
    run(&mut test)
}

/// Copies the files of a folder, and returns their names.
fn copied(from: &Path, to: &Path) -> anyhow::Result<Vec<String>> {
    fs::create_dir_all(to)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

fn npm(words: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(["--silent", "--no-audit", "--no-fund"]).args(words);
    command
}
