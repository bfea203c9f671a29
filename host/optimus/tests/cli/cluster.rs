//! `optimus api` and `optimus worker` as processes around a Redis: languages reach an API that has no plugins, workers
//! come and go, and nothing that was accepted goes with them.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{can_judge, command, optimus, skip, stdout, until};

/// Killed when dropped.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Process {
    fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// SIGTERM; it must end by itself, and well, in time.
    pub(crate) fn stop(mut self) {
        Command::new("kill").arg(self.0.id().to_string()).status().unwrap();
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = loop {
            match self.0.try_wait().unwrap() {
                Some(status) => break status,
                None => assert!(Instant::now() < deadline, "it does not end"),
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        assert!(status.success(), "{status}");
    }
}

pub(crate) struct Place {
    pub(crate) port: u16,
    pub(crate) dir: tempfile::TempDir,
    /// Where traces go.
    pub(crate) collector: Option<String>,
}

pub(crate) fn has_redis() -> bool {
    Path::new("/usr/bin/redis-server").exists()
}

impl Place {
    pub(crate) fn new() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { port, dir: tempfile::tempdir().unwrap(), collector: None }
    }

    pub(crate) fn redis(&self) -> Process {
        let mut command = Command::new("redis-server");
        command.args(["--port", &self.port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"]);
        let child = command.arg("--dir").arg(self.dir.path()).stdout(Stdio::null()).spawn().unwrap();
        until("redis answers", || std::net::TcpStream::connect(("127.0.0.1", self.port)).ok());
        Process(child)
    }

    pub(crate) fn start(&self, args: &[&str], state: &str) -> (Process, String) {
        let mut command = command(args);
        command.args(["--queue", &format!("redis://127.0.0.1:{}", self.port), "--log", "error", "--lease-s", "2"]);
        command.env("OPTIMUS_STATE", self.dir.path().join(state)).env_remove("OPTIMUS_PLUGINS");
        command.envs(self.collector.iter().map(|url| ("OTEL_EXPORTER_OTLP_ENDPOINT", url)));
        if args[0] == "worker" {
            command.arg("--plugins").arg(crate::support::plugins());
        }
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (Process(child), line.trim().trim_start_matches("listening on ").to_owned())
    }

    pub(crate) fn worker(&self, name: &str, grace: &str) -> Process {
        let args = ["worker", "--languages", "bash", "--slots", "2", "--grace-s", grace];
        self.start(&args, name).0
    }
}

pub(crate) fn ask(request: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Option<String>, Value) {
    let mut answer = request.unwrap();
    let after = answer.headers().get("retry-after").map(|after| after.to_str().unwrap().to_owned());
    (answer.status().as_u16(), after, answer.body_mut().read_json().unwrap())
}

pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().http_status_as_error(false);
    config.timeout_global(Some(Duration::from_secs(60))).build().into()
}

fn job(source: &str, expect: &str) -> Value {
    json!({"language": "bash", "source": source, "tests": [{"expect": expect}]})
}

#[test]
fn api_and_workers_share_what_redis_holds() {
    if !can_judge() || !has_redis() {
        return skip("no redis-server, or nothing can be judged");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place { port, dir: tempfile::tempdir().unwrap(), collector: None };
    let redis = place.redis();
    let (api, base) = place.start(&["api", "--listen", "127.0.0.1:0"], "api");
    let agent = agent();
    let get = |path: &str| ask(agent.get(format!("{base}{path}")).call());
    let post = |job: &Value| ask(agent.post(format!("{base}/v1/jobs")).send_json(job));
    let ends = |id: &Value| {
        let path = format!("/v1/jobs/{}?wait=10s", id.as_str().unwrap());
        until("the job ends", || get(&path).2["report"]["verdict"].as_str().map(str::to_owned))
    };

    assert_eq!(get("/readyz").0, 503, "nobody has told of a language");
    assert_eq!(post(&job("echo 1", "1")).2["error"]["code"], "unknown_language");
    let first = place.worker("first", "30");
    let languages = until("the language is told of", || {
        let languages = get("/v1/languages").2["languages"].as_array().cloned().unwrap();
        (!languages.is_empty()).then_some(languages)
    });
    assert_eq!(languages.len(), 1, "a worker tells only of those it was given");
    assert_eq!((&languages[0]["id"], &languages[0]["availability"]["state"]), (&json!("bash"), &json!("available")));
    assert_eq!(get("/readyz").0, 200);
    assert_eq!(ends(&post(&job("echo 1", "1")).2["id"]), "accepted");

    // SIGTERM with a job under way: it is finished, and the worker ends well.
    let slow = post(&job("sleep 1; echo slow", "slow")).2["id"].clone();
    until("it runs", || (get(&format!("/v1/jobs/{}", slow.as_str().unwrap())).2["state"] == "running").then_some(()));
    first.stop();
    assert_eq!(get(&format!("/v1/jobs/{}", slow.as_str().unwrap())).2["report"]["verdict"], "accepted");

    // No worker is left, and the API still knows what can be judged.
    let waiting = post(&job("echo later", "later"));
    assert_eq!((waiting.0, &waiting.2["state"]), (202, &json!("queued")));
    assert_eq!(get("/v1/languages").2["languages"], json!(languages));
    assert_eq!(get("/readyz").2["remarks"], json!({}), "one was here a moment ago");

    // With hardly any grace, what runs is given back, and somebody else finishes it.
    let second = place.worker("second", "0");
    assert_eq!(ends(&waiting.2["id"]), "accepted");
    let long = post(&job("sleep 3; echo long", "long")).2["id"].clone();
    until("it runs", || (get(&format!("/v1/jobs/{}", long.as_str().unwrap())).2["state"] == "running").then_some(()));
    second.stop();
    let third = place.worker("third", "30");
    assert_eq!(ends(&long), "accepted");

    // A worker that is killed loses its lease, and the job goes to the next.
    let orphan = post(&job("sleep 2; echo orphan", "orphan")).2["id"].clone();
    until("it runs", || (get(&format!("/v1/jobs/{}", orphan.as_str().unwrap())).2["state"] == "running").then_some(()));
    drop(third);
    let fourth = place.worker("fourth", "30");
    assert_eq!(ends(&orphan), "accepted");

    // One that is paused for longer than its lease has lost the job, and what it brings later is refused.
    let paused = place.worker("paused", "30");
    drop(fourth);
    let held = post(&job("sleep 1; echo held", "held")).2["id"].clone();
    until("it runs", || (get(&format!("/v1/jobs/{}", held.as_str().unwrap())).2["state"] == "running").then_some(()));
    paused.signal("STOP");
    let _fifth = place.worker("fifth", "30");
    assert_eq!(ends(&held), "accepted");
    let report = get(&format!("/v1/jobs/{}", held.as_str().unwrap())).2["report"].clone();
    paused.signal("CONT");
    assert_eq!(ends(&post(&job("sleep 2; echo 3", "3")).2["id"]), "accepted");
    assert_eq!(get(&format!("/v1/jobs/{}", held.as_str().unwrap())).2["report"], report, "reported once");
    paused.stop();

    // Redis goes: 503 and when to come back; it returns, and so does what was accepted.
    drop(redis);
    let (status, after, body) = post(&job("echo 1", "1"));
    assert_eq!((status, &body["error"]["code"]), (503, &json!("queue_failed")));
    assert!(after.is_some(), "it says when to come back");
    assert_eq!((get("/healthz").0, get("/readyz").0), (200, 200), "no reason to send clients elsewhere");
    let _redis = place.redis();
    assert_eq!(ends(&orphan), "accepted");
    assert_eq!(
        ends(&until("it is back", || Some(post(&job("echo 2", "2"))).filter(|a| a.0 == 202)).2["id"]),
        "accepted"
    );
    api.stop();
}

#[test]
fn a_stored_problem_reaches_the_workers_and_goes() {
    if !can_judge() || !has_redis() {
        return skip("no redis-server, or nothing can be judged");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place { port, dir: tempfile::tempdir().unwrap(), collector: None };
    let _redis = place.redis();
    let (api, base) = place.start(&["api", "--listen", "127.0.0.1:0"], "api");
    let worker = place.worker("worker", "30");
    let agent = agent();
    let problems = format!("{base}/v1/problems");
    let package = optimus_package::archive(&crate::package::sample("dmoj")).unwrap();
    let stored = ask(agent.post(&problems).send(&package[..])).2;
    let name = stored["problem"].as_str().unwrap();
    assert_eq!(ask(agent.get(&problems).call()).2, json!({"problems": [name]}));
    let job = json!({"language": "bash", "source": "read -r a b; echo $((a + b))", "problem": name});
    let post = || ask(agent.post(format!("{base}/v1/jobs?wait=30s")).send_json(&job)).2;
    let report = until("a worker tells of bash", || Some(post()).filter(|answer| answer.get("report").is_some()));
    assert_eq!(report["report"]["score"]["points"], report["report"]["score"]["max"], "{report:#}");
    assert_eq!(ask(agent.delete(format!("{problems}/{name}")).call()).0, 200);
    assert_eq!(post()["error"]["code"], "unknown_problem");
    worker.stop();
    api.stop();
}

#[test]
fn a_program_is_talked_to_through_several_apis() {
    if !can_judge() || !has_redis() {
        return skip("no redis-server, or nothing can be judged");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place { port, dir: tempfile::tempdir().unwrap(), collector: None };
    let _redis = place.redis();
    let (_one, one) = place.start(&["api", "--listen", "127.0.0.1:0"], "one");
    let (_other, other) = place.start(&["api", "--listen", "127.0.0.1:0"], "other");
    let _worker = place.worker("worker", "5");
    let agent = agent();
    let source = "while read -r line; do echo \"got $line\"; done; echo over";
    let job = json!({"language": "bash", "source": source, "live_stdin": true, "limits": {"wall_ms": 60_000}});
    let id = until("the job is accepted", || {
        let (status, _, answer) = ask(agent.post(format!("{one}/v1/jobs")).send_json(&job));
        (status == 202).then(|| answer["id"].as_str().unwrap().to_owned())
    });
    let write = |base: &str, query: &str, line: String| {
        agent.post(format!("{base}/v1/jobs/{id}/stdin{query}")).send(line).unwrap().status().as_u16()
    };
    for n in 0..40 {
        let base = if n % 3 == 0 { &other } else { &one };
        assert_eq!(write(base, "", format!("{n}\n")), 204);
    }
    assert_eq!(write(&other, "?end=true", String::new()), 204);
    assert_eq!(write(&one, "", "late\n".to_owned()), 409);
    let report = until("the job ends", || {
        let view = ask(agent.get(format!("{other}/v1/jobs/{id}?wait=10s")).call()).2;
        view.get("report").cloned()
    });
    let said: String = (0..40).map(|n| format!("got {n}\n")).chain(["over\n".to_owned()]).collect();
    assert_eq!(report["tests"][0]["stdout"]["content"], said, "{report}");
}

#[test]
fn a_worker_without_a_shared_queue_is_told_what_to_do() {
    for verb in ["api", "worker"] {
        let output = optimus(&[verb, "--sandbox", "fake", "--json"][..if verb == "api" { 1 } else { 4 }]);
        assert_eq!(output.status.code(), Some(2));
        let said = stdout(&output) + &String::from_utf8_lossy(&output.stderr);
        assert!(said.contains("--queue redis://"), "{said}");
    }
}

#[test]
fn an_api_without_its_redis_says_when_to_come_back() {
    if !has_redis() {
        return skip("no redis-server");
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let place = Place { port, dir: tempfile::tempdir().unwrap(), collector: None };
    let (api, base) = place.start(&["api", "--listen", "127.0.0.1:0"], "api");
    let agent = agent();
    let get = |path: &str| ask(agent.get(format!("{base}{path}")).call());
    let post = || ask(agent.post(format!("{base}/v1/jobs")).send_json(job("echo 1", "1")));
    // Whether there are keys is not known, so nobody comes in; that is no reason to think badly of one's key.
    let (status, after, body) = post();
    assert_eq!((status, after.is_some(), &body["error"]["code"]), (503, true, &json!("queue_failed")), "{body}");
    assert_eq!(get("/healthz").0, 200);
    let remark = || get("/readyz").2["remarks"]["queue"].as_str().map(str::to_owned);
    assert!(until("it is remarked", remark).contains(&format!("redis://127.0.0.1:{}", place.port)));
    let redis = place.redis();
    until("it is let in", || (post().0 == 422).then_some(()));
    until("the remark goes", || remark().is_none().then_some(()));
    // In the queue itself, as keys are: no server is asked, and no key is needed.
    let queue = format!("redis://127.0.0.1:{}", place.port);
    let dead = |args: &[&str]| optimus(&[&["dead"], args, &["--queue", &queue, "--json"]].concat());
    assert_eq!(crate::support::json(&dead(&["list"])), json!({"jobs": []}));
    let none = dead(&["requeue", "01a1fc7f-3feb-765e-b7d7-c4eb8a81764a"]);
    assert_eq!((none.status.code(), &crate::support::json(&none)["error"]["code"]), (Some(2), &json!("not_dead")));
    drop(redis);
    let (status, after, body) = post();
    assert_eq!((status, after.is_some(), &body["error"]["code"]), (503, true, &json!("queue_failed")), "{body}");
    api.stop();
}
