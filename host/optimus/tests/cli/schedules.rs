//! `optimus schedules` against a server.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{can_judge, json as answer, optimus, stderr, stdout};

/// `optimus schedules … --server … --json`, which must succeed.
fn asked(server: &Server, args: &[&str]) -> Value {
    let output = optimus(&[&["schedules"], args, &["--server", &server.base, "--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    answer(&output)
}

fn text(server: &Server, args: &[&str]) -> String {
    let output = optimus(&[&["schedules"], args, &["--server", &server.base]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    stdout(&output)
}

/// The lines of `optimus events --json`.
fn events(server: &Server, args: &[&str]) -> Vec<Value> {
    let output = optimus(&[&["events"], args, &["--server", &server.base, "--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_schedule_lives_its_life_by_the_command_line() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (file, job) = (dir.path().join("schedule.json"), dir.path().join("job.json"));
    std::fs::write(&job, json!({"language": "python", "source": "print(7)", "tests": [{"expect": "7"}]}).to_string())
        .unwrap();
    let from = json!({"name": "from a file", "spec": {"timezone": "Asia/Tokyo", "cron": ["0 0 1 1 *"]}});
    std::fs::write(&file, from.to_string()).unwrap();
    let (file, job) = (file.to_str().unwrap(), job.to_str().unwrap());
    let server = Server::start(dir.path());

    let made = asked(&server, &["create", "--from", file, "--job", job, "--cron", "30 2 24 12 *", "--paused"]);
    let id = made["id"].as_str().unwrap();
    assert_eq!(made["spec"]["cron"], json!(["30 2 24 12 *"]), "a flag replaces what the file says");
    assert_eq!((&made["spec"]["timezone"], &made["state"]), (&json!("Asia/Tokyo"), &json!("paused")));
    let listed = asked(&server, &["list"]);
    assert_eq!((&listed["schedules"][0]["id"], listed["schedules"].as_array().unwrap().len()), (&json!(id), 1));
    assert!(text(&server, &["list"]).contains("from a file"));

    let changed = asked(&server, &["update", id, "--timezone", "Europe/Berlin", "--overlap", "allow_all"]);
    assert_eq!(changed["spec"]["cron"], json!(["30 2 24 12 *"]), "what is not given stays: {changed}");
    assert_eq!(
        (&changed["policies"]["overlap"], &changed["policies"]["catch_up_s"]),
        (&json!("allow_all"), &json!(86_400))
    );
    let preview = asked(&server, &["preview", id, "-n", "2", "--after", "2030-01-01T00:00:00+01:00"]);
    assert_eq!(preview["firings"][1]["local"], "2031-12-24T02:30:00+01:00");

    assert_eq!(asked(&server, &["resume", id, "--note", "back"])["state"], "active");
    assert_eq!(asked(&server, &["trigger", id]), json!({"firings": 1}));
    let range = ["backfill", id, "--after", "2020-12-24T01:30:00Z", "--until", "2022-12-24T01:30:00Z"];
    assert_eq!(text(&server, &range), "fires 2 times, beginning within about a second\n");
    let until = Instant::now() + Duration::from_secs(60);
    while asked(&server, &["show", id])["info"]["actions"] != 3 {
        assert!(Instant::now() < until, "{}", text(&server, &["show", id]));
        std::thread::sleep(Duration::from_millis(200));
    }
    let shown = text(&server, &["show", id]);
    assert!(shown.contains("active: back") && shown.contains("fired at 2022-12-24T01:30:00.000Z  job "), "{shown}");
    let heard = events(&server, &["--types", "schedule.fired", "--since", "2020-01-01T00:00:00Z", "--count", "3"]);
    assert!(heard.iter().all(|event| event["data"]["schedule"] == id && event["data"]["job"].is_string()), "{heard:?}");
    let later = ["--types", "schedule", "--after", heard[2]["id"].as_str().unwrap(), "--count", "1"];
    assert!(text(&server, &["pause", id]).contains("paused"));
    assert_eq!(events(&server, &later)[0]["type"], "schedule.paused");
    assert_eq!(text(&server, &["delete", id]), format!("schedule {id} is deleted\n"));
    assert_eq!(asked(&server, &["list"]), json!({"schedules": []}));
    server.stop();
}

#[test]
fn what_a_server_refuses_is_told_with_its_field() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path());
    let refused = |args: &[&str], wanted: &str| {
        let output = optimus(&[&["schedules"], args, &["--server", &server.base]].concat());
        assert!(output.status.code() == Some(2) && stderr(&output).contains(wanted), "{args:?}: {output:?}");
    };
    let job = dir.path().join("job.json");
    std::fs::write(&job, r#"{"language": "python", "source": "x"}"#).unwrap();
    let job = job.to_str().unwrap();
    refused(&["create", "--cron", "0 0 30 2 *", "--job", job], "spec.cron[0]");
    refused(&["create", "--every", "1h"], "`job`: is missing");
    refused(&["create"], "--from");
    refused(&["create", "--from", "/no/such/file"], "/no/such/file");
    refused(&["show", "x/../y"], "32 hexadecimal digits");
    refused(&["show", &"0".repeat(32)], "there is no schedule");
    refused(&["preview", &"0".repeat(32), "--after", "tomorrow"], "2026-12-24T18:00:00Z");
    refused(&["trigger", &"0".repeat(32), "--overlap", "never"], "buffer_one");
    server.stop();
}
