//! Jobs that are commands: the scope that they take, on every way in.

use std::time::Duration;

use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::languages::Named;
use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::support::{Answer, Server, language};

/// A language whose jobs are commands.
pub(crate) fn tool() -> LanguageInfo {
    let mut tool = language("tool", Availability::Unknown);
    tool.descriptor.commands = true;
    tool.descriptor.extensions.clear();
    tool.plugin_digest = "01".to_owned();
    tool
}

async fn server() -> Server {
    let server = Server::start().await;
    let mut all = server.languages.all().as_ref().clone();
    all.push(tool());
    server.languages.replace(all);
    server
}

fn job() -> Value {
    json!({"language": "tool", "args": ["ls", "-l"], "env": {"LANG": "C"}})
}

async fn post(server: &Server, path: &str, secret: &str, body: &Value) -> Answer {
    let bearer = format!("authorization: Bearer {secret}");
    server.send("POST", path, &[&bearer, "content-type: application/json"], body.to_string()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_without_the_scope_runs_no_command_on_any_way_in() {
    let server = server().await;
    let key = |scopes: &[Scope]| Key::new("t", scopes.iter().copied().collect(), None).unwrap();
    let (user, users) = key(&[Scope::Submit, Scope::Read, Scope::Problems, Scope::Plugins]);
    let (trusted, trusteds) = key(&[Scope::Submit, Scope::Read, Scope::Commands]);
    let (operator, operators) = key(&[Scope::Admin]);
    server.keys.replace(vec![user, trusted, operator]);
    let alias = json!({"language": "tool-alias", "args": ["ls"]});
    for body in [job(), alias] {
        let text = post(&server, "/v1/jobs", &users, &body).await.error(403, "forbidden");
        assert!(text.contains("commands"), "{text}");
        post(&server, "/submit", &users, &body).await.error(403, "forbidden");
    }
    let batch = json!({"jobs": [job(), {"language": "toy", "source": "x"}]});
    let rows = post(&server, "/v1/jobs/batch", &users, &batch).await.json();
    assert_eq!((&rows["accepted"], &rows["jobs"][0]["error"]["code"]), (&json!(1), &json!("forbidden")), "{rows}");
    let piston = json!({"language": "tool", "version": "*", "files": [{"name": "a", "content": ""}], "args": ["ls"]});
    let answer = post(&server, "/doors/piston/api/v2/execute", &users, &piston).await;
    assert!((400..500).contains(&answer.status), "{}", answer.text());
    for secret in [&trusteds, &operators] {
        let done = post(&server, "/v1/jobs?wait=30s", secret, &job()).await.json();
        assert_eq!(done["report"]["verdict"], "accepted", "{done}");
        let rows = post(&server, "/v1/jobs/batch", secret, &batch).await.json();
        assert_eq!(rows["accepted"], 2, "{rows}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_of_a_command_takes_the_scope_from_all_who_touch_it() {
    let server = server().await;
    let key = |scopes: &[Scope]| Key::new("t", scopes.iter().copied().collect(), None).unwrap();
    let (user, users) = key(&[Scope::Submit, Scope::Read]);
    let (trusted, trusteds) = key(&[Scope::Submit, Scope::Read, Scope::Commands]);
    server.keys.replace(vec![user.clone(), trusted.clone()]);
    let schedule = |job: Value| json!({"spec": {"cron": ["30 2 24 12 *"]}, "job": job});
    post(&server, "/v1/schedules", &users, &schedule(job())).await.error(403, "forbidden");
    let made = async |secret: &str, job: Value| {
        let made = post(&server, "/v1/schedules", secret, &schedule(job)).await.json();
        format!("/v1/schedules/{}", made["id"].as_str().unwrap())
    };
    let ask = async |method: &str, path: &str, secret: &str, body: &Value| {
        let bearer = format!("authorization: Bearer {secret}");
        server.send(method, path, &[&bearer, "content-type: application/json"], body.to_string()).await
    };
    // Neither does a schedule of something else become one.
    let harmless = made(&users, json!({"language": "toy", "source": "x"})).await;
    ask("PATCH", &harmless, &users, &json!({"job": job()})).await.error(403, "forbidden");
    // Nor does a colleague have the owner's command run.
    let path = made(&trusteds, job()).await;
    let range = json!({"after": "2020-12-24T02:30:00Z", "until": "2024-01-01T00:00:00Z"});
    for (action, body) in [("trigger", json!({})), ("backfill", range), ("resume", json!({}))] {
        post(&server, &format!("{path}/{action}"), &users, &body).await.error(403, "forbidden");
    }
    ask("PATCH", &path, &users, &json!({"spec": {"cron": ["@hourly"]}})).await.error(403, "forbidden");
    let shown = async || ask("GET", &path, &users, &Value::Null).await.json();
    assert_eq!(shown().await["owner"]["key"], json!(trusted.id));
    // The owner loses the scope: its next firing is refused.
    let (operator, operators) = key(&[Scope::Admin]);
    server.keys.replace(vec![user, Key { scopes: [Scope::Submit].into(), ..trusted }, operator]);
    post(&server, &format!("{path}/trigger"), &operators, &json!({})).await;
    for _ in 0..300 {
        if shown().await["info"]["actions"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let stopped = shown().await;
    assert_eq!(stopped["info"]["recent"][0]["error"]["code"], "forbidden", "{stopped}");
    assert!(stopped["info"]["recent"][0].get("job").is_none(), "{stopped}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_scope_is_asked_for_while_the_plugin_is_being_loaded_too() {
    let server = Server::start().await;
    let named = Named { id: "tool".to_owned(), commands: true, ..Named::default() };
    let known: Vec<_> =
        server.languages.all().iter().map(|known| (known.descriptor.clone(), known.plugin_digest.clone())).collect();
    server.languages.refresh(&known, vec![named], true);
    let (user, secret) = Key::new("t", [Scope::Submit].into(), None).unwrap();
    server.keys.replace(vec![user]);
    post(&server, "/v1/jobs", &secret, &job()).await.error(403, "forbidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_command_is_named() {
    let server = server().await;
    for (body, field) in [
        (json!({"language": "tool"}), "args"),
        (json!({"language": "tool", "args": ["ls"], "source": "x"}), "source"),
        (json!({"language": "tool", "args": ["ls"], "env": {"LD_PRELOAD": "x"}}), "LD_PRELOAD"),
        (json!({"language": "toy", "args": ["ls"]}), "source"),
    ] {
        let text = server.post("/v1/jobs", &body).await.error(422, "invalid");
        assert!(text.contains(field), "{body}: {text}");
    }
    let listed = server.get("/v1/languages").await.json();
    let commands = |id: &str| {
        let all = listed.as_array().or_else(|| listed["languages"].as_array()).unwrap();
        all.iter().find(|known| known["id"] == id).unwrap()["commands"].clone()
    };
    assert_eq!((commands("tool"), commands("toy")), (json!(true), Value::Null));
}
