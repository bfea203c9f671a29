//! What is wrong with a submission, in Judge0's words.

use std::io::Write as _;

use serde_json::{Value, json};

use super::house;
use crate::support::echo;

fn with(changes: &Value) -> Value {
    let mut submission = json!({"source_code": "x", "language_id": 71});
    submission.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    submission
}

#[tokio::test]
async fn every_mistake_is_named_by_its_column() {
    let house = house(echo);
    for (changes, column, message) in [
        (json!({"source_code": null}), "source_code", "can't be blank"),
        (json!({"source_code": " \n"}), "source_code", "can't be blank"),
        (json!({"source_code": ["x"]}), "source_code", "can't be blank"),
        (json!({"language_id": null}), "language_id", "can't be blank"),
        (json!({"language_id": 9_999}), "language_id", "language with id 9999 doesn't exist"),
        (json!({"language_id": "x"}), "language_id", "language with id x doesn't exist"),
        (json!({"language_id": 89}), "language_id", "language with id 89 doesn't exist"),
        (json!({"language_id": 66}), "language_id", "language with id 66 is archived and cannot be used anymore"),
        (json!({"cpu_time_limit": 15.1}), "cpu_time_limit", "must be less than or equal to 15.0"),
        (json!({"cpu_time_limit": -1}), "cpu_time_limit", "must be greater than or equal to 0"),
        (json!({"cpu_time_limit": "x"}), "cpu_time_limit", "is not a number"),
        (json!({"cpu_time_limit": "NaN"}), "cpu_time_limit", "is not a number"),
        (json!({"cpu_extra_time": 6}), "cpu_extra_time", "must be less than or equal to 5.0"),
        (json!({"wall_time_limit": 0.5}), "wall_time_limit", "must be greater than or equal to 1"),
        (json!({"wall_time_limit": 21}), "wall_time_limit", "must be less than or equal to 20.0"),
        (json!({"memory_limit": 2_047}), "memory_limit", "must be greater than or equal to 2048"),
        (json!({"memory_limit": 512_001}), "memory_limit", "must be less than or equal to 512000"),
        (json!({"stack_limit": 128_001}), "stack_limit", "must be less than or equal to 128000"),
        (json!({"max_processes_and_or_threads": 0}), "max_processes_and_or_threads", "must be greater than 0"),
        (json!({"max_file_size": 4_097}), "max_file_size", "must be less than or equal to 4096"),
        (json!({"number_of_runs": 0}), "number_of_runs", "must be greater than 0"),
        (json!({"number_of_runs": 21}), "number_of_runs", "must be less than or equal to 20"),
        (json!({"enable_network": true}), "enable_network", "this option cannot be enabled"),
        (
            json!({"enable_per_process_and_thread_time_limit": "1"}),
            "enable_per_process_and_thread_time_limit",
            "this option cannot be enabled",
        ),
        (
            json!({"compiler_options": "-O2"}),
            "compiler_options",
            "setting compiler options is only allowed for compiled languages",
        ),
        (
            json!({"command_line_arguments": "a".repeat(513)}),
            "command_line_arguments",
            "is too long (maximum is 512 characters)",
        ),
        (json!({"command_line_arguments": "'a"}), "command_line_arguments", "has a quotation mark that is not closed"),
        (json!({"callback_url": "http://127.0.0.1/x"}), "callback_url", "leads to 127.0.0.1, which is not public"),
    ] {
        let answer = house.post("/submissions?wait=true", &with(&changes)).await;
        assert_eq!(answer.status, 422, "{changes}: {}", answer.text());
        assert_eq!(answer.json(), json!({column: [message]}), "{changes}");
    }
    assert_eq!(house.jobs(), 0);
    let answer = house.post("/submissions", &json!({"cpu_time_limit": -1})).await;
    assert_eq!(answer.json().as_object().unwrap().len(), 3, "all of them at once: {}", answer.text());
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_a_bad_request() {
    let house = house(echo);
    for body in ["{", "[]", "7"] {
        let answer = house.send("POST", "/submissions", &["content-type: application/json"], body).await;
        assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some("Bad Request")), "{body}");
    }
    let answer = house.post("/submissions?fields=token,stdoutt,x", &with(&json!({}))).await;
    assert_eq!((answer.status, answer.json()), (400, json!({"error": "invalid fields: [stdoutt, x]"})));
    for token in ["x", "00000000-0000-4000-8000-000000000000"] {
        assert_eq!(house.get(&format!("/submissions/{token}")).await.status, 404, "{token}");
    }
    assert_eq!(house.get("/nothing").await.status, 404);
}

#[tokio::test]
async fn a_batch_has_its_bounds_and_a_row_for_each() {
    let house = house(echo);
    for (entries, message) in [
        (vec![], "there should be at least one submission in a batch"),
        (vec![with(&json!({})); 21], "number of submissions in a batch should be less than or equal to 20"),
    ] {
        let answer = house.post("/submissions/batch", &json!({"submissions": entries})).await;
        assert_eq!((answer.status, answer.json()), (400, json!({"error": message})));
    }
    let entries = json!([with(&json!({})), with(&json!({"language_id": 1})), 7]);
    let answer = house.post("/submissions/batch", &json!({"submissions": entries})).await;
    let rows = answer.json();
    assert_eq!(answer.status, 201);
    assert!(rows[0]["token"].is_string() && rows[1]["language_id"].is_array() && rows[2]["source_code"].is_array());
    let answer = house.post("/submissions/batch", &json!({"submissions": [{}]})).await;
    assert_eq!(answer.status, 422);
    let token = rows[0]["token"].as_str().unwrap();
    let path = format!("/submissions/batch?tokens={token},nothing,{token}&fields=token");
    let found = house.get(&path).await.json();
    assert_eq!(found, json!({"submissions": [{"token": token}, null, {"token": token}]}));
    assert_eq!(house.get("/submissions/batch?tokens=").await.status, 400);
}

fn archive(files: &[(&str, &[u8])]) -> String {
    let mut bytes = Vec::new();
    let mut archive = rawzip::ZipArchiveWriter::new(&mut bytes);
    for (path, content) in files {
        let (mut entry, config) = archive.new_file(path).start().unwrap();
        let mut data = config.wrap(&mut entry);
        data.write_all(content).unwrap();
        let (_, sums) = data.finish().unwrap();
        entry.finish(sums).unwrap();
    }
    archive.finish().unwrap();
    encoded(&bytes)
}

/// The same with a name that no writer would write, of the same length.
fn renamed(from: &str, to: &str) -> String {
    let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, archive(&[(from, b"1")])).unwrap();
    let mut bytes = bytes.clone();
    for at in 0..=bytes.len() - from.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        }
    }
    encoded(&bytes)
}

fn encoded(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}

#[tokio::test]
async fn additional_files_lie_beside_the_source_and_do_not_replace_it() {
    let house = house(echo);
    let files = archive(&[("data/in.txt", b"1"), ("main.toy", b"another"), ("lib.toy", b"2")]);
    let answer = house.post("/submissions", &with(&json!({"additional_files": files}))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let job = house.job();
    let paths: Vec<&str> = job.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["main.toy", "data/in.txt", "lib.toy"]);
    assert_eq!((job.files[0].content.as_bytes(), job.entry.unwrap().as_str()), (&b"x"[..], "main.toy"));
}

#[tokio::test]
async fn archives_that_are_none_or_too_large_are_refused() {
    let house = house(echo);
    let zeros = vec![0; 11 << 20];
    for (files, word) in [
        ("aGVsbG8=".to_owned(), "archive"),
        (renamed("up/x", "../x"), "x"),
        (renamed("Xetc/x", "/etc/x"), "x"),
        (archive(&[("zeros", &zeros)]), "larger than 10 MiB"),
    ] {
        let answer = house.post("/submissions", &with(&json!({"additional_files": files}))).await;
        let said = answer.json()["additional_files"][0].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 422 && said.contains(word), "{word}: {}", answer.text());
    }
}

#[tokio::test]
async fn a_submission_is_held_while_there_is_no_room_and_refused_at_the_deadline() {
    let house = house(echo);
    house.is_full(1);
    assert_eq!(house.post("/submissions", &with(&json!({}))).await.status, 201);
    let never = super::house(|_| None);
    let answer = never.post("/submissions?wait=true", &with(&json!({}))).await;
    assert_eq!(answer.status, 504);
    let token = answer.json()["token"].as_str().unwrap().to_owned();
    let answer = never.get(&format!("/submissions/{token}?fields=status,stdout")).await;
    assert_eq!(answer.json(), json!({"status": {"id": 1, "description": "In Queue"}, "stdout": null}));
}
