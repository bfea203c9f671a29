//! The Python client.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, ensure};

use super::{Place, timed};
use crate::shell::{read, run};
use crate::tools;

const PACKAGE: &str = "sdk/client/python";
const TYPES: &str = "sdk/client/python/src/optimus_client/types.py";

/// From PyPI: the generator of types, what the client needs, and the checkers.
const PYPI: [&str; 7] = [
    "datamodel-code-generator==0.89.0",
    "httpx==0.28.1",
    "mypy==2.4.1",
    "ruff==0.17.6",
    "build==1.6.1",
    "hatchling==1.33.0",
    "pytest==9.2.0",
];

/// Dictionaries with known keys, as the decision 0480 explains; laid out by the generator itself, so that no formatter's version matters.
const GENERATE: [&str; 17] = [
    "-m",
    "datamodel_code_generator",
    "--input-file-type",
    "openapi",
    "--output-model-type",
    "typing.TypedDict",
    "--target-python-version",
    "3.10",
    "--no-use-union-operator",
    "--no-use-closed-typed-dict",
    "--enum-field-as-literal",
    "all",
    "--use-schema-description",
    "--use-field-description",
    "--use-single-line-docstring",
    "--disable-timestamp",
    "--formatters=builtin",
];

/// Writes the types.
pub(super) fn write(place: &Place<'_>) -> anyhow::Result<()> {
    let tools = installed(place)?;
    Ok(fs::write(place.root.join(TYPES), types(place, &tools)?)?)
}

/// Compares the types, and checks, builds, installs and tests the package.
pub(super) fn check(place: &Place<'_>) -> anyhow::Result<()> {
    let tools = installed(place)?;
    timed("types of Python", || place.is_committed(TYPES, &types(place, &tools)?))?;
    timed("mypy, ruff", || {
        run(&mut module(place, &[&tools], &["ruff", "check", "--no-cache", "--quiet", "."]))?;
        run(&mut module(place, &[&tools], &["ruff", "format", "--no-cache", "--check", "--quiet", "."]))?;
        let cache = format!("--cache-dir={}", place.dir.join("mypy").display());
        run(&mut module(place, &[&tools], &["mypy", &cache, "--no-error-summary", "src", "tests", "examples"]))
    })?;
    let site = place.made("python/site")?;
    timed("the package, built and installed", || install(place, &tools, &site))?;
    timed("tests of Python", || {
        let mut tests = module(place, &[&site, &tools], &["pytest", "-rs"]);
        tests.env("OPTIMUS_BINARY", place.root.join("target/debug/optimus"));
        run(tests.env("OPTIMUS_PLUGINS", place.root.join("plugins")))
    })
}

fn installed(place: &Place<'_>) -> anyhow::Result<PathBuf> {
    let tools = place.dir.join("python");
    tools::from_pypi(&tools, &PYPI)?;
    Ok(tools)
}

fn types(place: &Place<'_>, tools: &Path) -> anyhow::Result<String> {
    let made = place.made("python/types")?.join("types.py");
    let mut generate = Command::new("python3");
    generate.args(GENERATE).arg("--input").arg(place.openapi()).arg("--output").arg(&made);
    read(generate.env("PYTHONPATH", tools))?;
    let text = fs::read_to_string(&made)?;
    // The generator knows no Python 3.9, where `typing` has no `TypeAlias` yet.
    let (from, to) = (", TypeAlias,", "import NotRequired\n");
    ensure!(text.contains(from) && text.contains(to), "the generator imports its names in another way");
    Ok(text.replacen(from, ",", 1).replacen(to, "import NotRequired, TypeAlias\n", 1))
}

/// As it is published: a source archive, and from that a wheel.
fn install(place: &Place<'_>, tools: &Path, site: &Path) -> anyhow::Result<()> {
    let dist = place.made("python/dist")?;
    read(module(place, &[tools], &["build", "--no-isolation", "--outdir"]).arg(&dist))?;
    let entries = fs::read_dir(&dist)?.collect::<Result<Vec<_>, _>>()?;
    let wheel = entries.iter().map(fs::DirEntry::path).find(|path| path.extension().is_some_and(|end| end == "whl"));
    let wheel = wheel.context("no wheel was made")?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"]);
    run(pip.args(["--no-deps", "--target"]).arg(site).arg(wheel))?;
    ensure!(site.join("optimus_client/py.typed").is_file(), "the wheel does not say that it is typed");
    Ok(())
}

/// A module of the tools, run in the package's folder. Only what is installed can be imported.
fn module(place: &Place<'_>, installed: &[&Path], words: &[&str]) -> Command {
    let path: Vec<String> = installed.iter().map(|path| path.display().to_string()).collect();
    let mut command = Command::new("python3");
    command.arg("-m").args(words).current_dir(place.root.join(PACKAGE));
    command.env("PYTHONPATH", path.join(":")).env("PYTHONDONTWRITEBYTECODE", "1");
    command
}
