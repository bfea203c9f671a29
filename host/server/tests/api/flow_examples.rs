//! The workflows of docs/flow.md: each is accepted as it is, and a dry run renders every step of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use optimus_core::language::Availability;
use serde_json::{Value, json};

use crate::support::{Server, Setup, language};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/flow")
}

fn read(name: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder().join(name)).unwrap()).unwrap()
}

/// A server with the languages of the examples, and a problem.
async fn server() -> (Server, String) {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let there = Availability::Available { version: "1".to_owned() };
    server.languages.replace(["python", "bash", "cpp"].map(|id| language(id, there.clone())).into());
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packages/dmoj");
    let package = optimus_package::archive(&package).unwrap();
    let stored = server.send("POST", "/v1/problems", &["content-type: application/zip"], package).await;
    assert_eq!(stored.status, 201, "{}", stored.text());
    let problem = stored.json()["problem"].as_str().unwrap().to_owned();
    (server, problem)
}

async fn created(server: &Server, file: &str) -> String {
    let made = server.post("/v1/pipelines", &read(file)).await;
    assert_eq!(made.status, 201, "{file}: {}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

/// Every step is rendered and acceptable; returns what they would start, by step.
async fn rehearsed(server: &Server, file: &str, inputs: &Value, results: &Value) -> Value {
    let id = created(server, file).await;
    let dry = server.post(&format!("/v1/pipelines/{id}/dry-run"), &json!({"inputs": inputs, "results": results})).await;
    assert_eq!(dry.status, 200, "{file}: {}", dry.text());
    let mut started = json!({});
    for step in dry.json()["steps"].as_array().unwrap() {
        assert_eq!(step["error"], Value::Null, "{file}: {step}");
        assert!(!step["jobs"].as_array().unwrap().is_empty(), "{file}: {step}");
        started[step["name"].as_str().unwrap()] = step["jobs"].clone();
    }
    started
}

fn verdict(verdict: &str) -> Value {
    json!({"verdict": verdict, "stdout": "7\n", "json": 7, "tests": [{"cpu_ms": 1.5}]})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nightly_rejudge() {
    let (server, problem) = server().await;
    let submissions = json!([{"id": "1", "language": "python", "source": "print(1)", "problem": problem},
                             {"id": "2", "language": "cpp", "source": "int main(){}", "problem": problem}]);
    let results = json!({"list": {"status": 200, "json": {"submissions": submissions}},
                         "judge": [verdict("accepted"), verdict("wrong_answer")], "tell": {"status": 204}});
    let started = rehearsed(&server, "rejudge.json", &json!({"token": "t"}), &results).await;
    assert_eq!(
        (&started["judge"][1]["language"], &started["judge"][1]["labels"]["submission"]),
        (&json!("cpp"), &json!("2"))
    );
    assert_eq!(started["tell"][0]["json"]["results"][1]["verdict"], "wrong_answer");
    assert_eq!(started["tell"][0]["headers"]["authorization"], "Bearer t");
    scheduled(&server, "rejudge", &json!(null)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_contest() {
    let (server, problem) = server().await;
    let queue = json!([{"team": "red", "language": "python", "source": "print(1)"}]);
    let results =
        json!({"queue": {"status": 200, "json": queue}, "judge": [verdict("accepted")], "standings": {"status": 200}});
    let inputs = json!({"token": "t", "problem": problem});
    let started = rehearsed(&server, "contest.json", &inputs, &results).await;
    assert_eq!(
        (&started["judge"][0]["problem"], &started["judge"][0]["labels"]["team"]),
        (&json!(problem), &json!("red"))
    );
    assert_eq!(started["standings"][0]["json"]["entries"], queue);
    scheduled(&server, "contest", &json!(problem)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn grading_with_a_style_check() {
    let (server, problem) = server().await;
    let inputs = json!({"source": "print(1)", "problem": problem});
    let results = json!({"grade": verdict("accepted"), "style": verdict("accepted"), "remarks": verdict("accepted")});
    let started = rehearsed(&server, "grading.json", &inputs, &results).await;
    assert_eq!(started["remarks"][0]["tests"][0]["stdin"], "accepted fine\n");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_by_webhook() {
    let (server, problem) = server().await;
    let grading = created(&server, "grading.json").await;
    let submissions = json!([{"student": "ada", "source": "print(1)"}, {"student": "alan", "source": "print(2)"}]);
    let inputs = json!({"grading": grading, "problem": problem, "submissions": submissions});
    let results = json!({"grade": [{"outputs": {"verdict": "accepted"}}, {"outputs": {"verdict": "accepted"}}]});
    let started = rehearsed(&server, "report.json", &inputs, &results).await;
    assert_eq!(started["grade"][1], json!({"id": grading, "inputs": {"source": "print(2)", "problem": problem}}));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_of_tools() {
    let (server, _) = server().await;
    let run = verdict("accepted");
    let results = json!({"data": [run, run, run], "run": [run, run, run],
                         "compare": {"verdict": "accepted", "json": {"ms": [1.5, 1.5, 1.5]}}, "tell": {"status": 200}});
    let started = rehearsed(&server, "tools.json", &json!({"sources": ["a", "b", "c"]}), &results).await;
    assert_eq!((&started["run"][2]["language"], &started["run"][2]["source"]), (&json!("cpp"), &json!("c")));
    let given: Value = serde_json::from_str(started["compare"][0]["tests"][0]["stdin"].as_str().unwrap()).unwrap();
    assert_eq!(given, results["run"]);
    assert_eq!(started["tell"][0]["json"]["cpu_ms"], json!([1.5, 1.5, 1.5]));
}

/// The schedule of an example is taken with the id of its pipeline, and fires some day.
async fn scheduled(server: &Server, name: &str, problem: &Value) {
    let mut schedule = read(&format!("{name}.schedule.json"));
    schedule["pipeline"]["id"] = json!(created(server, &format!("{name}.json")).await);
    if !problem.is_null() {
        schedule["pipeline"]["inputs"]["problem"] = problem.clone();
    }
    let made = server.post("/v1/schedules", &schedule).await;
    assert_eq!(made.status, 201, "{name}: {}", made.text());
    let preview =
        server.get(&format!("/v1/schedules/{}/preview?n=5", made.json()["id"].as_str().unwrap())).await.json();
    assert_eq!(preview["firings"].as_array().unwrap().len(), 5, "{preview}");
}

/// No file is left out: of the page, or of these tests.
#[test]
fn every_example_is_described_and_tested() {
    let files: BTreeSet<String> =
        std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    let tests = include_str!("flow_examples.rs");
    let page = include_str!("../../../../docs/flow.md");
    for file in &files {
        assert!(page.contains(&format!("`{file}`")), "docs/flow.md does not name {file}");
        let stem = file.split('.').next().unwrap();
        assert!(tests.contains(&format!("{stem}.json\"")), "no test reads {file}");
    }
    assert_eq!(files.len(), 7);
}
