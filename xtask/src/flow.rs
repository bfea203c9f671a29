//! `cargo xtask flow-demo`: a schedule begins a run of a pipeline, and the server is killed between its steps. The run has to
//! end right, and each step has to have one job for each of its entries.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use crate::process::{Process, until};
use crate::shell::{build_program, say};
use crate::{plugins, setup};

/// Entries of the list that the second step goes through.
const ENTRIES: usize = 4;
/// What each step has to come to, with the number of its jobs.
const EXPECTED: [(&str, &str, usize); 4] =
    [("numbers", "succeeded", 1), ("square", "succeeded", ENTRIES), ("style", "skipped", 0), ("last", "succeeded", 1)];

/// Builds what it needs, and shows the run.
pub(crate) fn demo(root: &Path) -> anyhow::Result<()> {
    setup::targets()?;
    build_program(root, "optimus")?;
    plugins::crates(root, &[])?;
    flow(root)
}

/// The same with the binary and the plugins that are built already.
pub(crate) fn flow(root: &Path) -> anyhow::Result<()> {
    let state = tempfile::tempdir()?;
    let server = Server::start(root, state.path())?;
    let pipeline = server.post("/v1/pipelines", &pipeline())?;
    let schedule = json!({
        "spec": {"intervals": [{"every": "1s"}]},
        "pipeline": {"id": pipeline["id"], "inputs": {"count": ENTRIES}},
        "policies": {"max_actions": 1},
    });
    let schedule = server.post("/v1/schedules", &schedule)?;
    let path = format!("/v1/schedules/{}", schedule["id"].as_str().context("the schedule has no id")?);
    let begun = || server.get(&path).ok()?["info"]["recent"][0]["run"].as_str().map(str::to_owned);
    let run = until("the schedule fires", begun)?;
    say(&format!("schedule {} has begun run {run}", schedule["id"].as_str().unwrap_or_default()));
    let run = format!("/v1/runs/{run}");
    let server = killed_in(root, state.path(), server, &run, "numbers")?;
    let server = killed_in(root, state.path(), server, &run, "square")?;
    let over = until("the run is over", || server.get(&run).ok().filter(|run| run["ended_at"].is_string()))?;
    show(&over);
    check(&over)?;
    let jobs = server.get("/v1/jobs?limit=100")?;
    let jobs = jobs["jobs"].as_array().map_or(0, Vec::len);
    let expected: usize = EXPECTED.iter().map(|(.., jobs)| jobs).sum();
    ensure!(jobs == expected, "{jobs} jobs exist, and the steps have {expected}");
    say(&format!("killed twice: {jobs} jobs, each result entered once, the run has succeeded"));
    Ok(())
}

/// Four steps in three languages: one for each entry of a list, and one that its condition leaves out.
fn pipeline() -> Value {
    let job = |language: &str, source: &str, stdin: &str| json!({"language": language, "source": source, "tests": [{"stdin": stdin}]});
    let numbers = "import time; time.sleep(1); print(list(range(1, int(input()) + 1)))";
    let last = "#include <stdio.h>\nint main(void) { int n; scanf(\"%d\", &n); printf(\"%d\", n + 1); }";
    json!({
        "inputs": {"count": 1, "strict": false},
        "steps": [
            {"name": "numbers", "with": job("python", numbers, "${inputs.count}\n")},
            {"name": "square", "needs": ["numbers"], "for_each": "steps.numbers.result.json", "max_parallel": 2,
             "with": job("bash", "read n; sleep 1; echo $((n * n))", "${item}\n")},
            {"name": "style", "needs": ["numbers"], "if": "inputs.strict", "with": job("bash", "exit 1", "")},
            {"name": "last", "needs": ["square", "style"],
             "with": job("c", last, "${steps.square.results[size(steps.square.results) - 1].stdout}")},
        ],
    })
}

/// Waits until a step runs, kills the server, and starts another one.
fn killed_in(root: &Path, state: &Path, server: Server, run: &str, step: &str) -> anyhow::Result<Server> {
    let is_running = || {
        let run = server.get(run).ok()?;
        let steps = run["steps"].as_array()?;
        steps.iter().any(|own| own["name"] == step && own["state"] == "running").then_some(())
    };
    until(&format!("the step `{step}` runs"), is_running)?;
    say(&format!("the server is killed in the step `{step}`"));
    drop(server);
    Server::start(root, state)
}

fn check(run: &Value) -> anyhow::Result<()> {
    ensure!(run["state"] == "succeeded", "the run is {}: {run}", run["state"]);
    let steps = run["steps"].as_array().context("the run has no steps")?;
    for (name, state, jobs) in EXPECTED {
        let step =
            steps.iter().find(|step| step["name"] == name).with_context(|| format!("no step `{name}`: {run}"))?;
        let found = jobs_of(step).len();
        ensure!(step["state"] == state && found == jobs, "`{name}` is {} with {found} jobs: {step}", step["state"]);
    }
    let last = steps.last().map(|step| jobs_of(step)[0]["result"]["stdout"].clone());
    let expected = (ENTRIES * ENTRIES + 1).to_string();
    ensure!(last == Some(json!(expected)), "the last step printed {last:?}, and {expected} is right");
    Ok(())
}

fn show(run: &Value) {
    say(&format!("\n{:<9} {:<10} {:>4}  results", "step", "state", "jobs"));
    for step in run["steps"].as_array().into_iter().flatten() {
        let results: Vec<String> = jobs_of(step).iter().map(|job| job["result"]["stdout"].to_string()).collect();
        let [name, state] = ["name", "state"].map(|field| step[field].as_str().unwrap_or_default());
        say(&format!("{name:<9} {state:<10} {:>4}  {}", results.len(), results.join(" ")));
    }
}

fn jobs_of(step: &Value) -> &[Value] {
    step["jobs"].as_array().map_or(&[], Vec::as_slice)
}

/// A server that is killed when it is dropped; its state stays.
struct Server {
    _process: Process,
    base: String,
    agent: ureq::Agent,
}

impl Server {
    fn start(root: &Path, state: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new(root.join("target/debug/optimus"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--lease-s", "2", "--attempts", "10"]);
        command.arg("--plugins").arg(root.join("plugins")).arg("--state").arg(state);
        let (process, base) = Process::listening(&mut command)?;
        Ok(Self { _process: process, base, agent: ureq::Agent::new_with_defaults() })
    }

    fn get(&self, path: &str) -> anyhow::Result<Value> {
        Ok(self.agent.get(format!("{}{path}", self.base)).call()?.body_mut().read_json()?)
    }

    fn post(&self, path: &str, body: &Value) -> anyhow::Result<Value> {
        Ok(self.agent.post(format!("{}{path}", self.base)).send_json(body)?.body_mut().read_json()?)
    }
}
