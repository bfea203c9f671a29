//! One server with three tenants, and the queue that it was asked for.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

use super::jobs::Kind;
use crate::process::{Process, port};
use crate::shell::read;

pub(super) struct Service {
    process: Process,
    /// Ends after the server.
    _redis: Option<Process>,
    base: String,
    keys: [String; 3],
    agent: ureq::Agent,
    _state: tempfile::TempDir,
}

impl Service {
    /// Returns once the languages of the jobs can be judged.
    pub(super) fn start(root: &Path, sandbox: &str, queue: &str) -> anyhow::Result<Self> {
        let state = tempfile::tempdir()?;
        let (redis, queue) = if queue == "redis" { redis(state.path())? } else { (None, queue.to_owned()) };
        let optimus = |words: &[&str]| {
            let mut command = Command::new(root.join("target/debug/optimus"));
            command.args(words).args(["--queue", &queue]).arg("--state").arg(state.path());
            command
        };
        let key = |tenant: &str| -> anyhow::Result<String> {
            Ok(read(&mut optimus(&["keys", "create", "--tenant", tenant]))?.trim().to_owned())
        };
        let keys = [key("honest")?, key("quiet")?, key("flood")?];
        let mut command =
            optimus(&["serve", "--listen", "127.0.0.1:0", "--log", "error", "--slots", "3", "--tenant-slots", "2"]);
        command.args(["--no-pull", "--sandbox", sandbox]).arg("--plugins").arg(root.join("plugins"));
        let (process, base) = Process::listening(&mut command)?;
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        let service = Self { process, _redis: redis, base, keys, agent: config.into(), _state: state };
        service.await_languages()?;
        Ok(service)
    }

    fn await_languages(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let list = self.ask(
                self.agent
                    .get(format!("{}/v1/languages", self.base))
                    .header("authorization", self.key(Kind::Honest))
                    .call(),
            )?;
            let all = list["languages"].as_array().cloned().unwrap_or_default();
            let is = |id: &str, state: &str| all.iter().any(|l| l["id"] == id && l["availability"]["state"] == state);
            if ["bash", "c", "python"].iter().all(|id| is(id, "available")) {
                return Ok(());
            }
            if let Some(id) = ["bash", "c", "python"].iter().find(|id| is(id, "unavailable")) {
                bail!("`{id}` is not available here");
            }
            ensure!(Instant::now() < deadline, "the toolchains do not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The verdict of a job.
    pub(super) fn judge(&self, kind: Kind, request: &Value) -> anyhow::Result<String> {
        let post = self.agent.post(format!("{}/v1/jobs?wait=60s", self.base));
        let mut answer = self.ask(post.header("authorization", self.key(kind)).send_json(request))?;
        let deadline = Instant::now() + PATIENCE;
        while answer["state"] != "done" {
            let id = answer["id"].as_str().with_context(|| format!("refused: {answer}"))?;
            ensure!(Instant::now() < deadline, "job {id} is not done: {answer}");
            let get = self.agent.get(format!("{}/v1/jobs/{id}?wait=30s", self.base));
            answer = self.ask(get.header("authorization", self.key(kind)).call())?;
        }
        Ok(answer["report"]["verdict"].as_str().unwrap_or("no verdict").to_owned())
    }

    /// Submits a job of the flood, and forgets it.
    pub(super) fn leave(&self, request: &Value) -> anyhow::Result<()> {
        let post = self.agent.post(format!("{}/v1/jobs", self.base));
        let answer = self.ask(post.header("authorization", self.key(Kind::Flood)).send_json(request))?;
        answer["id"].as_str().with_context(|| format!("refused: {answer}"))?;
        Ok(())
    }

    /// Waits until nothing is queued or running.
    pub(super) fn idle(&self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE * 3;
        loop {
            let unfinished = ["queued", "running"].iter().try_fold(0, |sum, state| {
                let get = self.agent.get(format!("{}/v1/jobs?state={state}&limit=500", self.base));
                let page = self.ask(get.header("authorization", self.key(Kind::Flood)).call())?;
                anyhow::Ok(sum + page["jobs"].as_array().map_or(0, Vec::len))
            })?;
            if unfinished == 0 {
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "{unfinished} jobs of the flood are not over");
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// SIGTERM; it has to end by itself, and well.
    pub(super) fn stop(mut self) -> anyhow::Result<()> {
        self.process.terminate()?;
        let status = self.process.0.wait()?;
        ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }

    fn key(&self, kind: Kind) -> String {
        format!("Bearer {}", self.keys[kind as usize])
    }

    fn ask(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> anyhow::Result<Value> {
        Ok(answer?.body_mut().with_config().limit(64 << 20).read_json()?)
    }
}

const PATIENCE: Duration = Duration::from_secs(180);

/// A Redis of our own, and its address.
fn redis(state: &Path) -> anyhow::Result<(Option<Process>, String)> {
    let port = port()?;
    Ok((Some(Process::redis(port, state)?), format!("redis://127.0.0.1:{port}")))
}
