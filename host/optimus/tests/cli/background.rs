//! A background task that panics: the server says so at `/readyz`, and ends with exit code 2.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::{Place, has_redis};
use crate::support::{command, skip};

/// How long a process may take to notice, to be seen as unready, and to end: it compiles its plugins meanwhile.
const TIME: Duration = Duration::from_secs(180);

struct Planted {
    child: Child,
    base: String,
}

impl Planted {
    /// Starts a server whose `task` panics as soon as it runs.
    fn start(mut server: Command, task: &str) -> Self {
        server.env("OPTIMUS_TEST_PANIC", task).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = server.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, base: line.trim().trim_start_matches("listening on ").to_owned() }
    }

    /// What `/readyz` and `/metrics` say once the task is named; `None` when nothing listens any more.
    fn unready(&self, task: &str) -> Option<(Value, String)> {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let begun = Instant::now();
        while begun.elapsed() < TIME {
            let mut answer = agent.get(format!("{}/readyz", self.base)).call().ok()?;
            let status = answer.status();
            let body: Value = answer.body_mut().read_json().ok()?;
            if body["troubles"].get(task).is_some() {
                assert_eq!(status, 503, "{body}");
                let metrics =
                    agent.get(format!("{}/metrics", self.base)).call().ok()?.body_mut().read_to_string().ok()?;
                return Some((body, metrics));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("`{task}` is not named at /readyz")
    }

    fn exit_code(mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            match self.child.try_wait().unwrap() {
                Some(status) => return status.code(),
                None if begun.elapsed() > TIME => {
                    self.child.kill().unwrap();
                    return None;
                }
                None => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

fn assert_noticed(server: Command, task: &str) {
    let planted = Planted::start(server, task);
    if task == "listener" {
        // It cannot tell anybody any more.
        assert_eq!(planted.exit_code(), Some(2), "{task}");
        return;
    }
    let (body, metrics) = planted.unready(task).unwrap_or_else(|| panic!("`{task}` ended the listener at once"));
    assert!(body["troubles"][task].as_str().unwrap().contains("planted"), "{body}");
    let counted = format!("optimus_background_tasks_ended_total{{task=\"{task}\"}} 1");
    assert!(metrics.contains(&counted), "{task} is not counted:\n{metrics}");
    assert_eq!(planted.exit_code(), Some(2), "{task}");
}

/// Each in a thread of its own: most of the time is a wait for the process to end.
fn assert_all_noticed(tasks: &[&'static str], server: impl Fn(&str) -> Command + Sync) {
    std::thread::scope(|scope| {
        for task in tasks {
            let server = &server;
            scope.spawn(move || assert_noticed(server(task), task));
        }
    });
}

#[test]
fn a_task_of_a_server_that_panics_ends_it() {
    let state = tempfile::tempdir().unwrap();
    // The languages in the binary suffice: nothing is judged.
    let languages = command(&["languages", "--json"]).env_remove("OPTIMUS_PLUGINS").output().unwrap();
    if !languages.status.success() {
        skip(&String::from_utf8_lossy(&languages.stdout));
        return;
    }
    let tasks = ["worker", "webhooks", "keys", "readiness", "queue-writer", "listener"];
    assert_all_noticed(&tasks, |task| {
        let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--slots", "1", "--grace-s", "1"]);
        serve.env("OPTIMUS_STATE", state.path().join(task)).env_remove("OPTIMUS_PLUGINS");
        serve
    });
}

#[test]
fn a_task_at_redis_that_panics_ends_the_process() {
    if !has_redis() {
        skip("there is no `redis-server`");
        return;
    }
    let place = Place::new();
    let _redis = place.redis();
    let tasks = ["languages", "queue-reaper", "queue-publisher", "queue-subscription"];
    assert_all_noticed(&tasks, |task| {
        let mut api = command(&["api", "--listen", "127.0.0.1:0"]);
        api.args(["--queue", &format!("redis://127.0.0.1:{}", place.port), "--redis-prefix", task]);
        api.env("OPTIMUS_STATE", place.dir.path().join(task)).env_remove("OPTIMUS_PLUGINS");
        api
    });
}

#[test]
fn a_filter_of_the_log_that_makes_no_sense_is_refused() {
    let output = command(&["languages", "--log", "info,optimus=loudly"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("`--log` is not a filter"), "{output:?}");
}
