//! What becomes of the times of a schedule.

use std::collections::BTreeSet;
use std::time::Duration;

use optimus_core::Timestamp;
use serde_json::{Value, json};

use crate::place::{Place, created, schedule, until};
use crate::support::Server;

/// A time in so many seconds, which are whole.
fn in_seconds(seconds: u64) -> Value {
    json!(Timestamp((Timestamp::now().0 / 1_000 + seconds) * 1_000))
}

async fn jobs(server: &Server) -> BTreeSet<String> {
    let listed = server.get("/v1/jobs?limit=100").await.json();
    listed["jobs"].as_array().unwrap().iter().map(|job| job["id"].as_str().unwrap().to_owned()).collect()
}

/// The fence of a firing is its schedule and its nominal time, whichever process fires it.
pub(crate) async fn each_time_fires_once_though_two_processes_lead(place: &Place) {
    let mut leaders = place.leaders().await;
    let at = [2, 3, 4, 5].map(in_seconds);
    let body = schedule("x", &json!({"at": at}), &json!({"overlap": "allow_all"}));
    let path = created(&leaders[0], &body).await;
    let fired = until(&leaders[0], &path, |schedule| schedule["state"] == "finished").await;
    let recent = fired["info"]["recent"].as_array().unwrap();
    let nominal: BTreeSet<String> = recent.iter().map(|run| run["nominal"].to_string()).collect();
    assert_eq!(nominal, at.iter().map(Value::to_string).collect(), "none was lost");
    // Whatever a process still has to submit.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let submitted = jobs(&leaders[0]).await;
    assert_eq!(submitted.len(), at.len(), "none fired twice");
    assert!(recent.iter().all(|run| submitted.contains(run["job"].as_str().unwrap())), "{fired}");
    for leader in &mut leaders {
        leader.stop().await;
    }
    let later = place.server().await;
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    assert_eq!(jobs(&later).await, submitted, "nor after a restart");
}

pub(crate) async fn firings_wait_or_are_left_out_while_a_job_runs(place: &Place) {
    let mut first = place.server().await;
    let body = schedule("hang", &json!({"cron": ["@yearly"]}), &json!({"overlap": "buffer_one"}));
    let path = created(&first, &body).await;
    for _ in 0..3 {
        assert_eq!(first.post(&format!("{path}/trigger"), &json!({})).await.status, 202);
    }
    let is_full = |schedule: &Value| schedule["info"]["skipped"] == 1;
    let full = until(&first, &path, is_full).await["info"].clone();
    assert_eq!((&full["actions"], &full["buffered"], &full["skipped"]), (&json!(1), &json!(1), &json!(1)), "{full}");
    let running = full["running"][0].as_str().unwrap().to_owned();
    let second = place.another(&mut first).await;
    assert_eq!(second.get(&path).await.json()["info"]["buffered"], 1, "what waits is stored");
    let cancelled = second.send("DELETE", &format!("/v1/jobs/{running}"), &[], "").await;
    assert!(matches!(cancelled.status, 200 | 202), "{}", cancelled.text());
    let next = until(&second, &path, |schedule| schedule["info"]["actions"] == 2).await["info"].clone();
    assert_eq!((&next["buffered"], next["running"].as_array().unwrap().len()), (&json!(0), 1), "{next}");
    assert_ne!(next["running"][0], json!(running));
}

pub(crate) async fn what_was_due_while_no_server_ran_fires_or_is_missed(place: &Place) {
    let mut before = place.server().await;
    let late = |catch_up_s: u64| {
        let spec = json!({"at": [in_seconds(60)]});
        schedule("x", &spec, &json!({"catch_up_s": catch_up_s}))
    };
    let missed = created(&before, &late(10)).await;
    let caught_up = created(&before, &late(3_000)).await;
    before.stop().await;
    let after = place.server_ahead(Duration::from_secs(1_800)).await;
    let info = until(&after, &missed, |schedule| schedule["state"] == "finished").await["info"].clone();
    assert_eq!(info["missed"], 1, "{info}");
    assert_eq!((&info["actions"], &info["recent"]), (&json!(0), &json!([])), "{info}");
    let info = until(&after, &caught_up, |schedule| schedule["info"]["actions"] == 1).await["info"].clone();
    assert_eq!(info["missed"], 0, "{info}");
    assert_eq!(jobs(&after).await.len(), 1);
}

/// The id of a firing's run follows from its schedule and its nominal time, and each job from that run.
pub(crate) async fn each_time_begins_one_run_though_two_processes_lead(place: &Place) {
    let leaders = place.leaders().await;
    let server = &leaders[0];
    let job = |stdin: &str| json!({"language": "toy", "source": "x", "tests": [{"stdin": stdin}]});
    let pipeline = json!({"inputs": {"word": "a"}, "steps": [
        {"name": "first", "with": job("${inputs.word}")},
        {"name": "second", "needs": ["first"], "with": job("${steps.first.result.stdout}")},
    ]});
    let pipeline = server.post("/v1/pipelines", &pipeline).await.json()["id"].clone();
    let at = [2, 3, 4].map(in_seconds);
    let body = json!({"spec": {"at": at}, "pipeline": {"id": pipeline, "inputs": {"word": "b"}}, "policies": {"overlap": "allow_all"}});
    let path = created(server, &body).await;
    let fired = until(server, &path, |schedule| schedule["state"] == "finished").await;
    let recent = fired["info"]["recent"].as_array().unwrap();
    let runs: BTreeSet<&str> = recent.iter().map(|firing| firing["run"].as_str().unwrap()).collect();
    assert_eq!(runs.len(), at.len(), "{fired}");
    for run in &runs {
        let run = until(server, &format!("/v1/runs/{run}"), |run| run["ended_at"].is_string()).await;
        assert_eq!((&run["state"], &run["inputs"]), (&json!("succeeded"), &json!({"word": "b"})), "{run}");
    }
    let listed = server.get("/v1/runs").await.json();
    let listed: BTreeSet<&str> =
        listed["runs"].as_array().unwrap().iter().map(|run| run["id"].as_str().unwrap()).collect();
    assert_eq!(listed, runs, "none began twice");
    assert_eq!(jobs(server).await.len(), 2 * at.len());
    let over = |schedule: &Value| schedule["info"].get("running_runs").is_none();
    assert_eq!(until(server, &path, over).await["info"]["running"], json!([]));
}
