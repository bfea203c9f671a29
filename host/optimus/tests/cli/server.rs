//! `optimus serve` as a process: whole jobs over HTTP, and `kill -9` at any moment.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{can_judge, command, optimus, plugins, root, shell};

pub(crate) struct Server {
    child: Child,
    pub(crate) base: String,
}

impl Server {
    pub(crate) fn start(state: &Path) -> Self {
        Self::start_with(state, plugins())
    }

    pub(crate) fn start_with(state: &Path, plugins: &Path) -> Self {
        Self::talking(state, plugins, &["--log", "warn"], Stdio::inherit())
    }

    pub(crate) fn start_as(state: &Path, more: &[&str]) -> Self {
        let more = [&["--log", "warn"], more].concat();
        Self::talking(state, plugins(), &more, Stdio::inherit())
    }

    pub(crate) fn start_in(state: &Path, plugins: &Path, more: &[&str]) -> Self {
        Self::talking(state, plugins, &[&["--log", "warn"], more].concat(), Stdio::inherit())
    }

    fn talking(state: &Path, plugins: &Path, more: &[&str], log: Stdio) -> Self {
        let mut command = command(&["serve", "--listen", "127.0.0.1:0", "--slots", "2"]);
        command.args(more).env("OPTIMUS_PLUGINS", plugins);
        let mut child = command.env("OPTIMUS_STATE", state).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let base = line.trim().strip_prefix("listening on ").expect("the server says where it listens").to_owned();
        Self { child, base }
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Result<Value, ureq::Error> {
        ureq::post(format!("{}{path}", self.base)).send_json(body)?.body_mut().read_json()
    }

    pub(crate) fn get(&self, path: &str) -> Result<Value, ureq::Error> {
        ureq::get(format!("{}{path}", self.base)).call()?.body_mut().read_json()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; it must end by itself, and well.
    pub(crate) fn stop(mut self) {
        std::process::Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

/// A test that fails leaves no server behind. One that has ended already is not harmed.
impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn job(number: usize) -> Value {
    let source = format!("import time\ntime.sleep(0.05)\nprint({number})\n");
    json!({"language": "python", "source": source, "tests": [{"expect": number.to_string()}]})
}

#[test]
fn a_job_is_judged_over_http_and_by_the_client_verbs() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = Server::start(state.path());
    let done = server.post("/v1/jobs?wait=60s", &job(7)).unwrap();
    assert_eq!(done["report"]["verdict"], "accepted", "{done}");
    assert_eq!(server.get("/readyz").unwrap()["ready"], true);

    let hello = root().join("languages/python/samples/hello.py");
    let submitted = optimus(&["submit", hello.to_str().unwrap(), "--server", &server.base, "--json"]);
    assert_eq!(submitted.status.code(), Some(0), "{submitted:?}");
    let report: Value = serde_json::from_slice(&submitted.stdout).unwrap();
    let status = optimus(&["status", report["id"].as_str().unwrap(), "--server", &server.base]);
    assert_eq!(status.status.code(), Some(0), "{status:?}");
    server.stop();
}

#[test]
fn the_log_tells_nothing_of_what_was_submitted() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let log = state.path().join("log");
    let server =
        Server::talking(state.path(), plugins(), &["--log", "trace"], std::fs::File::create(&log).unwrap().into());
    let word = |name: &str| format!("secret-{name}-{}", uuid::Uuid::now_v7().simple());
    let [source, stdin, expect, printed] = ["source", "stdin", "expect", "printed"].map(word);
    let program = format!("# {source}\nprint('{}' + '{}')\n1 / 0\n", &printed[..9], &printed[9..]);
    let tests = json!([{"stdin": stdin, "expect": expect, "args": [stdin]}]);
    let job = json!({"language": "python", "source": program, "tests": tests});
    let done = server.post("/v1/jobs?wait=60s", &job).unwrap();
    assert_eq!(done["report"]["verdict"], "runtime_error", "{done}");
    // Requests that are refused are told of, but not what was in them.
    assert!(server.post("/v1/jobs", &json!({"language": "python", "source": 7, "tests": [{"stdin": stdin}]})).is_err());
    assert!(server.post("/v1/jobs", &json!({"language": source, "source": program})).is_err());
    let id = done["id"].as_str().unwrap().to_owned();
    server.stop();
    let log = std::fs::read_to_string(log).unwrap();
    assert!(log.contains(&id), "the log says nothing at all of the job: {log}");
    for secret in [source, stdin, expect, printed] {
        assert!(!log.contains(&secret), "{secret} in the log:\n{log}");
    }
}

#[test]
fn no_accepted_job_is_lost_to_kill_9_and_each_is_reported_once() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let mut accepted = Vec::new();
    // On a busy machine one job may be running at every kill; a last attempt is left for it.
    let attempts = ["--attempts", "4"];
    for round in 0..3 {
        let server = Server::start_as(state.path(), &attempts);
        for number in 0..12 {
            let posted = server.post("/v1/jobs", &job(round * 100 + number)).unwrap();
            accepted.push((round * 100 + number, posted["id"].as_str().unwrap().to_owned()));
        }
        // Some of them are waiting now, some running, some done.
        std::thread::sleep(Duration::from_millis(150 * (round as u64 + 1)));
        server.kill();
    }
    let server = Server::start_as(state.path(), &attempts);
    for (number, id) in &accepted {
        let done = finished(&server, id);
        assert_eq!(done["report"]["verdict"], "accepted", "job {number}: {done}");
        assert_eq!(done["report"]["tests"][0]["stdout"]["content"], format!("{number}\n"));
        assert_eq!(server.get(&format!("/v1/jobs/{id}")).unwrap()["report"], done["report"], "a report never changes");
    }
    let page = server.get("/v1/jobs?limit=100").unwrap();
    assert_eq!(page["jobs"].as_array().map(Vec::len), Some(accepted.len()), "{page}");
    server.stop();
}

fn finished(server: &Server, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let job = server.get(&format!("/v1/jobs/{id}?wait=20s")).unwrap();
        if job["state"] == "done" {
            return job;
        }
        assert!(Instant::now() < deadline, "job {id} was not finished: {job}");
    }
}

#[test]
fn what_a_running_test_prints_is_told_while_it_runs() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = Server::start(state.path());
    let source = "import sys, time\nprint('first', flush=True)\ntime.sleep(2)\nprint('oops', file=sys.stderr, flush=True)\ntime.sleep(2)\n";
    let heard = |hide: bool| {
        let job = json!({"language": "python", "source": source, "hide_feedback": hide});
        let id = server.post("/v1/jobs", &job).unwrap()["id"].as_str().unwrap().to_owned();
        let events =
            ureq::get(format!("{}/v1/jobs/{id}/events", server.base)).call().unwrap().into_body().read_to_string();
        let events = events.unwrap();
        let data = events.lines().filter_map(|line| serde_json::from_str::<Value>(line.strip_prefix("data: ")?).ok());
        data.map(|event| (event["event"].as_str().unwrap().to_owned(), event)).collect::<Vec<_>>()
    };
    let told = heard(false);
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).skip_while(|name| *name != "output").collect();
    assert_eq!(names, ["output", "output", "test", "done"], "{told:?}");
    let output: Vec<_> = told.iter().filter(|(name, _)| name == "output").map(|(_, event)| event).collect();
    assert_eq!((&output[0]["stream"], &output[0]["content"]), (&json!("stdout"), &json!("first\n")));
    assert_eq!(
        (&output[1]["stream"], &output[1]["content"], &output[1]["index"]),
        (&json!("stderr"), &json!("oops\n"), &json!(0))
    );
    assert!(heard(true).iter().all(|(name, _)| name != "output"), "a job that hides its feedback hides this");
    server.stop();
}

/// As `curl -T` and `cp` do it: in place, piece by piece, while somebody looks.
fn overwrite(path: &Path, bytes: &[u8]) {
    let mut file = std::fs::File::create(path).unwrap();
    for piece in bytes.chunks(bytes.len().div_ceil(8)) {
        file.write_all(piece).unwrap();
        file.sync_all().unwrap();
        std::thread::sleep(Duration::from_millis(60));
    }
}

#[test]
fn a_plugin_that_is_overwritten_under_200_jobs_fails_none_of_them() {
    replaced_under_200_jobs(|_, file, new| overwrite(file, new));
}

#[test]
fn a_plugin_that_is_uploaded_under_200_jobs_fails_none_of_them() {
    replaced_under_200_jobs(|server, file, new| {
        let url = format!("{}/v1/plugins/shell", server.base);
        assert!(ureq::put(url).header("content-type", "application/wasm").send(new).unwrap().status().is_success());
        let mode = std::fs::metadata(file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o644, "workers that run as another user read it too");
    });
}

fn replaced_under_200_jobs(replace: impl FnOnce(&Server, &Path, &[u8])) {
    if !can_judge() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let plugins = place.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let build = |version: &str| shell(place.path(), version);
    let (old, new) = (build("1.0.0"), build("2.0.0"));
    std::fs::write(plugins.join("shell.wasm"), &old).unwrap();
    let server = Server::start_with(&place.path().join("state"), &plugins);
    let post = |number: usize| {
        let job = json!({"language": "shell", "source": format!("echo $RELEASE # {number}"), "tests": [{}]});
        server.post("/v1/jobs", &job).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut ids: Vec<String> = (0..100).map(post).collect();
    finished(&server, &ids[0]);
    replace(&server, &plugins.join("shell.wasm"), &new);
    ids.extend((100..200).map(post));
    let mut printed = std::collections::BTreeMap::<String, usize>::new();
    for id in &ids {
        let done = finished(&server, id);
        assert_eq!(done["report"]["verdict"], "accepted", "{done}");
        let text = done["report"]["tests"][0]["stdout"]["content"].as_str().unwrap().trim().to_owned();
        // What ran is what the report says ran.
        assert_eq!(done["report"]["plugin"]["version"], text.as_str(), "{done}");
        *printed.entry(text).or_default() += 1;
    }
    assert_eq!(printed.values().sum::<usize>(), 200);
    assert!(printed.contains_key("1.0.0"), "{printed:?}");
    let deadline = Instant::now() + Duration::from_secs(60);
    while finished(&server, &post(200))["report"]["plugin"]["version"] != "2.0.0" {
        assert!(Instant::now() < deadline, "the new version does not serve");
    }
    let listed = server.get("/v1/plugins").unwrap();
    assert_eq!((&listed["plugins"][0]["state"], &listed["plugins"][0]["version"]), (&"active".into(), &"2.0.0".into()));
    server.stop();
}

#[test]
fn what_is_logged_carries_the_name_of_the_request() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let log = state.path().join("log");
    let mut command = command(&["serve", "--listen", "127.0.0.1:0", "--log", "debug", "--slots", "1"]);
    let stderr = std::fs::File::create(&log).unwrap();
    let mut child = command.env("OPTIMUS_STATE", state.path()).stdout(Stdio::piped()).stderr(stderr).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().trim_start_matches("listening on ").to_owned();
    let answer = ureq::get(format!("{base}/v1/jobs")).header("x-request-id", "my-name-7").call().unwrap();
    assert_eq!(answer.headers()["x-request-id"], "my-name-7");
    Server { child, base }.stop();
    let logged = std::fs::read_to_string(&log).unwrap();
    let lines = logged.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let found = lines.filter(|line| line["request"] == "my-name-7" && line["message"] == "answered").count();
    assert_eq!(found, 1, "{logged}");
}
