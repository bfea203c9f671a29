//! Schedules over HTTP: who may do what, what is refused, and that they fire.

use std::time::Duration;

use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Server, Setup};

fn job() -> Value {
    json!({"language": "toy", "source": "x", "tests": [{"stdin": "1"}]})
}

fn yearly() -> Value {
    json!({"spec": {"timezone": "Europe/Berlin", "cron": ["30 2 24 12 *"]}, "job": job()})
}

async fn ask(server: &Server, method: &str, path: &str, secret: &str, body: &Value) -> Answer {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let bearer = format!("authorization: Bearer {secret}");
    server.send(method, path, &[&bearer, "content-type: application/json"], body).await
}

async fn send(server: &Server, method: &str, path: &str, body: &Value) -> Answer {
    ask(server, method, path, "none", body).await
}

/// The id of a new schedule.
async fn created(server: &Server, body: &Value) -> String {
    let made = server.post("/v1/schedules", body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(made.header("location"), Some(format!("/v1/schedules/{id}").as_str()));
    id
}

/// The schedule, as soon as it has fired so often.
async fn fired(server: &Server, path: &str, actions: u64) -> Value {
    for _ in 0..300 {
        let schedule = server.get(path).await.json();
        if schedule["info"]["actions"].as_u64().unwrap() >= actions {
            return schedule;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{path} did not fire {actions} times: {}", server.get(path).await.text());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_fires_its_job_each_second_and_no_more_once_it_is_paused() {
    let server = Server::start().await;
    let request = json!({"name": "tick", "spec": {"intervals": [{"every": "1s"}]}, "job": job(), "policies": {"overlap": "allow_all"}});
    let path = format!("/v1/schedules/{}", created(&server, &request).await);
    let schedule = fired(&server, &path, 2).await;
    assert_eq!((&schedule["state"], schedule["info"]["next"].as_array().unwrap().len()), (&json!("active"), 10));
    let recent = schedule["info"]["recent"].as_array().unwrap();
    for run in recent {
        let job = format!("/v1/jobs/{}?wait=10s", run["job"].as_str().unwrap());
        assert_eq!(server.get(&job).await.json()["report"]["verdict"], "accepted");
    }
    assert_ne!(recent[0]["nominal"], recent[1]["nominal"]);
    let paused = server.post(&format!("{path}/pause"), &json!({"note": "lunch"})).await.json();
    assert_eq!(
        (&paused["state"], &paused["note"], &paused["info"]["next"]),
        (&json!("paused"), &json!("lunch"), &json!([]))
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    let before = server.get(&path).await.json()["info"]["actions"].clone();
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(server.get(&path).await.json()["info"]["actions"], before);
    let resumed = server.post(&format!("{path}/resume"), &json!({})).await.json();
    assert_eq!((&resumed["state"], resumed.get("note")), (&json!("active"), None));
    fired(&server, &path, before.as_u64().unwrap() + 1).await;
    assert_eq!(send(&server, "DELETE", &path, &Value::Null).await.status, 200);
    server.get(&path).await.error(404, "no_such_schedule");
    let metrics = server.get("/metrics").await.text();
    assert!(metrics.contains("optimus_schedule_firings_total{outcome=\"fired\"}"), "{metrics}");
    assert!(metrics.contains("optimus_schedule_lag_seconds_count"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_is_triggered_filled_changed_and_previewed() {
    let server = Server::start().await;
    let path = format!("/v1/schedules/{}", created(&server, &yearly()).await);
    let accepted = server.post(&format!("{path}/trigger"), &json!({})).await;
    assert_eq!((accepted.status, accepted.json()), (202, json!({"firings": 1})));
    fired(&server, &path, 1).await;
    let range = json!({"after": "2020-12-24T01:30:00Z", "until": "2024-01-01T00:00:00Z", "overlap": "allow_all"});
    assert_eq!(server.post(&format!("{path}/backfill"), &range).await.json(), json!({"firings": 3}));
    let schedule = fired(&server, &path, 4).await;
    assert_eq!(schedule["info"]["recent"][3]["nominal"], "2023-12-24T01:30:00.000Z");
    let preview = server.get(&format!("{path}/preview?n=2&after=2030-01-01T00:00:00Z")).await.json();
    let local: Vec<&Value> = preview["firings"].as_array().unwrap().iter().map(|time| &time["local"]).collect();
    assert_eq!(local, ["2030-12-24T02:30:00+01:00", "2031-12-24T02:30:00+01:00"]);
    let change = json!({"name": "hourly", "spec": {"cron": ["@hourly"]}, "policies": {"max_actions": 1}});
    let changed = send(&server, "PATCH", &path, &change).await.json();
    assert_eq!((&changed["name"], &changed["info"]["remaining"]), (&json!("hourly"), &json!(1)));
    assert_eq!(changed["info"]["next"].as_array().unwrap().len(), 1, "one action is left: {changed}");
    assert_eq!(changed["job"], job(), "what is absent stays");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_firing_waits_for_a_language_that_is_not_known_yet() {
    let server = Server::start().await;
    let path = format!("/v1/schedules/{}", created(&server, &yearly()).await);
    let languages = server.languages.all().as_ref().clone();
    server.languages.replace(Vec::new());
    server.post(&format!("{path}/trigger"), &json!({})).await;
    while server.get(&path).await.json()["info"]["buffered"] != 1 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    server.languages.replace(languages);
    let schedule = fired(&server, &path, 1).await;
    assert!(schedule["info"]["recent"][0]["job"].is_string(), "{schedule}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_begins_runs_of_a_pipeline() {
    let server = Server::start().await;
    let step = |name: &str| json!({"name": name, "with": job()});
    let made = server.post("/v1/pipelines", &json!({"inputs": {"word": "a"}, "steps": [step("only")]})).await;
    let pipeline = made.json()["id"].as_str().unwrap().to_owned();
    let schedule = |starts: Value| {
        let mut body = json!({"spec": {"cron": ["@yearly"]}, "policies": {"pause_on_failure": true}});
        body.as_object_mut().unwrap().extend(starts.as_object().unwrap().clone());
        body
    };
    let unknown = "0".repeat(32);
    for (starts, code, named) in [
        (json!({}), 422, "job"),
        (json!({"job": job(), "pipeline": {"id": pipeline}}), 422, "pipeline"),
        (json!({"pipeline": {"id": unknown}}), 422, "pipeline.id"),
        (json!({"pipeline": {"id": pipeline, "inputs": {"other": 1}}}), 422, "pipeline.inputs.other"),
        (json!({"pipeline": {"id": pipeline, "inputs": {"word": "x".repeat(70_000)}}}), 422, "pipeline.inputs"),
    ] {
        let refused = server.post("/v1/schedules", &schedule(starts)).await;
        assert_eq!(refused.status, code, "{}", refused.text());
        assert!(refused.text().contains(named), "{named}: {}", refused.text());
    }
    let call = json!({"id": pipeline, "inputs": {"word": "b"}});
    let path = format!("/v1/schedules/{}", created(&server, &schedule(json!({"pipeline": call}))).await);
    assert_eq!(server.get(&path).await.json()["pipeline"], call);
    assert_eq!(server.post(&format!("{path}/trigger"), &json!({})).await.status, 202);
    let first = fired(&server, &path, 1).await;
    let run = format!("/v1/runs/{}", first["info"]["recent"][0]["run"].as_str().unwrap());
    assert_eq!(server.get(&run).await.json()["inputs"], json!({"word": "b"}));
    // A pipeline that is gone is no run, and stops a schedule that stops on failures.
    assert_eq!(send(&server, "DELETE", &format!("/v1/pipelines/{pipeline}"), &Value::Null).await.status, 200);
    assert_eq!(server.post(&format!("{path}/trigger"), &json!({"overlap": "allow_all"})).await.status, 202);
    let second = fired(&server, &path, 2).await;
    assert_eq!(second["info"]["recent"][1]["error"]["code"], "no_such_pipeline", "{second}");
    assert_eq!(second["state"], "stopped");
    let changed = send(&server, "PATCH", &path, &json!({"job": job()})).await.json();
    assert!(changed["job"].is_object() && changed.get("pipeline").is_none(), "{changed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn schedules_are_listed_page_by_page_and_survive_a_restart() {
    let mut server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(created(&server, &yearly()).await);
    }
    let page = server.get("/v1/schedules?limit=2").await.json();
    assert_eq!((&page["schedules"][0]["id"], &page["next"]), (&json!(ids[2]), &json!(ids[1])));
    server.stop().await;
    let again = Server::with(Setup { dir: Some(server.dir.clone()), slots: 0, ..Setup::default() }).await;
    let rest = again.get(&format!("/v1/schedules?limit=2&next={}", ids[1])).await.json();
    assert_eq!((rest["schedules"].as_array().unwrap().len(), rest.get("next")), (1, None));
    assert_eq!((&rest["schedules"][0]["id"], &rest["schedules"][0]["state"]), (&json!(ids[0]), &json!("active")));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_fire_is_refused_by_its_field() {
    let server = Server::start().await;
    for (field, value, wanted) in [
        ("spec", json!({"cron": ["0 0 30 2 *"]}), "spec.cron[0].day_of_month"),
        ("spec", json!({"at": ["2026-02-30T00:00:00Z"]}), "spec.at[0]"),
        ("spec", json!({"at": ["2016-12-31T23:59:60Z"]}), "leap second"),
        ("spec", json!({"at": ["1999-01-01T00:00:00Z"]}), "never fires again"),
        ("spec", json!({"intervals": [{"every": "1ms"}]}), "spec.intervals[0]"),
        ("spec", json!({"timezone": "Europe/Berlino", "cron": ["@daily"]}), "spec.timezone"),
        ("spec", json!({}), "names no time"),
        ("job", json!({"language": "nope", "source": "x"}), "no language `nope`"),
        ("job", json!("x"), "`job`: is no object"),
        ("job", json!({"language": "toy", "source": "x".repeat(70_000)}), "`job`"),
        ("policies", json!({"catch_up_s": 1}), "policies.catch_up_s"),
        ("policies", json!({"max_actions": 0}), "policies.max_actions"),
        ("name", json!("x".repeat(201)), "`name`"),
    ] {
        let mut request = yearly();
        request[field] = value;
        let refused = server.post("/v1/schedules", &request).await;
        assert!((400..500).contains(&refused.status), "{request} {}", refused.text());
        let error = refused.json()["error"].clone();
        assert!(error["message"].as_str().unwrap().contains(wanted), "{wanted}: {error}");
        assert!(error["hint"].is_string(), "{error}");
    }
    for (field, value) in
        [("spec", json!({"cron": 7})), ("polices", json!({})), ("policies", json!({"overlap": "skp"}))]
    {
        let mut request = yearly();
        request[field] = value;
        server.post("/v1/schedules", &request).await.error(400, "bad_job");
    }
    let path = format!("/v1/schedules/{}", created(&server, &yearly()).await);
    let future = json!({"after": "2026-01-01T00:00:00Z", "until": "2199-01-01T00:00:00Z"});
    server.post(&format!("{path}/backfill"), &future).await.error(422, "invalid");
    let empty = json!({"after": "2025-01-01T00:00:00Z", "until": "2025-01-02T00:00:00Z"});
    server.post(&format!("{path}/backfill"), &empty).await.error(422, "invalid");
    server.get(&format!("{path}/preview?n=101")).await.error(400, "bad_query");
    server.get(&format!("{path}/preview?after=soon")).await.error(400, "bad_query");
    for unknown in ["x", "..%2f..%2fkeys", "generation", &"0".repeat(32)] {
        server.get(&format!("/v1/schedules/{unknown}")).await.error(404, "no_such_schedule");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_belongs_to_a_tenant_and_fires_with_its_owners_scopes_of_that_time() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let key = |tenant: &str, scopes: &[Scope]| Key::new(tenant, scopes.iter().copied().collect(), None).unwrap();
    let (a, owner) = key("a", &[Scope::Submit, Scope::Read]);
    let (second, colleague) = key("a", &[Scope::Submit, Scope::Read]);
    let (b, stranger) = key("b", &[Scope::Submit, Scope::Read]);
    let (reader, reading) = key("a", &[Scope::Read]);
    server.keys.replace(vec![a.clone(), second.clone(), b.clone(), reader.clone()]);
    ask(&server, "POST", "/v1/schedules", &reading, &yearly()).await.error(403, "forbidden");
    let made = ask(&server, "POST", "/v1/schedules", &owner, &yearly()).await.json();
    assert_eq!(made["owner"], json!({"key": a.id, "tenant": "a"}));
    let path = format!("/v1/schedules/{}", made["id"].as_str().unwrap());
    for (method, path) in
        [("GET", path.clone()), ("DELETE", path.clone()), ("PATCH", path.clone()), ("POST", format!("{path}/trigger"))]
    {
        let body = if method == "GET" { Value::Null } else { json!({}) };
        ask(&server, method, &path, &stranger, &body).await.error(404, "no_such_schedule");
    }
    assert_eq!(ask(&server, "GET", "/v1/schedules", &stranger, &Value::Null).await.json()["schedules"], json!([]));
    let info = async |actions: u64| {
        for _ in 0..300 {
            let schedule = ask(&server, "GET", &path, &reading, &Value::Null).await.json();
            if schedule["info"]["actions"] == actions {
                return schedule;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not fire {actions} times");
    };
    // Its owner's key is revoked: the firing is refused, and the schedule stops.
    server.keys.replace(vec![second.clone(), b.clone(), reader.clone()]);
    ask(&server, "POST", &format!("{path}/trigger"), &colleague, &json!({"overlap": "allow_all"})).await;
    let stopped = info(1).await;
    assert_eq!(
        (&stopped["state"], &stopped["info"]["recent"][0]["error"]["code"]),
        (&json!("stopped"), &json!("owner_revoked"))
    );
    assert!(stopped["stopped"]["reason"].as_str().unwrap().contains(&a.id));
    // A colleague resumes it, owns it now, and the job is the tenant's.
    let resumed = ask(&server, "POST", &format!("{path}/resume"), &colleague, &json!({})).await.json();
    assert_eq!((&resumed["state"], &resumed["owner"]["key"]), (&json!("active"), &json!(second.id)));
    ask(&server, "POST", &format!("{path}/trigger"), &colleague, &json!({"overlap": "allow_all"})).await;
    let job = info(2).await["info"]["recent"][1]["job"].as_str().unwrap().to_owned();
    assert_eq!(ask(&server, "GET", &format!("/v1/jobs/{job}"), &reading, &Value::Null).await.status, 200);
    ask(&server, "GET", &format!("/v1/jobs/{job}"), &stranger, &Value::Null).await.error(404, "no_such_job");
    // The key loses its scope, not its life.
    server.keys.replace(vec![Key { scopes: [Scope::Read].into(), ..second }, b, reader]);
    ask(&server, "POST", &format!("{path}/trigger"), &stranger, &json!({})).await.error(404, "no_such_schedule");
}

/// A key that may run no commands could otherwise write them into a pipeline that a schedule begins in another key's name.
#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_lends_its_owners_scopes_to_no_other_writer_of_its_pipeline() {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let key = |scopes: &[Scope]| Key::new("a", scopes.iter().copied().collect(), None).unwrap();
    let (owner, commanding) = key(&[Scope::Submit, Scope::Read, Scope::Commands]);
    let (other, submitting) = key(&[Scope::Submit, Scope::Read]);
    server.keys.replace(vec![owner, other]);
    let definition = json!({"steps": [{"name": "only", "with": job()}]});
    let made = ask(&server, "POST", "/v1/pipelines", &commanding, &definition).await.json();
    let pipeline = format!("/v1/pipelines/{}", made["id"].as_str().unwrap());
    let body = json!({"spec": {"cron": ["@yearly"]}, "pipeline": {"id": made["id"]}});
    let made = ask(&server, "POST", "/v1/schedules", &commanding, &body).await.json();
    let path = format!("/v1/schedules/{}", made["id"].as_str().unwrap());
    let outcome = async |actions: usize| {
        let trigger = format!("{path}/trigger");
        assert_eq!(ask(&server, "POST", &trigger, &submitting, &json!({"overlap": "allow_all"})).await.status, 202);
        for _ in 0..300 {
            let schedule = ask(&server, "GET", &path, &submitting, &Value::Null).await.json();
            if let Some(firing) = schedule["info"]["recent"].get(actions - 1) {
                return firing.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it did not fire {actions} times");
    };
    assert!(outcome(1).await["run"].is_string());
    assert_eq!(ask(&server, "PUT", &pipeline, &submitting, &definition).await.status, 200);
    assert_eq!(outcome(2).await["error"]["code"], "pipeline_not_trusted");
    assert_eq!(ask(&server, "PUT", &pipeline, &commanding, &definition).await.status, 200);
    assert!(outcome(3).await["run"].is_string());
}
