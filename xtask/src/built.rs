//! The programs that cargo has built, by its own word.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// A program that is there now.
#[derive(Debug, Clone)]
pub(crate) struct Built {
    /// Of its target.
    pub(crate) name: String,
    /// `bin`, `test`, …
    pub(crate) kind: String,
    /// Its package's folder.
    pub(crate) room: PathBuf,
    pub(crate) program: PathBuf,
}

/// Has cargo build (in vain is an error), and returns what programs came of it.
pub(crate) fn programs(build: &mut Command) -> anyhow::Result<Vec<Built>> {
    build.arg("--message-format=json-render-diagnostics");
    let output = build.stderr(Stdio::inherit()).output().context("cannot start cargo")?;
    ensure!(output.status.success(), "`{}` does not build", crate::shell::show(build));
    let lines = String::from_utf8_lossy(&output.stdout).into_owned();
    let messages = lines.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    Ok(messages.filter_map(|message| built(&message)).collect())
}

fn built(message: &Value) -> Option<Built> {
    Some(Built {
        name: message["target"]["name"].as_str()?.to_owned(),
        kind: message["target"]["kind"][0].as_str()?.to_owned(),
        room: Path::new(message["manifest_path"].as_str()?).parent()?.to_owned(),
        program: message["executable"].as_str()?.into(),
    })
}
