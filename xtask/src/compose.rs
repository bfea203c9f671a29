//! `cargo xtask compose`: brings compose.yaml up as an operator does, judges a program through it, and takes it down.
//!
//! Services, networks, volumes, health checks, users and rights are those of compose.yaml. Stand-ins from Debian's packages
//! take the place of a registry's images, the debug binary that of the release, and the machine's own daemon that of the
//! one in a privileged container: a machine that tests may allow none.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::images::{self, service};
use crate::process::port;
use crate::shell::{has, read, run, say};

/// Separates its containers, networks and volumes from an operator's own.
const PROJECT: &str = "optimus-compose-check";
const TAG: &str = "optimus-compose";
/// The language that is judged. Its image is the smallest.
const LANGUAGE: &str = "bash";
const SOCKET: &str = "/var/run/docker.sock";
/// Redis starts, and the worker prepares its image.
const PATIENCE: Duration = Duration::from_secs(180);

/// With the binary and the plugins that are built already.
///
/// # Errors
/// A service that does not start, or a program that is not judged as expected; with the services' last lines.
pub(crate) fn compose(root: &Path) -> anyhow::Result<()> {
    ensure!(has("docker-compose"), "`docker-compose` is not installed; on Debian: apt-get install docker-compose");
    make_images(root)?;
    let group = std::fs::metadata(SOCKET).with_context(|| format!("`{SOCKET}`"))?.gid();
    let project = Project { root, port: port()?, group };
    let result = project.judge();
    if result.is_err() {
        let _ = run(project.command().args(["logs", "--no-color", "--tail", "20"]));
    }
    // Also when it failed: nothing of it stays.
    result.and(run(project.command().args(["down", "--volumes", "--timeout", "20"])))
}

fn make_images(root: &Path) -> anyhow::Result<()> {
    images::some(root, &[LANGUAGE])?;
    for name in ["redis", "docker"] {
        let mut build = Command::new("docker");
        // The older builder builds one stage without the others, too, and is everywhere.
        build.env("DOCKER_BUILDKIT", "0").args(["build", "--quiet", "--network=host", "--target", name]);
        run(build.args(["-t", &format!("{TAG}:{name}")]).arg(root.join("xtask/src/compose")))?;
    }
    service::build_from(root, &root.join("target/debug/optimus"), &format!("{TAG}:service"))
}

/// The services of one `docker-compose up`.
struct Project<'a> {
    root: &'a Path,
    /// Of the API on this machine's loopback address.
    port: u16,
    /// The socket's group.
    group: u32,
}

impl Project<'_> {
    fn command(&self) -> Command {
        let mut command = Command::new("docker-compose");
        command.args([
            "--project-name",
            PROJECT,
            "--file",
            "compose.yaml",
            "--file",
            "xtask/src/compose/override.yaml",
        ]);
        command.args(["--project-directory", "."]).current_dir(self.root);
        command.env("OPTIMUS_PUBLISH", format!("127.0.0.1:{}", self.port)).env("COMPOSE_HTTP_TIMEOUT", "180");
        command.env("DOCKER_SOCKET", SOCKET).env("DOCKER_GROUP", self.group.to_string());
        command
    }

    /// Starts everything, and judges one right and one wrong program.
    fn judge(&self) -> anyhow::Result<()> {
        let start = Instant::now();
        run(self.command().args(["up", "--detach", "--no-build"]))?;
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        let agent: ureq::Agent = config.into();
        let base = format!("http://127.0.0.1:{}", self.port);
        let deadline = start + PATIENCE;
        while !has_language(&agent, &base) {
            ensure!(Instant::now() < deadline, "`{LANGUAGE}` is not available after {} s", PATIENCE.as_secs());
            std::thread::sleep(Duration::from_millis(500));
        }
        say(&format!("{LANGUAGE} is available after {:.1} s", start.elapsed().as_secs_f64()));
        for (output, verdict) in [("5\n", "accepted"), ("6\n", "wrong_answer")] {
            let job = json!({
                "language": LANGUAGE,
                "source": "read a b; echo $((a + b))",
                "tests": [{ "stdin": "2 3\n", "expect": output }],
            });
            let mut answer = agent.post(format!("{base}/v1/jobs?wait=60s")).send_json(&job)?;
            let body: Value = answer.body_mut().read_json()?;
            ensure!(body["report"]["verdict"] == verdict, "expected {verdict}: {body}");
            say(&format!("judged through compose.yaml: {verdict}"));
        }
        let running = read(self.command().args(["ps", "--services", "--filter", "status=running"]))?;
        say(&format!("running: {}", running.split_whitespace().collect::<Vec<_>>().join(" ")));
        Ok(())
    }
}

/// Returns true if a worker has said that the language is ready.
fn has_language(agent: &ureq::Agent, base: &str) -> bool {
    let list = agent.get(format!("{base}/v1/languages")).call();
    let list = list.ok().and_then(|mut answer| answer.body_mut().read_json::<Value>().ok());
    list.is_some_and(|list| {
        let languages = list["languages"].as_array().cloned().unwrap_or_default();
        languages.iter().any(|language| language["id"] == LANGUAGE && language["availability"]["state"] == "available")
    })
}
