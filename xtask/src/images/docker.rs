//! Calls of the docker client: list, build, run. The client works with a local daemon and with a distant one
//! (`DOCKER_HOST`) alike: nothing here assumes that both see the same files.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::Value;

use super::recipe::Recipe;
use crate::shell::{read, say};

/// The label that names what an image was built from; it is given when the image's program has run.
pub(crate) const RECIPE: &str = "optimus.recipe";
/// The label with the toolchain's version.
pub(crate) const TOOLCHAIN: &str = "optimus.toolchain";

/// A build that is silent for so long is said to be alive.
const SILENCE: Duration = Duration::from_secs(20);
/// Lines of a failed build that are shown.
const SHOWN: usize = 25;
/// Characters that are shown of the step that takes so long.
const SHOWN_OF_STEP: usize = 72;

/// An image, as the daemon knows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Known {
    /// Its digest.
    pub(crate) id: String,
    /// Its size with everything it stands on.
    pub(crate) bytes: u64,
    /// Its labels.
    pub(crate) labels: BTreeMap<String, String>,
}

/// The images that the daemon has of `names`.
///
/// # Errors
/// A daemon that does not answer.
pub(crate) fn known(names: &[&str]) -> anyhow::Result<BTreeMap<String, Known>> {
    read(docker().args(["version", "--format", "{{.Server.Version}}"])).context("no Docker daemon answers")?;
    let output = docker().args(["image", "inspect"]).args(names).output().context("cannot start `docker`")?;
    // It prints what it finds, and ends with 1 if that is not all.
    let found: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
    let mut images = BTreeMap::new();
    for image in found {
        let labels = serde_json::from_value(image["Config"]["Labels"].clone()).unwrap_or_default();
        let id = image["Id"].as_str().unwrap_or_default().to_owned();
        let known = Known { id, bytes: image["Size"].as_u64().unwrap_or_default(), labels };
        for tag in image["RepoTags"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            images.insert(tag.to_owned(), known.clone());
        }
    }
    Ok(images)
}

/// Builds the image of `recipe` from `context`, and keeps what the build says in `log`.
///
/// # Errors
/// A build that fails, with its last lines.
pub(crate) fn build(recipe: &Recipe, context: &Path, fresh: bool, log: &Path) -> anyhow::Result<()> {
    let mut build = docker();
    // A build fetches packages. The host's network is there also where a daemon may not set up one of its own.
    build.args(["build", "--force-rm", "--network=host", "-t", &recipe.image]);
    for (name, value) in &recipe.args {
        build.arg("--build-arg").arg(format!("{name}={value}"));
    }
    if fresh {
        build.arg("--no-cache");
    }
    let lines = follow(build.arg(context), &recipe.image)?;
    std::fs::write(log, lines.1.join("\n")).with_context(|| format!("`{}`", log.display()))?;
    let last = lines.1.len().saturating_sub(SHOWN);
    ensure!(
        lines.0,
        "`{}` does not build; all of it is in {}\n{}",
        recipe.image,
        log.display(),
        lines.1[last..].join("\n")
    );
    Ok(())
}

/// Puts labels on an image that has proved itself: the same layers, another description.
///
/// # Errors
/// A daemon that refuses.
pub(crate) fn seal(image: &str, labels: &[(&str, &str)]) -> anyhow::Result<()> {
    let mut dockerfile = format!("FROM {image}\n");
    for (name, value) in labels {
        dockerfile += &format!("LABEL {name}={}\n", Value::from(*value));
    }
    feed(docker().args(["build", "-q", "-t", image, "-"]), dockerfile.as_bytes()).map(drop)
}

/// Runs it with `input`; returns what it printed.
///
/// # Errors
/// Whatever ends with another code than 0, with what it said.
pub(crate) fn feed(command: &mut Command, input: &[u8]) -> anyhow::Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().context("cannot start `docker`")?;
    // Who does not want the input has a reason, which the exit code tells.
    let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input));
    let output = child.wait_with_output().context("cannot wait for `docker`")?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "it ended with {}: {}", output.status, said.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The docker client. The older of its two builders is everywhere, and these Dockerfiles need nothing of the newer one.
pub(crate) fn docker() -> Command {
    let mut command = Command::new("docker");
    command.env("DOCKER_BUILDKIT", "0");
    command
}

/// Runs it to its end and says from time to time that it lives. Whether it succeeded, and its lines.
fn follow(command: &mut Command, image: &str) -> anyhow::Result<(bool, Vec<String>)> {
    let (reader, writer) = std::io::pipe().context("a pipe")?;
    command.stdin(Stdio::null()).stdout(writer.try_clone().context("a pipe")?).stderr(writer);
    let mut child = command.spawn().context("cannot start `docker`; on Debian: apt-get install docker.io")?;
    // The command holds the pipe's other end; as long as it does, there would be no end to read.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
            if send.send(String::from_utf8_lossy(&line).trim_end().to_owned()).is_err() {
                break;
            }
        }
    });
    let (start, mut lines, mut step) = (Instant::now(), Vec::new(), String::new());
    loop {
        match receive.recv_timeout(SILENCE) {
            Ok(line) => {
                if line.starts_with("Step ") {
                    step = line.chars().take(SHOWN_OF_STEP).collect();
                }
                lines.push(line);
            }
            Err(RecvTimeoutError::Timeout) => say(&format!("        {image}: {} s, {step}", start.elapsed().as_secs())),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok((child.wait().context("cannot wait for `docker`")?.success(), lines))
}
