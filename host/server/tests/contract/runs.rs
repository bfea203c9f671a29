//! Runs of pipelines, taken forward by whichever process leads.

use std::time::Duration;

use serde_json::{Value, json};

use crate::place::Place;
use crate::support::Server;

fn job(source: &str, stdin: &str) -> Value {
    json!({"language": "toy", "source": source, "tests": [{"stdin": stdin}]})
}

/// A slow step, eight beside each other, one that is skipped, and a report.
fn grading() -> Value {
    json!({"inputs": {"sizes": [1, 2, 3, 4, 5, 6, 7, 8]}, "steps": [
        {"name": "build", "with": job("slow", "${inputs.sizes}\n")},
        {"name": "judge", "needs": ["build"], "for_each": "steps.build.result.json", "max_parallel": 3,
         "with": job("slow", "${item}\n")},
        {"name": "style", "if": "size(inputs.sizes) < 3", "with": job("x", "style")},
        {"name": "report", "needs": ["judge", "style"], "with": job("x", "${steps.judge.results.filter(r, r.json > 6).size()}\n")}
    ]})
}

/// Jobs of a whole run.
const JOBS: usize = 10;

/// The path of a new run of a new pipeline.
async fn begun(server: &Server) -> String {
    let made = server.post("/v1/pipelines", &grading()).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let runs = format!("/v1/pipelines/{}/runs", made.json()["id"].as_str().unwrap());
    let run = server.post(&runs, &json!({})).await;
    assert_eq!(run.status, 202, "{}", run.text());
    format!("/v1/runs/{}", run.json()["id"].as_str().unwrap())
}

/// The run, as soon as it is like that.
async fn until(server: &Server, path: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let run = server.get(path).await.json();
        if is_so(&run) {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn jobs(server: &Server) -> usize {
    server.get("/v1/jobs?limit=100").await.json()["jobs"].as_array().unwrap().len()
}

pub(crate) async fn a_run_goes_on_in_another_process_and_submits_nothing_twice(place: &Place) {
    let mut first = place.server().await;
    let path = begun(&first).await;
    until(&first, &path, |run| run["steps"][1]["state"] == "running").await;
    first.stop().await;
    let second = place.server().await;
    let run = until(&second, &path, |run| run["ended_at"].is_string()).await;
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(
        (&run["steps"][2]["state"], &run["steps"][3]["jobs"][0]["result"]["json"]),
        (&json!("skipped"), &json!(2))
    );
    assert_eq!(jobs(&second).await, JOBS);
    let listed = second.get("/v1/runs?state=succeeded").await.json();
    assert_eq!(format!("/v1/runs/{}", listed["runs"][0]["id"].as_str().unwrap()), path);
}

pub(crate) async fn each_result_is_entered_once_though_two_processes_lead(place: &Place) {
    let leaders = place.leaders().await;
    let server = &leaders[0];
    let mut paths = Vec::new();
    for _ in 0..3 {
        paths.push(begun(server).await);
    }
    for path in paths {
        let run = until(server, &path, |run| run["ended_at"].is_string()).await;
        assert_eq!(run["state"], "succeeded", "{run}");
    }
    assert_eq!(jobs(server).await, 3 * JOBS);
}

pub(crate) async fn a_run_is_cancelled_in_any_process(place: &Place) {
    let mut first = place.server().await;
    let path = begun(&first).await;
    let second = place.another(&mut first).await;
    assert_eq!(second.post(&format!("{path}/cancel"), &json!({})).await.status, 202);
    let run = until(&second, &path, |run| run["ended_at"].is_string()).await;
    assert_eq!((&run["state"], &run["steps"][3]["state"]), (&json!("cancelled"), &json!("cancelled")));
    second.post(&format!("{path}/cancel"), &json!({})).await.error(409, "too_late");
}
