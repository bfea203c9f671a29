//! Schedules of real servers that are killed between their firings: no time is lost, and none fires twice.

use std::collections::BTreeSet;
use std::time::Duration;

use optimus_core::Timestamp;
use serde_json::{Value, json};

use crate::server::Server;
use crate::stores::postgres;
use crate::stores::server::{Node, is_skipped};
use crate::support::{can_judge, until};

/// One firing in each of so many seconds.
const TIMES: u64 = 8;

#[test]
fn a_server_that_is_killed_loses_no_firing_and_repeats_none() {
    if can_judge() {
        each_fires_once(&["embedded"], false);
    }
}

#[test]
fn two_servers_on_one_redis_fire_each_time_once_though_both_are_killed() {
    if can_judge() && !is_skipped("schedules on redis") {
        let redis = Node::start(&[]);
        each_fires_once(&[&redis.url()], true);
    }
}

#[test]
fn two_servers_on_one_postgres_fire_each_time_once_though_both_are_killed() {
    if can_judge() && !is_skipped("schedules on postgres") {
        let postgres = postgres::Server::start();
        each_fires_once(&[&postgres.url()], true);
    }
}

/// Kills every server that was there when the schedule began, each in the middle between two of its times.
fn each_fires_once(queue: &[&str], is_shared: bool) {
    let dir = tempfile::tempdir().unwrap();
    let start = |name: &str| {
        let state = if is_shared { dir.path().join(name) } else { dir.path().to_owned() };
        Server::start_as(&state, &[&["--lease-s", "2", "--attempts", "10", "--queue"], queue].concat())
    };
    let first = start("first");
    let second = is_shared.then(|| start("second"));
    let begin = Timestamp::now().0 / 1_000 + 2;
    let at: Vec<Timestamp> = (begin..begin + TIMES).map(|second| Timestamp(second * 1_000)).collect();
    let job = json!({"language": "bash", "source": "echo 7", "tests": [{"expect": "7"}]});
    let body = json!({"spec": {"at": at}, "job": job, "policies": {"overlap": "allow_all"}});
    let id = first.post("/v1/schedules", &body).unwrap()["id"].as_str().unwrap().to_owned();
    sleep_until(at[2].0 + 500);
    first.kill();
    let third = start("third");
    sleep_until(at[5].0 + 500);
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
    let path = format!("/v1/schedules/{id}");
    let is_over = |schedule: &Value| schedule["state"] == "finished";
    let schedule = until(&format!("{path} is finished"), || Some(server.get(&path).unwrap()).filter(is_over));
    let recent = schedule["info"]["recent"].as_array().unwrap();
    let nominal: BTreeSet<String> = recent.iter().map(|run| run["nominal"].to_string()).collect();
    assert_eq!(nominal, at.iter().map(|at| json!(at).to_string()).collect(), "none is lost: {schedule}");
    let are_over = |jobs: &Vec<Value>| jobs.iter().all(|job| job["state"] == "done");
    let listed = || server.get("/v1/jobs?limit=100").unwrap()["jobs"].as_array().cloned();
    let jobs = until("all jobs are judged", || listed().filter(are_over));
    assert_eq!(jobs.len() as u64, TIMES, "none fires twice: {schedule} {jobs:?}");
    assert!(jobs.iter().all(|job| job["verdict"] == "accepted"), "{jobs:?}");
    server.stop();
}

fn sleep_until(ms: u64) {
    std::thread::sleep(Duration::from_millis(ms.saturating_sub(Timestamp::now().0)));
}
