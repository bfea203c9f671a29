//! What is stored of a schedule, and who reads it.

use optimus_server::keys::{Key, Scope};
use serde_json::{Value, json};

use crate::place::{Place, created, schedule, until};
use crate::support::{Answer, Server};

async fn send(server: &Server, method: &str, path: &str, secret: &str, body: &Value) -> Answer {
    let bearer = format!("authorization: Bearer {secret}");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    server.send(method, path, &[&bearer, "content-type: application/json"], body).await
}

fn yearly() -> Value {
    schedule("x", &json!({"timezone": "Europe/Berlin", "cron": ["30 2 24 12 *"]}), &json!({}))
}

/// Created, listed, changed and removed, each in another process than the step before.
pub(crate) async fn what_one_process_writes_every_process_reads(place: &Place) {
    let mut first = place.server().await;
    let kept = created(&first, &yearly()).await;
    let path = created(&first, &yearly()).await;
    let mut second = place.another(&mut first).await;
    let listed = second.get("/v1/schedules").await.json();
    let ids: Vec<String> = listed["schedules"].as_array().unwrap().iter().map(path_of).collect();
    assert_eq!(ids, [path.clone(), kept.clone()], "the newest first");
    let change = json!({"name": "changed", "spec": {"cron": ["@hourly"]}});
    let changed = send(&second, "PATCH", &path, "none", &change).await.json();
    assert_eq!((&changed["name"], &changed["spec"]["cron"]), (&json!("changed"), &json!(["@hourly"])));
    assert_eq!(second.post(&format!("{path}/pause"), &json!({"note": "why"})).await.json()["state"], "paused");
    let third = place.another(&mut second).await;
    let shown = third.get(&path).await.json();
    assert_eq!((&shown["name"], &shown["state"], &shown["note"]), (&json!("changed"), &json!("paused"), &json!("why")));
    assert_eq!(shown["job"], yearly()["job"]);
    assert_eq!(send(&third, "DELETE", &path, "none", &Value::Null).await.status, 200);
    third.get(&path).await.error(404, "no_such_schedule");
    let left = third.get("/v1/schedules").await.json();
    assert_eq!(left["schedules"].as_array().unwrap().iter().map(path_of).collect::<Vec<_>>(), [kept]);
}

fn path_of(row: &Value) -> String {
    format!("/v1/schedules/{}", row["id"].as_str().unwrap())
}

pub(crate) async fn the_last_firings_are_there_after_a_restart(place: &Place) {
    let mut first = place.server().await;
    let path = created(&first, &yearly()).await;
    let range = json!({"after": "2010-01-01T00:00:00Z", "until": "2022-01-01T00:00:00Z", "overlap": "allow_all"});
    assert_eq!(first.post(&format!("{path}/backfill"), &range).await.json(), json!({"firings": 12}));
    let before = until(&first, &path, |schedule| schedule["info"]["actions"] == 12).await["info"]["recent"].clone();
    let nominal: Vec<&str> = before.as_array().unwrap().iter().map(|run| run["nominal"].as_str().unwrap()).collect();
    assert_eq!((nominal.len(), nominal[0], nominal[9]), (10, "2012-12-24T01:30:00.000Z", "2021-12-24T01:30:00.000Z"));
    first.stop().await;
    let after = place.server().await;
    let info = after.get(&path).await.json()["info"].clone();
    assert_eq!((&info["recent"], &info["actions"]), (&before, &json!(12)));
    for run in before.as_array().unwrap() {
        let job = format!("/v1/jobs/{}?wait=10s", run["job"].as_str().unwrap());
        assert_eq!(after.get(&job).await.json()["report"]["verdict"], "accepted");
    }
}

pub(crate) async fn a_schedule_fires_in_the_name_of_its_key(place: &Place) {
    let mut first = place.server().await;
    let scopes = || [Scope::Submit, Scope::Read].into();
    let (owner, secret) = Key::new("school", scopes(), None).unwrap();
    let (heir, other) = Key::new("school", scopes(), None).unwrap();
    first.keys.replace(vec![owner.clone(), heir.clone()]);
    let made = send(&first, "POST", "/v1/schedules", &secret, &yearly()).await.json();
    let path = path_of(&made);
    let mut second = place.another(&mut first).await;
    // The first process knows as little of the revoked key: either of them may fire.
    first.keys.replace(vec![heir.clone()]);
    second.keys.replace(vec![heir.clone()]);
    assert_eq!(send(&second, "GET", &path, &other, &Value::Null).await.json()["owner"]["key"], json!(owner.id));
    assert_eq!(send(&second, "POST", &format!("{path}/trigger"), &other, &json!({})).await.status, 202);
    let stopped = settled(&second, &path, &other, |schedule| schedule["state"] == "stopped").await;
    assert_eq!(stopped["info"]["recent"][0]["error"]["code"], "owner_revoked");
    let resumed = send(&second, "POST", &format!("{path}/resume"), &other, &json!({})).await.json();
    assert_eq!((&resumed["state"], &resumed["owner"]["key"]), (&json!("active"), &json!(heir.id)));
    assert_eq!(send(&second, "POST", &format!("{path}/trigger"), &other, &json!({})).await.status, 202);
    let fired = settled(&second, &path, &other, |schedule| schedule["info"]["actions"] == 2).await;
    let job = format!("/v1/jobs/{}", fired["info"]["recent"][1]["job"].as_str().unwrap());
    assert_eq!(send(&second, "GET", &job, &other, &Value::Null).await.status, 200, "a job of the key's tenant");
    second.stop().await;
}

/// The schedule as a key sees it, as soon as it is like that.
async fn settled(server: &Server, path: &str, secret: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    loop {
        let schedule = send(server, "GET", path, secret, &Value::Null).await.json();
        if is_so(&schedule) {
            return schedule;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
}
