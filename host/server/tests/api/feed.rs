//! The feed of a tenant over HTTP: what is in it, for whom, and that a client that comes again misses nothing in silence.

use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Heard, Listener, Server, Setup};

fn job() -> Value {
    json!({"language": "toy", "source": "x", "tests": [{"stdin": "1"}]})
}

/// Types of the events about one thing.
fn kinds<'a>(heard: &'a [Heard], what: &str, id: &Value) -> Vec<&'a str> {
    heard.iter().filter(|heard| heard.data[what] == *id).map(|heard| heard.kind.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_tells_of_jobs_runs_and_schedules() {
    let server = Server::start().await;
    let mut all = Listener::begin(server.address, "", &[]).await;
    let mut runs = Listener::begin(server.address, "?types=run,schedule.paused", &[]).await;
    let id = json!(server.submit("x").await);
    let heard = all.until(|heard| heard.kind == "job.done").await.unwrap();
    assert_eq!(kinds(&heard, "job", &id), ["job.submitted", "job.started", "job.done"]);
    assert_eq!(heard.last().unwrap().data, json!({"job": id, "language": "toy", "verdict": "accepted"}));

    let fails = json!({"language": "toy", "source": "${steps.first.result.nothing}"});
    let steps = json!([
        {"name": "first", "with": job()},
        {"name": "second", "needs": ["first"], "if": "false", "with": job()},
        {"name": "third", "needs": ["first"], "with": fails}
    ]);
    let pipeline = server.post("/v1/pipelines", &json!({ "steps": steps })).await.json()["id"].clone();
    let path = format!("/v1/pipelines/{}/runs", pipeline.as_str().unwrap());
    let run = server.post(&path, &json!({})).await.json()["id"].clone();
    let heard = all.until(|heard| heard.kind == "run.done").await.unwrap();
    let run_kinds = kinds(&heard, "run", &run);
    assert_eq!(run_kinds[0], "run.started");
    assert_eq!(run_kinds[1..], ["run.step_ended", "run.step_ended", "run.step_ended", "run.done"]);
    let ended = |step: &str| heard.iter().find(|heard| heard.data["step"] == step).unwrap().data["state"].clone();
    assert_eq!(
        (ended("first"), ended("second"), ended("third")),
        (json!("succeeded"), json!("skipped"), json!("failed"))
    );
    let done = heard.last().unwrap();
    assert_eq!(done.data, json!({"run": run, "pipeline": pipeline, "state": "failed"}));
    let stored = server.get(&format!("/v1/runs/{}", run.as_str().unwrap())).await.json();
    assert_eq!(stored["state"], "failed", "what is told can be read");

    let schedule =
        json!({"spec": {"intervals": [{"every": "1s"}]}, "job": job(), "policies": {"overlap": "allow_all"}});
    let schedule = server.post("/v1/schedules", &schedule).await.json()["id"].clone();
    let heard = all.until(|heard| heard.kind == "schedule.fired").await.unwrap();
    let fired = &heard.last().unwrap().data;
    assert!(fired["schedule"] == schedule && fired["job"].is_string() && fired["nominal"].is_string(), "{fired}");
    let path = format!("/v1/schedules/{}", schedule.as_str().unwrap());
    server.post(&format!("{path}/pause"), &json!({"note": "lunch"})).await;
    let heard = all.until(|heard| heard.kind == "schedule.paused").await.unwrap();
    assert_eq!(heard.last().unwrap().data, json!({"schedule": schedule, "reason": "lunch"}));
    server.post(&format!("{path}/resume"), &json!({})).await;
    all.until(|heard| heard.kind == "schedule.resumed").await.unwrap();

    let heard = runs.until(|heard| heard.kind == "schedule.paused").await.unwrap();
    let names: Vec<&str> = heard.iter().map(|heard| heard.kind.as_str()).collect();
    let steps = ["run.step_ended"; 3];
    assert_eq!(names, [&["run.started"], &steps[..], &["run.done", "schedule.paused"]].concat());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_again_hears_what_was_missed_or_that_it_is_lost() {
    let server = Server::start().await;
    let mut first = Listener::begin(server.address, "?types=job.done", &[]).await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        let id = server.submit("x").await;
        server.get(&format!("/v1/jobs/{id}?wait=30s")).await;
        jobs.push(json!(id));
    }
    let heard = first.until(|heard| heard.data["job"] == jobs[0]).await.unwrap();
    drop(first);
    let last = format!("last-event-id: {}", heard[0].id);
    let mut again = Listener::begin(server.address, "?types=job.done&since=1970-01-01T00:00:00Z", &[&last]).await;
    let heard = again.until(|heard| heard.data["job"] == jobs[2]).await.unwrap();
    assert_eq!(heard.iter().map(|heard| &heard.data["job"]).collect::<Vec<_>>(), [&jobs[1], &jobs[2]]);
    let mut since = Listener::begin(server.address, "?since=1970-01-01T00:00:00Z", &[]).await;
    let all = since.until(|heard| heard.kind == "job.done" && heard.data["job"] == jobs[2]).await.unwrap();
    assert_eq!(all.len(), 9, "{all:?}");
    // As after a restart of a server whose feeds are in memory.
    let (_, number) = heard[0].id.split_once('-').unwrap();
    let mut elsewhere = Listener::begin(server.address, "?types=run", &[&format!("last-event-id: 7-{number}")]).await;
    let heard = elsewhere.until(|_| true).await.unwrap();
    assert_eq!((heard[0].kind.as_str(), &heard[0].data), ("lost", &json!({"after": format!("7-{number}")})));
    let last = format!("last-event-id: {}", heard[0].id);
    let mut rest = Listener::begin(server.address, "", &[&last]).await;
    assert_eq!(rest.until(|heard| heard.kind == "job.done").await.unwrap().len(), 3, "and then from the oldest on");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_wants_other_types_still_moves_on() {
    let server = Server::start().await;
    let mut runs = Listener::begin(server.address, "?types=run", &[]).await;
    server.submit("x").await;
    let id = runs.next_id().await;
    assert!(id.split_once('-').is_some_and(|(_, number)| number != "0"), "an id without an event: {id}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_tenant_hears_its_own_and_needs_the_scope() {
    let server = Server::start().await;
    let key = |tenant: &str, scopes: &[Scope]| Key::new(tenant, scopes.iter().copied().collect(), None).unwrap();
    let (one, secret) = key("one", &[Scope::Submit, Scope::Read]);
    let (other, others) = key("other", &[Scope::Submit, Scope::Read]);
    let (silent, blind) = key("one", &[Scope::Submit]);
    server.keys.replace(vec![one, other, silent]);
    let bearer = |secret: &str| format!("authorization: Bearer {secret}");
    let mut own = Listener::begin(server.address, "", &[&bearer(&secret)]).await;
    for secret in [&others, &secret] {
        let headers = [bearer(secret), "content-type: application/json".to_owned()];
        let headers: Vec<&str> = headers.iter().map(String::as_str).collect();
        assert_eq!(server.send("POST", "/v1/jobs?wait=30s", &headers, job().to_string()).await.status, 200);
    }
    let heard = own.until(|heard| heard.kind == "job.done").await.unwrap();
    assert_eq!(heard.len(), 3, "of one job: {heard:?}");
    server.send("GET", "/v1/events", &[&bearer(&blind)], "").await.error(403, "forbidden");
    server.send("GET", "/v1/events", &[], "").await.error(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_meant_is_refused_and_listeners_are_bounded() {
    let mut limits = Setup::default().limits;
    limits.listeners = 1;
    let server = Server::with(Setup { limits, ..Setup::default() }).await;
    let error = server.get("/v1/events?types=jobs").await.error(400, "bad_query");
    assert!(error.contains("`jobs`"), "{error}");
    server.get("/v1/events?since=yesterday").await.error(400, "bad_query");
    server.get("/v1/events?from=1").await.error(400, "bad_query");
    server.send("GET", "/v1/events", &["last-event-id: x"], "").await.error(400, "bad_event_id");
    let _one = Listener::begin(server.address, "", &[]).await;
    server.get("/v1/events").await.error(503, "too_many_listeners");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_ends_when_the_server_stops() {
    let mut server = Server::start().await;
    let mut listener = Listener::begin(server.address, "", &[]).await;
    let listening = tokio::spawn(async move { listener.until(|_| false).await });
    server.stop().await;
    assert_eq!(listening.await.unwrap(), None);
}
