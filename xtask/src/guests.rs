//! `cargo xtask guests`: the plugins in `sdk/guests`, which are written in other languages than Rust. Each is built with
//! its own tools, goes past the load gate, has its samples judged and is measured; beside them stands one that is a
//! `language.toml`, for comparison.

mod tools;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::plugins::target_dir;
use crate::shell::{run, say, show};
use tools::Tools;

/// The folder, and the language that comes of it.
const GUESTS: [(&str, &str); 3] = [("javascript", "lua-js"), ("python", "perl-py"), ("c", "awk-c")];
/// The language that they are compared with.
const DECLARED: &str = "lua";

/// Options of the comparison.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Only those in these folders of sdk/guests
    only: Vec<String>,
    /// With the binary that is built already
    #[arg(long)]
    pub(crate) no_build: bool,
}

/// Fails when one is not built, not loaded, or judges otherwise than its samples say.
pub(crate) fn guests(root: &Path, args: &Args) -> anyhow::Result<()> {
    let known = GUESTS.map(|(folder, _)| folder);
    let unknown = args.only.iter().find(|only| !known.contains(&only.as_str()));
    ensure!(unknown.is_none(), "no such folder in sdk/guests; there are {}", known.join(", "));
    let wanted = |folder: &str| args.only.is_empty() || args.only.iter().any(|only| only == folder);
    let began = Instant::now();
    let tools = Tools::ready(root)?;
    say(&format!("the tools are there after {:.0} s", began.elapsed().as_secs_f64()));
    let host = Host { program: target_dir(root)?.join("debug/optimus"), place: tempfile::tempdir()? };
    let mut rows = Vec::new();
    for (folder, id) in GUESTS.into_iter().filter(|(folder, _)| wanted(folder)) {
        let folder = root.join("sdk/guests").join(folder);
        let began = Instant::now();
        run(&mut tools.build(&folder))?;
        let built_s = began.elapsed().as_secs_f64();
        let wasm = folder.join(format!("{id}.wasm"));
        rows.push(host.row(id, &wasm, &wasm, built_s)?);
    }
    let (folder, wasm) = (root.join("languages").join(DECLARED), host.place.path().join("declared.wasm"));
    let began = Instant::now();
    run(host.plugin("build").arg(&folder).arg("--output").arg(&wasm))?;
    rows.push(host.row(DECLARED, &wasm, &folder, began.elapsed().as_secs_f64())?);
    say("\nguest     build s      size KiB   first load ms   load ms     plan µs   samples");
    rows.iter().for_each(|row| say(&row.line()));
    ensure!(rows.iter().all(|row| row.held == row.samples), "a sample did not get its verdict");
    Ok(())
}

/// The program that loads and judges, and a directory for what it keeps.
struct Host {
    program: PathBuf,
    place: tempfile::TempDir,
}

struct Row {
    id: &'static str,
    built_s: f64,
    bytes: f64,
    /// Compiled; and found compiled in the cache.
    load_ms: [f64; 2],
    plan_us: f64,
    held: usize,
    samples: usize,
}

impl Host {
    fn plugin(&self, verb: &str) -> Command {
        let mut command = Command::new(&self.program);
        let state = self.place.path().join("state");
        // A code cache of its own: the first load is to compile the plugin.
        command.args(["plugin", verb]).env("OPTIMUS_CODE_CACHE", state.join("code")).env("OPTIMUS_STATE", state);
        command
    }

    /// `tested` is what has the samples beside it.
    fn row(&self, id: &'static str, wasm: &Path, tested: &Path, built_s: f64) -> anyhow::Result<Row> {
        run(self.plugin("check").arg(wasm))?;
        run(self.plugin("inspect").arg(wasm))?;
        let load_ms = self.loads(id, wasm)?;
        let mut test = self.plugin("test");
        let shown = show(test.arg(tested).arg("--json"));
        say(&format!("$ {shown}"));
        // With another verdict the command exits with 1, and still prints the sample.
        let output = test.output().with_context(|| format!("cannot start `{shown}`"))?;
        let said: Value = serde_json::from_slice(&output.stdout)
            .with_context(|| format!("`{shown}` said no JSON: {}", String::from_utf8_lossy(&output.stderr)))?;
        let samples = said["samples"].as_array().with_context(|| format!("`{shown}`: {said}"))?;
        for sample in samples.iter().filter(|sample| sample["ok"] != true) {
            say(&format!("NOT {id}: {sample}"));
        }
        let figure = |name: &str| said["plugin"][name].as_f64().with_context(|| format!("`{shown}`: no `{name}`"));
        Ok(Row {
            id,
            built_s,
            bytes: figure("bytes")?,
            load_ms,
            plan_us: figure("plan_us")?,
            held: samples.iter().filter(|sample| sample["ok"] == true).count(),
            samples: samples.len(),
        })
    }

    /// As a server loads it that has never seen it, and as one that has, by its own log.
    fn loads(&self, id: &str, wasm: &Path) -> anyhow::Result<[f64; 2]> {
        let dir = self.place.path().join(id);
        std::fs::create_dir(&dir)?;
        std::fs::copy(wasm, dir.join("language.wasm"))?;
        let load = || {
            let mut list = self.plugin("list");
            list.arg("--plugins").arg(&dir).args(["--log", "info"]);
            let output = list.output().context("cannot start optimus")?;
            let log = String::from_utf8_lossy(&output.stderr).into_owned();
            let mut lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
            lines
                .find_map(|line| line["plugin.load_ms"].as_f64())
                .with_context(|| format!("`{id}` is not loaded: {log}"))
        };
        Ok([load()?, load()?])
    }
}

impl Row {
    fn line(&self) -> String {
        let Self { id, built_s, bytes, load_ms: [first, cached], plan_us, held, samples } = self;
        let kib = bytes / 1024.0;
        format!("{id:<9} {built_s:>7.1} {kib:>13.1} {first:>15.0} {cached:>9.1} {plan_us:>11.0}   {held} of {samples}")
    }
}
