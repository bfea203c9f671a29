//! Pipelines over the API, and their runs.

use std::time::Duration;

use optimus_core::language::Availability;
use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Setup, language};

async fn ask(server: &Server, method: &str, path: &str, secret: &str, body: &Value) -> Answer {
    let bearer = format!("authorization: Bearer {secret}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(method, path, &[&bearer, "content-type: application/json"], body).await
}

/// A job that prints what it is given.
fn echo(stdin: &str) -> Value {
    json!({"language": "toy", "source": "x", "tests": [{"stdin": stdin}]})
}

/// Counts, fans out, reports; and a step for lenient runs.
fn grading() -> Value {
    json!({"name": "grading", "inputs": {"sizes": null, "strict": true}, "steps": [
        {"name": "count", "with": echo("${inputs.sizes}\n")},
        {"name": "judge", "needs": ["count"], "for_each": "steps.count.result.json", "max_parallel": 2,
         "with": echo("size ${item}")},
        {"name": "style", "if": "!inputs.strict", "with": echo("style")},
        {"name": "report", "needs": ["judge", "style"],
         "with": echo("${size(steps.judge.results)} judged, the last: ${steps.judge.results[2].stdout}")}
    ]})
}

async fn created(server: &Server, definition: &Value) -> String {
    let made = server.post("/v1/pipelines", definition).await;
    assert_eq!(made.status, 201, "{}", made.text());
    format!("/v1/pipelines/{}", made.json()["id"].as_str().unwrap())
}

async fn started(server: &Server, pipeline: &str, inputs: &Value) -> String {
    let made = server.post(&format!("{pipeline}/runs"), &json!({ "inputs": inputs })).await;
    assert_eq!(made.status, 202, "{}", made.text());
    format!("/v1/runs/{}", made.json()["id"].as_str().unwrap())
}

async fn over(server: &Server, path: &str) -> Value {
    for _ in 0..600 {
        let run = server.get(path).await.json();
        if run["ended_at"].is_string() {
            return run;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{path} is not over");
}

fn states(run: &Value) -> Vec<String> {
    let steps = run["steps"].as_array().unwrap();
    steps.iter().map(|step| format!("{} {}", step["name"].as_str().unwrap(), step["state"].as_str().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_goes_through_its_steps_at_once() {
    let server = Server::start().await;
    let pipeline = created(&server, &grading()).await;
    let begin = std::time::Instant::now();
    let path = started(&server, &pipeline, &json!({"sizes": [1, 2, 3]})).await;
    let run = over(&server, &path).await;
    assert!(begin.elapsed() < Duration::from_secs(3), "a step does not wait for the next look: {:?}", begin.elapsed());
    assert_eq!(run["state"], "succeeded", "{run}");
    assert_eq!(states(&run), ["count succeeded", "judge succeeded", "style skipped", "report succeeded"]);
    assert_eq!(run["steps"][3]["jobs"][0]["result"]["stdout"], "3 judged, the last: size 3");
    let jobs = server.get("/v1/jobs?limit=100").await.json();
    assert_eq!(jobs["jobs"].as_array().unwrap().len(), 5, "each result has one job");
    let listed = server.get("/v1/runs?state=succeeded").await.json();
    assert_eq!(listed["runs"][0]["id"], run["id"]);
    assert_eq!(server.get("/v1/runs?state=running").await.json()["runs"], json!([]));
    // From `judge` on there are four new jobs.
    let again = server.post(&format!("{path}/replay"), &json!({"from": "judge"})).await;
    assert_eq!((again.status, &again.json()["replay_of"]), (202, &run["id"]));
    let replay = over(&server, &format!("/v1/runs/{}", again.json()["id"].as_str().unwrap())).await;
    assert_eq!((&replay["state"], &replay["steps"][0]), (&json!("succeeded"), &run["steps"][0]));
    assert_ne!(replay["steps"][1]["jobs"][0]["job"], run["steps"][1]["jobs"][0]["job"]);
    server.post(&format!("{path}/replay"), &json!({"from": "nope"})).await.error(422, "invalid");
    server.post(&format!("{path}/cancel"), &json!({})).await.error(409, "too_late");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_cancelled_with_its_jobs() {
    let server = Server::start().await;
    let hang = json!({"language": "toy", "source": "hang", "tests": [{"stdin": ""}]});
    let steps = json!([{"name": "a", "with": hang}, {"name": "b", "needs": ["a"], "with": echo("b")}]);
    let pipeline = created(&server, &json!({ "steps": steps })).await;
    let path = started(&server, &pipeline, &json!({})).await;
    while server.get("/v1/jobs").await.json()["jobs"][0]["state"] != "running" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    server.post(&format!("{path}/replay"), &json!({"from": "a"})).await.error(409, "not_over");
    let cancelled = server.post(&format!("{path}/cancel"), &json!({})).await;
    assert_eq!((cancelled.status, &cancelled.json()["state"]), (202, &json!("cancelling")));
    let run = over(&server, &path).await;
    assert_eq!((&run["state"], states(&run)), (&json!("cancelled"), vec!["a cancelled".into(), "b cancelled".into()]));
    let job = format!("/v1/jobs/{}?wait=10s", run["steps"][0]["jobs"][0]["job"].as_str().unwrap());
    assert_eq!(server.get(&job).await.json()["report"]["verdict"], "cancelled");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_takes_too_long_is_tried_again_and_the_run_goes_on() {
    let server = Server::start().await;
    let hang = json!({"language": "toy", "source": "hang", "tests": [{"stdin": ""}]});
    let pipeline = created(&server, &json!({"steps": [
        {"name": "a", "timeout_s": 1, "retry": {"attempts": 2, "backoff_s": 0}, "on_failure": "continue", "with": hang},
        {"name": "b", "needs": ["a"], "if": "steps.a.state == 'failed'", "with": echo("b")}
    ]}))
    .await;
    let path = started(&server, &pipeline, &json!({})).await;
    let run = over(&server, &path).await;
    assert_eq!((&run["state"], states(&run)), (&json!("succeeded"), vec!["a failed".into(), "b succeeded".into()]));
    let job = &run["steps"][0]["jobs"][0];
    assert_eq!((&job["attempt"], &job["result"]["error"]["code"]), (&json!(2), &json!("step_timeout")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_renders_and_runs_nothing() {
    let server = Server::start().await;
    let pipeline = created(&server, &grading()).await;
    let path = format!("{pipeline}/dry-run");
    let inputs = json!({"sizes": [7, 8, 9]});
    let dry = server.post(&path, &json!({"inputs": inputs})).await.json();
    assert_eq!(dry["steps"][0]["jobs"][0]["tests"][0]["stdin"], "[7,8,9]\n", "{dry}");
    assert_eq!(states(&dry), ["count running", "judge waiting", "style skipped", "report waiting"]);
    let results = json!({"count": {"json": [7, 8, 9]}, "judge": [{"stdout": "a"}, {"stdout": "b"}, {"stdout": "c"}]});
    let dry = server.post(&path, &json!({"inputs": inputs, "results": results})).await.json();
    assert_eq!(dry["steps"][1]["jobs"][2]["tests"][0]["stdin"], "size 9", "{dry}");
    assert_eq!(dry["steps"][3]["jobs"][0]["tests"][0]["stdin"], "3 judged, the last: c");
    assert_eq!(server.get("/v1/runs").await.json()["runs"], json!([]));
    assert_eq!(server.get("/v1/jobs").await.json()["jobs"], json!([]));
    let unknown =
        created(&server, &json!({"steps": [{"name": "a", "with": {"language": "nope", "source": "x"}}]})).await;
    let dry = server.post(&format!("{unknown}/dry-run"), &json!({})).await.json();
    assert_eq!(dry["steps"][0]["error"]["code"], "unknown_language", "{dry}");
    server.post(&path, &json!({"inputs": inputs, "results": {"x": 1}})).await.error(422, "invalid");
    server.post(&path, &json!({})).await.error(422, "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_run_is_refused_by_its_field() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let step = |field: &str, value: Value| {
        let mut step = json!({"name": "a", "with": {}});
        step[field] = value;
        json!({"steps": [step]})
    };
    for (definition, wanted) in [
        (json!({"steps": []}), "`steps`"),
        (step("needs", json!(["a"])), "a needs a"),
        (step("needs", json!(["b"])), "no step `b`"),
        (step("uses", json!("http")), "`steps[0].with.url`"),
        (step("uses", json!("pipeline")), "`steps[0].with.id`"),
        (json!({"steps": [{"name": "a", "uses": "http", "with": {"url": "x", "port": 1}}]}), "`steps[0].with.port`"),
        (
            json!({"steps": [{"name": "a", "uses": "http", "with": {"url": "x", "json": 1, "body": ""}}]}),
            "`steps[0].with.body`",
        ),
        (json!({"steps": [{"name": "a", "uses": "pipeline", "with": {"id": "nope"}}]}), "there is no pipeline `nope`"),
        (json!({"steps": [{"name": "a", "with": {}}], "outputs": {"B": 1}}), "`outputs`"),
        (json!({"steps": [{"name": "a", "with": {}}], "outputs": {"b": "${nope}"}}), "`outputs.b`"),
        (step("uses", json!("mcp")), "`mcp`"),
        (step("if", json!("1 +")), "steps[0].if"),
        (step("for_each", json!("inputs.x.map(y, y)")), "steps[0].for_each"),
        (step("with", json!({"source": "${inputs.x"})), "steps[0].with.source"),
        (step("timeout_s", json!(0)), "steps[0].timeout_s"),
        (step("retry", json!({"attempts": 0})), "steps[0].retry.attempts"),
        (json!({"name": "x".repeat(201), "steps": [{"name": "a", "with": {}}]}), "`name`"),
        (json!({"inputs": {"A b": 1}, "steps": [{"name": "a", "with": {}}]}), "`inputs`"),
        (step("with", json!({"source": "x".repeat(140_000)})), "131072"),
    ] {
        let refused = server.post("/v1/pipelines", &definition).await;
        let error = refused.json()["error"].clone();
        assert_eq!((refused.status, &error["code"]), (422, &json!("invalid")), "{error}");
        assert!(error["message"].as_str().unwrap().contains(wanted), "{wanted}: {error}");
        assert!(error["hint"].is_string(), "{error}");
    }
    for definition in
        [json!({}), json!([]), json!({"steps": [{"name": "a"}]}), step("nedds", json!([])), step("if", json!(1))]
    {
        server.post("/v1/pipelines", &definition).await.error(400, "bad_job");
    }
    let pipeline = created(&server, &grading()).await;
    server.post(&format!("{pipeline}/runs"), &json!({})).await.error(422, "invalid");
    server.post(&format!("{pipeline}/runs"), &json!({"inputs": {"sizes": [], "x": 1}})).await.error(422, "invalid");
    for unknown in ["x", "..%2f..%2fkeys", &"0".repeat(32)] {
        server.get(&format!("/v1/pipelines/{unknown}")).await.error(404, "no_such_pipeline");
        server.get(&format!("/v1/runs/{unknown}")).await.error(404, "no_such_run");
    }
    server.get("/v1/runs?state=done").await.error(400, "bad_query");
    server.get("/v1/runs?limit=0").await.error(400, "bad_query");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pipeline_belongs_to_a_tenant_and_runs_with_its_owners_scopes_of_that_time() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let key = |tenant: &str, scopes: &[Scope]| Key::new(tenant, scopes.iter().copied().collect(), None).unwrap();
    let (a, owner) = key("a", &[Scope::Submit, Scope::Read]);
    let (b, stranger) = key("b", &[Scope::Submit, Scope::Read]);
    let (reader, reading) = key("a", &[Scope::Read]);
    server.keys.replace(vec![a.clone(), b.clone(), reader.clone()]);
    ask(&server, "POST", "/v1/pipelines", &reading, &grading()).await.error(403, "forbidden");
    let made = ask(&server, "POST", "/v1/pipelines", &owner, &grading()).await.json();
    assert_eq!(made["owner"], json!({"key": a.id, "tenant": "a"}));
    let path = format!("/v1/pipelines/{}", made["id"].as_str().unwrap());
    let inputs = json!({"inputs": {"sizes": [1]}});
    let begun = ask(&server, "POST", &format!("{path}/runs"), &owner, &inputs).await.json();
    let run = format!("/v1/runs/{}", begun["id"].as_str().unwrap());
    for (method, path, body) in [
        ("GET", path.clone(), Value::Null),
        ("PUT", path.clone(), grading()),
        ("DELETE", path.clone(), Value::Null),
        ("POST", format!("{path}/runs"), inputs.clone()),
        ("POST", format!("{path}/dry-run"), inputs.clone()),
    ] {
        ask(&server, method, &path, &stranger, &body).await.error(404, "no_such_pipeline");
    }
    for (method, path) in [("GET", run.clone()), ("POST", format!("{run}/cancel")), ("POST", format!("{run}/replay"))] {
        let body = if method == "GET" { Value::Null } else { json!({"from": "count"}) };
        ask(&server, method, &path, &stranger, &body).await.error(404, "no_such_run");
    }
    assert_eq!(ask(&server, "GET", "/v1/pipelines", &stranger, &Value::Null).await.json()["pipelines"], json!([]));
    assert_eq!(ask(&server, "GET", "/v1/runs", &stranger, &Value::Null).await.json()["runs"], json!([]));
    assert_eq!(ask(&server, "GET", "/v1/runs", &reading, &Value::Null).await.json()["runs"][0]["id"], begun["id"]);
    // Its owner's key is revoked: the next job is refused.
    server.keys.replace(vec![b, reader]);
    let begun = ask(&server, "GET", &run, &reading, &Value::Null).await.json();
    assert_eq!(begun["state"], "running");
    let (heir, other) = key("a", &[Scope::Submit]);
    let (gone, late) = key("a", &[Scope::Submit]);
    server.keys.replace(vec![heir.clone(), gone]);
    let step =
        json!({"steps": [{"name": "a", "retry": {"attempts": 2, "backoff_s": 2}, "timeout_s": 1, "with": echo("1")}]});
    let made = ask(&server, "POST", "/v1/pipelines", &other, &step).await.json();
    let path = format!("/v1/pipelines/{}/runs", made["id"].as_str().unwrap());
    let begun = ask(&server, "POST", &path, &late, &json!({})).await.json();
    // Its first job waits for a worker in vain; its second one is submitted after the key is gone.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let reader = Key::new("a", [Scope::Read].into(), None).unwrap();
    server.keys.replace(vec![heir, reader.0]);
    let run = loop {
        let path = format!("/v1/runs/{}", begun["id"].as_str().unwrap());
        let run = ask(&server, "GET", &path, &reader.1, &Value::Null).await.json();
        if run["state"] != "running" {
            break run;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(run["steps"][0]["jobs"][0]["result"]["error"]["code"], "owner_revoked", "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelines_are_listed_replaced_and_removed_and_their_runs_go_on() {
    let server = Server::start().await;
    let (first, second) = (created(&server, &grading()).await, created(&server, &grading()).await);
    let page = server.get("/v1/pipelines?limit=1").await.json();
    assert_eq!(format!("/v1/pipelines/{}", page["pipelines"][0]["id"].as_str().unwrap()), second);
    let rest = server.get(&format!("/v1/pipelines?next={}", page["next"].as_str().unwrap())).await.json();
    assert_eq!(format!("/v1/pipelines/{}", rest["pipelines"][0]["id"].as_str().unwrap()), first);
    let slow = json!({"language": "toy", "source": "slow", "tests": [{"stdin": "1"}]});
    let steps = json!({"steps": [{"name": "a", "with": slow}, {"name": "b", "needs": ["a"], "with": echo("old")}]});
    assert_eq!(server.send("PUT", &first, &["content-type: application/json"], steps.to_string()).await.status, 200);
    assert_eq!(
        server.get(&first).await.json()["steps"],
        steps["steps"].as_array().unwrap().iter().map(with_tool).collect::<Value>()
    );
    let run = started(&server, &first, &json!({})).await;
    assert_eq!(server.send("DELETE", &first, &[], "").await.status, 200);
    server.get(&first).await.error(404, "no_such_pipeline");
    assert_eq!(over(&server, &run).await["state"], "succeeded");
}

/// A step as it is answered, with its tool.
fn with_tool(step: &Value) -> Value {
    let mut step = step.clone();
    step["uses"] = json!("job");
    step
}

/// The judge of these tests prints a test's input, so that the examples' values are others here; their steps are the same.
#[tokio::test(flavor = "multi_thread")]
async fn the_examples_of_the_documentation_run_to_their_end() {
    let server = Server::start().await;
    let there = Availability::Available { version: "1".to_owned() };
    server.languages.replace(["python", "bash"].map(|id| language(id, there.clone())).into());
    let page = include_str!("../../../../docs/pipelines.md");
    let examples = page.split("```json\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (mut count, stdin) = (0, |run: &Value, step: usize| run["steps"][step]["jobs"][0]["result"]["stdout"].clone());
    for example in examples {
        let definition: Value = serde_json::from_str(example).unwrap();
        if definition["steps"].is_null() {
            // A single step.
            continue;
        }
        let pipeline = created(&server, &definition).await;
        let inputs = match definition["name"].as_str() {
            Some("squares") => json!({"count": [4, 5]}),
            _ => json!({}),
        };
        let run = over(&server, &started(&server, &pipeline, &inputs).await).await;
        assert_eq!(run["state"], "succeeded", "{run}");
        match definition["name"].as_str() {
            Some("squares") => assert_eq!(stdin(&run, 2), "4\n5\n"),
            _ => assert_eq!(stdin(&run, 2), "accepted, 2 tests; style succeeded\n"),
        }
        count += 1;
    }
    assert_eq!(count, 2);
}
