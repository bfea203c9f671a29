//! Runs the pods' programs here: each command line and each variable as in the manifests, with a Redis that has exactly
//! the users of the manifests.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::tools::{Tools, lacking};
use crate::process::{Process, port, until};
use crate::shell::{has, read, say};

/// The language whose worker is tried; it needs nothing that is not everywhere.
const LANGUAGE: &str = "bash";

/// The manifests, and what stands for a cluster's names here.
struct Live<'a> {
    objects: Vec<Value>,
    root: &'a Path,
    dir: tempfile::TempDir,
    redis: u16,
    api: u16,
    probes: u16,
}

/// Redis, a worker, a key, an API, a job.
pub(super) fn commands_of(root: &Path, tools: &Tools, manifests: &Path) -> anyhow::Result<()> {
    if !has("redis-server") || !root.join(format!("plugins/{LANGUAGE}.wasm")).is_file() {
        return lacking(
            "redis-server, or a plugin",
            "the manifests' command lines",
            "cargo xtask setup --tests; cargo xtask plugins",
        );
    }
    let objects = serde_json::from_str(&read(&mut tools.check(&["json"], &[manifests]))?)?;
    let live = Live { objects, root, dir: tempfile::tempdir()?, redis: port()?, api: port()?, probes: port()? };
    let _redis = live.redis()?;
    live.users()?;
    let worker = live.container("Deployment", &format!("optimus-worker-{LANGUAGE}"))?;
    live.variables_are_known(worker)?;
    let _worker = Process::spawn(&mut live.optimus(worker)?)?;
    live.probed(worker, live.probes)?;
    let api = live.container("Deployment", "optimus-api")?;
    live.variables_are_known(api)?;
    let refused = output(&mut live.optimus(api)?)?;
    ensure!(refused.status.code() == Some(2), "an API that everybody reaches began without a key: {refused:?}");
    let keys = live.container("CronJob", "optimus-keys")?;
    live.variables_are_known(keys)?;
    let key = read(&mut live.optimus(keys)?)?.trim().to_owned();
    let _api = Process::spawn(&mut live.optimus(api)?)?;
    live.probed(api, live.api)?;
    live.judged(&key)?;
    say("the manifests' own command lines judged a job, behind the users that they give to Redis");
    Ok(())
}

/// Of a command that has to end by itself, soon.
fn output(command: &mut Command) -> anyhow::Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let ended = until("it ends", || child.try_wait().ok().flatten());
    let _ = child.kill();
    ended?;
    Ok(child.wait_with_output()?)
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

impl Live<'_> {
    /// The container of an object that has one.
    fn container(&self, kind: &str, name: &str) -> anyhow::Result<&Value> {
        let object = self.objects.iter().find(|o| o["kind"] == kind && o["metadata"]["name"] == name);
        let spec = &object.with_context(|| format!("no {kind} `{name}`"))?["spec"];
        let spec = if kind == "CronJob" { &spec["jobTemplate"]["spec"] } else { spec };
        spec["template"]["spec"]["containers"].get(0).with_context(|| format!("{kind} `{name}` has no container"))
    }

    fn secret(key: &str) -> String {
        format!("the {key} of a test")
    }

    /// A variable's value, with this machine's places in place of the cluster's.
    fn value(&self, variable: &Value) -> anyhow::Result<String> {
        let name = variable["name"].as_str().unwrap_or_default();
        let source = &variable["valueFrom"];
        if let Some(key) = source["secretKeyRef"]["key"].as_str() {
            return Ok(Self::secret(key));
        }
        if let Some(map) = source["configMapKeyRef"]["name"].as_str() {
            let data = self.objects.iter().find(|o| o["kind"] == "ConfigMap" && o["metadata"]["name"] == map);
            let key = source["configMapKeyRef"]["key"].as_str().unwrap_or_default();
            let text = data.and_then(|data| data["data"][key].as_str());
            return Ok(text.with_context(|| format!("`{name}` comes from nowhere"))?.to_owned());
        }
        let value = variable["value"].as_str().with_context(|| format!("`{name}` has no value"))?;
        Ok(match name {
            "OPTIMUS_PLUGINS" => self.root.join("plugins").to_string_lossy().into_owned(),
            "OPTIMUS_STATE" => self.dir.path().join("state").to_string_lossy().into_owned(),
            _ => value
                .replace("optimus-redis.optimus.svc.cluster.local:6379", &format!("127.0.0.1:{}", self.redis))
                .replace(":8080", &format!(":{}", self.api))
                .replace(":9090", &format!(":{}", self.probes)),
        })
    }

    fn variables(&self, container: &Value) -> anyhow::Result<Vec<(String, String)>> {
        let all = container["env"].as_array().into_iter().flatten();
        all.map(|v| Ok((v["name"].as_str().unwrap_or_default().to_owned(), self.value(v)?))).collect()
    }

    fn binary(&self) -> Command {
        let mut command = Command::new(self.root.join("target/debug/optimus"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("OPTIMUS_")) {
            command.env_remove(name);
        }
        command.stdin(Stdio::null());
        command
    }

    /// The container's command line, with its variables.
    fn optimus(&self, container: &Value) -> anyhow::Result<Command> {
        let program = texts(&container["command"]);
        ensure!(program.first().is_none_or(|p| p.ends_with("optimus")), "it runs {program:?}");
        let mut command = self.binary();
        command.args(texts(&container["args"])).envs(self.variables(container)?);
        // Not the state of the container's image, which would be the user's here.
        command.env("OPTIMUS_LOG", "error").stdout(Stdio::piped());
        Ok(command)
    }

    /// A variable that is never read is misspelt.
    fn variables_are_known(&self, container: &Value) -> anyhow::Result<()> {
        let verb: Vec<&str> = texts(&container["args"]).into_iter().take_while(|word| !word.starts_with('-')).collect();
        let help = read(self.binary().args(&verb).arg("--help"))?;
        for (name, _) in self.variables(container)? {
            // The help is wrapped, but never within a word.
            let known = ["=", "]"].iter().any(|end| help.contains(&format!("{name}{end}")));
            ensure!(known, "`optimus {}` reads no `{name}`", verb.join(" "));
        }
        Ok(())
    }

    fn redis(&self) -> anyhow::Result<Process> {
        let container = self.container("StatefulSet", "optimus-redis")?;
        let variables = self.variables(container)?;
        let mut words = texts(&container["args"]).into_iter().map(|word| {
            variables.iter().fold(word.to_owned(), |word, (name, value)| word.replace(&format!("$({name})"), value))
        });
        let program = words.next().context("redis has no command")?;
        let mut command = Command::new(program);
        command.args(
            words.map(|word| if word == "/data" { self.dir.path().to_string_lossy().into_owned() } else { word }),
        );
        command.args(["--port", &self.redis.to_string(), "--bind", "127.0.0.1"]).stdout(Stdio::null());
        let child = Process::spawn(&mut command)?;
        let probe = texts(&container["readinessProbe"]["exec"]["command"]);
        let mut ready = || {
            let words = probe.iter().map(|word| word.replace("redis-cli", &format!("redis-cli -p {}", self.redis)));
            let words: Vec<String> = words.collect();
            let mut probe = Command::new(&words[0]);
            let status = probe.args(&words[1..]).envs(variables.clone()).stderr(Stdio::null()).status();
            status.is_ok_and(|status| status.success()).then_some(())
        };
        until("redis is ready by its own probe", &mut ready)?;
        Ok(child)
    }

    /// Runs redis-cli as a user.
    fn as_user(&self, user: &str, secret: &str, words: &[&str]) -> anyhow::Result<String> {
        let mut command = Command::new("redis-cli");
        command.args(["-p", &self.redis.to_string()]);
        if !user.is_empty() {
            command.args(["--user", user, "--no-auth-warning"]).env("REDISCLI_AUTH", Self::secret(secret));
        }
        Ok(read(command.args(words))?.trim().to_owned())
    }

    /// KEDA may ask how long a stream is, and nothing else; without a name nothing is allowed.
    fn users(&self) -> anyhow::Result<()> {
        let stream = format!("optimus:{{{LANGUAGE}}}:q");
        ensure!(self.as_user("keda", "keda-password", &["XLEN", &stream])? == "0", "KEDA cannot ask for a length");
        for words in [&["GET", "optimus:x"][..], &["XLEN", "others"], &["XADD", &stream, "*", "a", "b"], &["KEYS", "*"]]
        {
            let said = self.as_user("keda", "keda-password", words)?;
            ensure!(said.contains("NOPERM"), "KEDA may {words:?}: {said}");
        }
        let given = texts(&self.container("StatefulSet", "optimus-redis")?["args"]).join(" ");
        let acl = std::fs::read_to_string(self.root.join("docs/redis-user.acl"))?;
        for right in acl.split_whitespace().filter(|word| word.starts_with('+')) {
            ensure!(
                given.contains(&format!(" {right} ")),
                "docs/redis-user.acl gives `{right}`, k8s/base/redis.yaml does not"
            );
        }
        let said = self.as_user("", "", &["XLEN", &stream])?;
        ensure!(said.contains("NOAUTH"), "anybody may ask Redis: {said}");
        Ok(())
    }

    /// Each probe asks at the port that the container names, for a path that is answered.
    fn probed(&self, container: &Value, port: u16) -> anyhow::Result<()> {
        for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
            let path =
                container[probe]["httpGet"]["path"].as_str().with_context(|| format!("{probe} asks for no path"))?;
            let url = format!("http://127.0.0.1:{port}{path}");
            until(&format!("{probe} is answered"), || ureq::get(&url).call().ok())?;
        }
        let text = ureq::get(format!("http://127.0.0.1:{port}/metrics")).call()?.body_mut().read_to_string()?;
        ensure!(text.contains("optimus_"), "no numbers for Prometheus");
        Ok(())
    }

    fn judged(&self, key: &str) -> anyhow::Result<()> {
        let job = json!({"language": LANGUAGE, "source": "echo $((6 * 7))", "tests": [{"expect": "42"}]});
        let url = format!("http://127.0.0.1:{}/v1/jobs?wait=60s", self.api);
        let bearer = format!("Bearer {key}");
        let answer: Value = ureq::post(url).header("authorization", bearer).send_json(&job)?.body_mut().read_json()?;
        ensure!(answer["report"]["verdict"] == "accepted", "{answer}");
        let length = self.as_user("keda", "keda-password", &["XLEN", &format!("optimus:{{{LANGUAGE}}}:q")])?;
        ensure!(length == "0", "the stream is not empty: {length}");
        Ok(())
    }
}
