//! Runs of real servers that are killed between their steps: each step's job is judged once, and the run ends right.

use serde_json::{Value, json};

use crate::server::Server;
use crate::stores::server::{Node, is_skipped};
use crate::support::{can_judge, until};

#[test]
fn a_run_goes_on_where_a_killed_server_left_it() {
    if can_judge() {
        each_step_is_entered_once(&["embedded"], false);
    }
}

#[test]
fn a_run_of_two_servers_on_one_redis_goes_on_though_both_are_killed() {
    if can_judge() && !is_skipped("pipelines on redis") {
        let redis = Node::start(&[]);
        each_step_is_entered_once(&[&redis.url()], true);
    }
}

/// Four steps in three languages, one for each entry of a list, and one that its condition leaves out.
fn pipeline() -> Value {
    let job = |language: &str, source: &str, stdin: &str| json!({"language": language, "source": source, "tests": [{"stdin": stdin}]});
    json!({
        "inputs": {"count": 4, "strict": false},
        "steps": [
            {"name": "numbers", "with": job("python", "import time; time.sleep(1); print(list(range(1, int(input()) + 1)))", "${inputs.count}\n")},
            {"name": "square", "needs": ["numbers"], "for_each": "steps.numbers.result.json", "max_parallel": 2,
             "with": job("bash", "read n; sleep 1; echo $((n * n))", "${item}\n")},
            {"name": "style", "needs": ["numbers"], "if": "inputs.strict", "with": job("bash", "exit 1", "")},
            {"name": "last", "needs": ["square", "style"],
             "with": job("c", "#include <stdio.h>\nint main(void) { int n; scanf(\"%d\", &n); printf(\"%d\", n + 1); }", "${steps.square.results[3].stdout}")},
        ],
    })
}

/// Kills each server once the step that it began is under way.
fn each_step_is_entered_once(queue: &[&str], is_shared: bool) {
    let dir = tempfile::tempdir().unwrap();
    let start = |name: &str| {
        let state = if is_shared { dir.path().join(name) } else { dir.path().to_owned() };
        Server::start_as(&state, &[&["--lease-s", "2", "--attempts", "10", "--queue"], queue].concat())
    };
    let first = start("first");
    let second = is_shared.then(|| start("second"));
    let id = first.post("/v1/pipelines", &pipeline()).unwrap()["id"].as_str().unwrap().to_owned();
    let begun = first.post(&format!("/v1/pipelines/{id}/runs"), &json!({})).unwrap();
    let path = format!("/v1/runs/{}", begun["id"].as_str().unwrap());
    reaches(&first, &path, "numbers", "running");
    first.kill();
    let third = start("third");
    reaches(&third, &path, "square", "running");
    let server = match second {
        Some(second) => {
            second.kill();
            third
        }
        None => {
            third.kill();
            start("fourth")
        }
    };
    let run = until("the run is over", || Some(server.get(&path).unwrap()).filter(|run| run["state"] != "running"));
    assert_eq!(run["state"], "succeeded", "{run}");
    let states = run["steps"].as_array().unwrap().iter().map(|step| (step["name"].as_str(), step["state"].as_str()));
    let expected = [("numbers", "succeeded"), ("square", "succeeded"), ("style", "skipped"), ("last", "succeeded")];
    assert_eq!(states.collect::<Vec<_>>(), expected.map(|(name, state)| (Some(name), Some(state))), "{run}");
    let last = run["steps"].as_array().unwrap().last().unwrap();
    assert!(last.to_string().contains("\"17\""), "the last square, and one: {last}");
    let jobs = server.get("/v1/jobs?limit=100").unwrap()["jobs"].as_array().unwrap().clone();
    assert_eq!(jobs.len(), 6, "one for each step and entry: {jobs:?}");
    assert!(jobs.iter().all(|job| job["verdict"] == "accepted"), "{jobs:?}");
    server.stop();
}

fn reaches(server: &Server, path: &str, name: &str, state: &str) {
    let is_there = || {
        let run = server.get(path).ok()?;
        let steps = run["steps"].as_array()?;
        steps.iter().any(|step| step["name"] == name && step["state"] == state).then_some(())
    };
    until(&format!("{name} is {state}"), is_there);
}
