//! Every sample package, judged as its authors say: here and by a server, in native boxes and in containers.

use serde_json::Value;

use crate::package::{sample, verify};
use crate::server::Server;
use crate::support::{can_judge, json, optimus, root, skip};

const CONTAINERS: [&str; 3] = ["--sandbox", "docker", "--no-pull"];

/// With the time that a test may take by the clock: little where a submission is to wait for ever.
const SAMPLES: [(&str, &str); 19] = [
    ("cms", "30000"),
    ("cms-communication", "6000"),
    ("cms-files", "30000"),
    ("cms-output-only", "30000"),
    ("dmoj", "30000"),
    ("dmoj-interactive", "30000"),
    ("dmoj-signature", "30000"),
    ("domjudge", "30000"),
    ("hydro", "30000"),
    ("hydro-communication", "30000"),
    ("kattis", "30000"),
    ("kattis-interactive", "6000"),
    ("kattis-legacy", "30000"),
    ("kattis-multipass", "30000"),
    ("kattis-scoring", "30000"),
    ("kattis-static", "30000"),
    ("polygon", "30000"),
    ("polygon-interactive", "30000"),
    ("qduoj", "30000"),
];

/// One of each kind of judging. A package comes to a server as it comes to a box, so that not all of them have to go every way.
const KINDS: [&str; 6] =
    ["cms-files", "dmoj-interactive", "hydro-communication", "kattis-multipass", "kattis-scoring", "qduoj"];

#[test]
fn are_judged_alike_in_native_boxes() {
    if can_judge() {
        hold(&names(), &[]);
    }
}

#[test]
fn are_judged_alike_in_containers() {
    if has_containers() {
        hold(&KINDS, &CONTAINERS);
    }
}

#[test]
fn are_judged_alike_by_a_server_with_native_boxes() {
    if can_judge() {
        hold_there(&KINDS, &[]);
    }
}

#[test]
fn are_judged_alike_by_a_server_with_containers() {
    if has_containers() {
        hold_there(&names(), &CONTAINERS);
    }
}

#[test]
fn every_sample_package_is_among_them() {
    let entries = std::fs::read_dir(root().join("tests/packages")).unwrap().map(Result::unwrap);
    let dirs = entries.filter(|entry| entry.path().is_dir());
    let mut found: Vec<String> = dirs.map(|entry| entry.file_name().into_string().unwrap()).collect();
    found.sort();
    let mut listed = SAMPLES.map(|(name, _)| name).to_vec();
    // Cannot be judged, which is tested elsewhere.
    listed.insert(0, "broken-checker");
    assert_eq!(found, listed);
}

#[test]
fn what_is_stored_is_found_by_another_process() {
    if !can_judge() {
        return;
    }
    let state = tempfile::tempdir().unwrap();
    let server = Server::start(state.path());
    let package = optimus_package::archive(&sample("dmoj")).unwrap();
    let mut stored = ureq::post(format!("{}/v1/problems", server.base)).send(&package[..]).unwrap();
    assert_eq!(stored.status(), 201);
    let stored: Value = stored.body_mut().read_json().unwrap();
    server.stop();
    let server = Server::start(state.path());
    let name = stored["problem"].as_str().unwrap();
    assert_eq!(server.get(&format!("/v1/problems/{name}")).unwrap(), stored);
    server.stop();
}

fn names() -> Vec<&'static str> {
    SAMPLES.map(|(name, _)| name).to_vec()
}

fn hold_there(names: &[&str], more: &[&str]) {
    let state = tempfile::tempdir().unwrap();
    let server = Server::start_as(state.path(), more);
    hold(names, &["--server", &server.base]);
    server.stop();
}

fn hold(names: &[&str], more: &[&str]) {
    for (name, wall_ms) in SAMPLES.into_iter().filter(|(name, _)| names.contains(name)) {
        let (code, verification) = verify(&sample(name), wall_ms, more);
        let submissions = verification["submissions"].as_array().unwrap_or_else(|| panic!("{name}: {verification:#}"));
        let wrong: Vec<&Value> = submissions.iter().filter(|one| one.get("mismatch").is_some()).collect();
        assert!(wrong.is_empty(), "{name} {more:?}: {wrong:#?}");
        assert_eq!((code, verification["ok"].as_bool()), (Some(0), Some(true)), "{name} {more:?}");
    }
}

/// Whether there is a daemon, with images for the languages of all samples.
pub(crate) fn has_containers() -> bool {
    if !can_judge() {
        return false;
    }
    for hello in ["python/samples/hello.py", "c/samples/hello.c", "cpp/samples/hello.cpp"] {
        let hello = root().join("languages").join(hello);
        let output = optimus(&[&["run", hello.to_str().unwrap(), "--json"][..], &CONTAINERS].concat());
        if output.status.code() == Some(2) {
            skip(&json(&output).to_string());
            return false;
        }
    }
    true
}
