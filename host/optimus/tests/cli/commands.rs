//! Jobs that are commands, from the command line to a box.

use serde_json::json;

use crate::packages::has_containers;
use crate::server::Server;
use crate::support::{can_judge, optimus, stderr, stdout};

#[test]
fn a_command_runs_where_it_is_asked_for() {
    if !can_judge() {
        return;
    }
    let script = "cat data.txt; printf %s \"$GREETING\" >out; exit \"$1\"";
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("data.txt"), "read me\n").unwrap();
    let run = |code: &str| {
        let saved = ["--env", "GREETING=a b", "--collect", "out", "--into", &path("saved")];
        let command = ["--", "sh", "-c", script, "sh", code];
        optimus(&[&["run", &path("data.txt"), "--language", "command"], &saved[..], &command].concat())
    };
    let output = run("0");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("read me"), "{output:?}");
    assert_eq!(std::fs::read_to_string(path("saved/out")).unwrap(), "a b");
    assert_eq!(run("3").status.code(), Some(1));

    std::fs::write(path("run.sh"), "#!/bin/sh\necho \"ran $1\"\n").unwrap();
    let output = optimus(&["run", &path("run.sh"), "--language", "command", "--", "./run.sh", "itself"]);
    assert!(output.status.success() && stdout(&output).contains("ran itself"), "{output:?}");

    let output = optimus(&["run", "--", "printf", "%s|", "-l", "{main}"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(stdout(&output).contains("-l|{main}|"), "{output:?}");
    let output = optimus(&["run", "--json", "--", "no-such-program"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["verdict"], output.status.code()), (&json!("runtime_error"), Some(1)), "{report}");
    assert!(report["tests"][0]["message"].as_str().unwrap().contains("`no-such-program`"), "{report}");
    for (args, field) in [(&["run"][..], "FILE"), (&["run", "--env", "1A=x", "--", "ls"], "env")] {
        let output = optimus(args);
        assert!(output.status.code() == Some(2) && stderr(&output).contains(field), "{output:?}");
    }
}

#[test]
fn a_server_runs_commands_if_its_operator_says_so() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = Server::start(state.path());
    let submit = |server: &Server| optimus(&["submit", "--server", &server.base, "--", "ls", "-l"]);
    let refused = submit(&server);
    assert!(refused.status.code() == Some(2) && stderr(&refused).contains("--commands"), "{refused:?}");
    assert!(server.post("/v1/jobs", &json!({"language": "command", "args": ["ls"]})).is_err());
    server.stop();
    let server = Server::start_as(state.path(), &["--commands"]);
    let output = submit(&server);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    // What judges is a program with sources: its author need not have the scope.
    let checker = json!({"language": "command", "args": ["true"], "protocol": "testlib", "files": [{"path": "a", "content": ""}]});
    let job = json!({"language": "python", "source": "", "tests": [{"expect": ""}], "compare": {"program": checker}});
    let done = server.post("/v1/jobs?wait=60s", &job).unwrap();
    assert_eq!(done["report"]["verdict"], "internal_error", "{done}");
    assert!(done["report"]["error"]["message"].as_str().unwrap().contains("cannot be a command"), "{done}");
    server.stop();
}

#[test]
fn a_command_chooses_among_the_operators_images() {
    const CONTAINERS: [&str; 5] = ["--sandbox", "docker", "--no-pull", "--command-image", "optimus/python:3"];
    if !has_containers() {
        return;
    }
    let run = |option: &[&str], command: &[&str]| {
        optimus(&[&["run", "--json"], &CONTAINERS[..], option, &["--"], command].concat())
    };
    let output = run(&[], &["sh", "-c", "echo hello"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["verdict"], &report["image"]), (&json!("accepted"), &json!("optimus/python:3")), "{report}");
    let refused = run(&["--option", "image=other:1"], &["true"]);
    assert!(refused.status.code() == Some(2) && stdout(&refused).contains("options.image"), "{refused:?}");
}
