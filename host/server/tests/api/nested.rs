//! Pipelines within pipelines.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Server;

fn echo(stdin: &str) -> Value {
    json!({"language": "toy", "source": "x", "tests": [{"stdin": stdin}]})
}

async fn created(server: &Server, definition: &Value) -> String {
    let made = server.post("/v1/pipelines", definition).await;
    assert_eq!(made.status, 201, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn started(server: &Server, pipeline: &str, inputs: &Value) -> String {
    let made = server.post(&format!("/v1/pipelines/{pipeline}/runs"), &json!({ "inputs": inputs })).await;
    assert_eq!(made.status, 202, "{}", made.text());
    made.json()["id"].as_str().unwrap().to_owned()
}

async fn over(server: &Server, run: &str) -> Value {
    for _ in 0..1_500 {
        let run = server.get(&format!("/v1/runs/{run}")).await.json();
        if run["ended_at"].is_string() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("run {run} is not over");
}

/// Judges one number, and says what came of it.
fn grading() -> Value {
    json!({"name": "grading", "inputs": {"n": null}, "steps": [{"name": "judge", "with": echo("${inputs.n}\n")}],
           "outputs": {"printed": "${steps.judge.result.json}", "verdict": "${steps.judge.result.verdict}"}})
}

fn using(id: &str) -> Value {
    json!({"name": "sub", "uses": "pipeline", "with": {"id": id}})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_runs_another_pipeline_and_sees_its_outputs() {
    let server = Server::start().await;
    let inner = created(&server, &grading()).await;
    let outer = created(&server, &json!({"inputs": {"all": [3, 4]}, "steps": [
        {"name": "each", "uses": "pipeline", "for_each": "inputs.all", "with": {"id": inner, "inputs": {"n": "${item}"}}},
        {"name": "report", "needs": ["each"],
         "with": echo("${steps.each.results[1].outputs.printed} ${steps.each.results[0].outputs.verdict}")}
    ], "outputs": {"said": "${steps.report.result.stdout}"}}))
    .await;
    let begin = std::time::Instant::now();
    let run = started(&server, &outer, &json!({})).await;
    let run = over(&server, &run).await;
    assert_eq!((&run["state"], &run["outputs"]), (&json!("succeeded"), &json!({"said": "4 accepted"})), "{run}");
    assert!(begin.elapsed() < Duration::from_secs(3), "the end of a run is not waited for: {:?}", begin.elapsed());
    let child = run["steps"][0]["jobs"][0]["run"].as_str().unwrap();
    let child = over(&server, child).await;
    assert_eq!(child["parent"], json!({"run": run["id"], "step": "each"}));
    assert_eq!(child["outputs"], json!({"printed": 3, "verdict": "accepted"}));
    let of_inner = server.get(&format!("/v1/runs?pipeline={inner}")).await.json();
    assert_eq!(of_inner["runs"].as_array().unwrap().len(), 2, "each entry has one run");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_and_time_limits_go_down() {
    let server = Server::start().await;
    let hang = json!({"language": "toy", "source": "hang", "tests": [{"stdin": ""}]});
    let inner = created(&server, &json!({"steps": [{"name": "a", "with": hang}]})).await;
    let outer = created(&server, &json!({"steps": [using(&inner)]})).await;
    let late = json!({"steps": [{"name": "sub", "uses": "pipeline", "timeout_s": 1, "with": {"id": inner}}]});
    let late = created(&server, &late).await;
    let (run, late) = (started(&server, &outer, &json!({})).await, started(&server, &late, &json!({})).await);
    let late = over(&server, &late).await;
    assert_eq!(late["steps"][0]["jobs"][0]["result"]["error"]["code"], "step_timeout", "{late}");
    let child = over(&server, late["steps"][0]["jobs"][0]["run"].as_str().unwrap()).await;
    assert_eq!(child["state"], "cancelled", "{child}");
    assert_eq!(server.post(&format!("/v1/runs/{run}/cancel"), &json!({})).await.status, 202);
    let run = over(&server, &run).await;
    assert_eq!((&run["state"], &run["steps"][0]["state"]), (&json!("cancelled"), &json!("cancelled")));
    let child = over(&server, run["steps"][0]["jobs"][0]["run"].as_str().unwrap()).await;
    assert_eq!(child["state"], "cancelled", "{child}");
    let job = format!("/v1/jobs/{}?wait=10s", child["steps"][0]["jobs"][0]["job"].as_str().unwrap());
    assert_eq!(server.get(&job).await.json()["report"]["verdict"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_pipeline_runs_itself() {
    let server = Server::start().await;
    let put = async |id: &str, body: &Value| {
        server.send("PUT", &format!("/v1/pipelines/{id}"), &["content-type: application/json"], body.to_string()).await
    };
    let inner = created(&server, &json!({"name": "inner", "steps": [{"name": "a", "with": echo("1")}]})).await;
    let middle = created(&server, &json!({"name": "middle", "steps": [using(&inner)]})).await;
    let refused = put(&inner, &json!({"name": "inner", "steps": [using(&middle)]})).await.error(422, "invalid");
    assert!(refused.contains("`inner` runs `middle` runs `inner`"), "{refused}");
    put(&inner, &json!({"name": "inner", "steps": [using(&inner)]})).await.error(422, "invalid");
    // What an expression names is known when it runs.
    let hidden = json!({"name": "sub", "uses": "pipeline", "with": {"id": "${inputs.next}"}});
    let hidden = json!({"name": "inner", "inputs": {"next": middle}, "steps": [hidden]});
    assert_eq!(put(&inner, &hidden).await.status, 200);
    let run = started(&server, &middle, &json!({})).await;
    let run = over(&server, &run).await;
    let result = &run["steps"][0]["jobs"][0]["result"];
    assert_eq!((&run["state"], &result["state"]), (&json!("failed"), &json!("failed")), "{run}");
    let child = over(&server, result["run"].as_str().unwrap()).await;
    let error = &child["steps"][0]["jobs"][0]["result"]["error"];
    assert_eq!(error["code"], "pipeline_cycle", "{child}");
    assert!(
        error["message"].as_str().unwrap().contains(&format!("`{middle}` runs `{inner}` runs `{middle}`")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_names_the_field_of_a_step_that_is_wrong() {
    let server = Server::start().await;
    let step = json!({"name": "sub", "uses": "pipeline", "with": {"id": "${inputs.next}"}});
    let id = created(&server, &json!({"inputs": {"next": "nowhere"}, "steps": [step]})).await;
    let dry = server.post(&format!("/v1/pipelines/{id}/dry-run"), &json!({})).await.json();
    let message = dry["steps"][0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("`with.id`: there is no pipeline `nowhere`"), "{dry}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_within_each_other_are_bounded() {
    let server = Server::start().await;
    let mut id = created(&server, &json!({"steps": [{"name": "a", "with": echo("1")}]})).await;
    for _ in 0..5 {
        id = created(&server, &json!({"steps": [using(&id)]})).await;
    }
    let run = started(&server, &id, &json!({})).await;
    let mut run = over(&server, &run).await;
    assert_eq!(run["state"], "failed");
    for _ in 0..4 {
        run = over(&server, run["steps"][0]["jobs"][0]["run"].as_str().unwrap()).await;
    }
    assert_eq!(run["steps"][0]["jobs"][0]["result"]["error"]["code"], "pipelines_too_deep", "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_outputs_cannot_be_rendered_has_failed() {
    let server = Server::start().await;
    let steps = json!([{"name": "a", "if": "false", "with": echo("1")}]);
    let id = created(&server, &json!({"steps": steps, "outputs": {"x": "${steps.a.result.json}"}})).await;
    let run = started(&server, &id, &json!({})).await;
    let run = over(&server, &run).await;
    assert_eq!((&run["state"], &run["error"]["code"]), (&json!("failed"), &json!("expression_failed")), "{run}");
}
