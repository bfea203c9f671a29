//! `optimus pipelines` and `optimus audit` against a server.

use serde_json::{Value, json};

use crate::server::Server;
use crate::support::{can_judge, json as answer, optimus, stdout};

/// `optimus … --server … --json`: its exit code and its answer.
fn asked(server: &Server, args: &[&str]) -> (i32, Value) {
    let output = optimus(&[args, &["--server", &server.base, "--json"]].concat());
    (output.status.code().unwrap(), answer(&output))
}

fn text(server: &Server, args: &[&str]) -> String {
    let output = optimus(&[args, &["--server", &server.base]].concat());
    assert_eq!(output.status.code(), Some(0), "{args:?}: {output:?}");
    stdout(&output)
}

#[test]
fn a_pipeline_lives_its_life_by_the_command_line() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (file, source) = (dir.path().join("double.json"), dir.path().join("main.py"));
    std::fs::write(&source, "print(2 * int(input()))\n").unwrap();
    let definition = |expect: &str| {
        json!({"name": "double", "inputs": {"source": null, "n": 3}, "outputs": {"got": "${steps.judge.result.json}"}, "steps": [
            {"name": "judge", "with": {"language": "python", "source": "${inputs.source}",
                                       "tests": [{"stdin": "${inputs.n}\n", "expect": expect}]}}
        ]})
    };
    std::fs::write(&file, definition("7\n").to_string()).unwrap();
    let (file, source) = (file.to_str().unwrap(), format!("source={}", source.display()));
    let server = Server::start(dir.path());

    let (code, made) = asked(&server, &["pipelines", "apply", file]);
    assert_eq!(code, 0, "{made}");
    let id = made["id"].as_str().unwrap();
    let (code, run) = asked(&server, &["pipelines", "run", id, "--input-file", &source, "--wait"]);
    assert_eq!((code, &run["state"]), (1, &json!("failed")), "{run}");
    std::fs::write(file, definition("6\n").to_string()).unwrap();
    let (_, again) = asked(&server, &["pipelines", "apply", file]);
    assert_eq!(again["id"], made["id"], "the pipeline of this name is replaced");
    let (_, dry) = asked(&server, &["pipelines", "dry-run", id, "--input-file", &source, "--input", "n=4"]);
    assert_eq!(dry["steps"][0]["jobs"][0]["tests"][0]["stdin"], "4\n", "{dry}");
    let (code, run) = asked(&server, &["pipelines", "run", id, "--input-file", &source, "--wait"]);
    assert_eq!((code, &run["outputs"]), (0, &json!({"got": 6})), "{run}");
    let run = run["id"].as_str().unwrap();
    let shown = text(&server, &["pipelines", "show", run]);
    assert!(shown.contains("succeeded") && shown.contains("judge") && shown.contains("accepted"), "{shown}");
    assert!(text(&server, &["pipelines", "show", id]).contains("judge: job"));
    let (code, replay) = asked(&server, &["pipelines", "replay", run, "--from", "judge", "--wait"]);
    assert_eq!((code, &replay["replay_of"]), (0, &json!(run)));
    let (_, failed) = asked(&server, &["pipelines", "runs", "--state", "failed"]);
    assert_eq!(failed["runs"].as_array().unwrap().len(), 1, "{failed}");
    let (code, late) = asked(&server, &["pipelines", "cancel", run]);
    assert_eq!((code, &late["error"]["code"]), (2, &json!("too_late")));
    assert!(text(&server, &["pipelines", "list"]).contains("double"));
    assert_eq!(asked(&server, &["pipelines", "delete", id]).0, 0);
    let (code, unknown) = asked(&server, &["pipelines", "show", id]);
    assert_eq!((code, &unknown["error"]["code"]), (2, &json!("no_such_pipeline")));

    // All of that is in the audit log, and so is a key that the command line makes beside the server.
    let state = dir.path().to_str().unwrap().to_owned();
    let made = optimus(&["keys", "create", "--tenant", "ops", "--scope", "admin", "--state", &state, "--json"]);
    let made = answer(&made);
    let (id, secret) = (made["id"].as_str().unwrap(), made["key"].as_str().unwrap());
    let lines = || {
        let output = optimus(&["audit", "--server", &server.base, "--key", secret]);
        (output.status.code() == Some(0)).then(|| stdout(&output))
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let lines = loop {
        assert!(std::time::Instant::now() < until, "the server never learns of the key");
        match lines() {
            Some(lines) => break lines,
            None => std::thread::sleep(std::time::Duration::from_millis(100)),
        }
    };
    let entries: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let actions: Vec<&str> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let expected = [
        "optimus keys create",
        "DELETE /v1/pipelines/{id}",
        "POST /v1/runs/{id}/cancel",
        "POST /v1/runs/{id}/replay",
        "POST /v1/pipelines/{id}/runs",
        "PUT /v1/pipelines/{id}",
        "POST /v1/pipelines/{id}/runs",
        "POST /v1/pipelines",
    ];
    assert_eq!(actions, expected);
    let key = &entries[0];
    assert_eq!((&key["target"], &key["outcome"]), (&json!(format!("/v1/keys/{id}")), &json!("done")));
    assert!(key["user"].is_string() && key["from"].is_string(), "{key}");
    assert!(!lines.contains(secret) && !lines.contains("int(input())"), "{lines}");
}
