//! A running server, and everything that is no plugin beside its plugins.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::rows;
use crate::server::Server;
use crate::support::{can_judge, shell};

#[test]
fn a_server_keeps_serving_whatever_is_dropped_beside_its_plugins() {
    if !can_judge() {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let plugins = place.path().join("plugins");
    std::fs::create_dir(&plugins).unwrap();
    let good = shell(place.path(), "1.0.0");
    std::fs::write(plugins.join("shell.wasm"), &good).unwrap();
    let server = Server::start_with(&place.path().join("state"), &plugins);
    let judge = |number: usize| {
        let job =
            json!({"language": "shell", "source": format!("echo {number}"), "tests": [{"expect": number.to_string()}]});
        let done = server.post("/v1/jobs?wait=60s", &job).unwrap();
        assert_eq!(done["report"]["verdict"], "accepted", "job {number}: {done}");
    };
    judge(0);
    let mut corpus = rows::bytes(&good);
    corpus.extend(rows::components());
    assert!(corpus.len() >= 50, "{} broken files", corpus.len());
    for (number, row) in corpus.iter().enumerate() {
        std::fs::write(plugins.join(format!("broken{number}.wasm")), &row.bytes).unwrap();
    }
    // A second file for a language, whose name comes first.
    std::fs::write(plugins.join("again.wasm"), [&good[..], b"\0\x03\x02no"].concat()).unwrap();
    let listed = all_looked_at(&server, corpus.len() + 2, judge);
    let find = |file: &str| listed.iter().find(|plugin| plugin["file"] == file).unwrap_or_else(|| panic!("no {file}"));
    for (number, row) in corpus.iter().enumerate() {
        let plugin = find(&format!("broken{number}.wasm"));
        let text = |field: &str| plugin["error"][field].as_str().unwrap_or_default().to_owned();
        assert_eq!(plugin["state"], "rejected", "{}: {plugin}", row.name);
        assert!(text("message").contains(row.words) && text("hint").contains(row.remedy), "{}: {plugin}", row.name);
    }
    let again = &find("again.wasm")["error"];
    assert_eq!(again["message"], "`again.wasm`: language `shell` is already provided by `shell.wasm`");
    assert_eq!(again["hint"], "remove one of the two files");
    assert_eq!(find("shell.wasm")["state"], "active");
    assert_eq!(server.get("/readyz").unwrap()["ready"], true);
    judge(1_000);
    server.stop();
}

/// What is listed once every file has been looked at; jobs go on meanwhile.
fn all_looked_at(server: &Server, files: usize, judge: impl Fn(usize)) -> Vec<Value> {
    let deadline = Instant::now() + Duration::from_secs(120);
    for number in 1.. {
        judge(number);
        let listed = server.get("/v1/plugins").unwrap()["plugins"].as_array().unwrap().clone();
        if listed.len() == files {
            return listed;
        }
        assert!(Instant::now() < deadline, "{} of {files} files were looked at", listed.len());
    }
    unreachable!("numbers have no end")
}
