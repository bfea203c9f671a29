//! The document as generators and people read it: names, examples, and the page.

use serde_json::{Value, json};

use crate::support::{Server, Setup};

async fn document() -> (Server, Value) {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let document = server.get("/openapi.json").await.json();
    (server, document)
}

/// Generators make a type of each part: one without a name gets one by chance, and two may get the same.
#[tokio::test(flavor = "multi_thread")]
async fn every_part_of_the_document_has_a_name() {
    let (_server, document) = document().await;
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        unnamed(schema, name, true);
    }
    unnamed(&document["paths"], "paths", false);
}

fn unnamed(part: &Value, place: &str, is_named: bool) {
    match part {
        Value::Object(fields) => {
            let is_part = fields.contains_key("enum") || fields.contains_key("properties");
            assert!(is_named || !is_part, "{place} holds a part without a name: {part}");
            for alternative in fields.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
                assert!(alternative["$ref"].is_string(), "{place} holds an alternative without a name: {alternative}");
            }
            for (key, value) in fields.iter().filter(|(key, _)| *key != "example" && *key != "examples") {
                // A field may be called as a keyword is.
                let values = value.as_object().filter(|_| key == "properties").map(|fields| fields.iter());
                match values {
                    Some(fields) => {
                        fields.for_each(|(field, value)| unnamed(value, &format!("{place}.{field}"), false));
                    }
                    None => unnamed(value, &format!("{place}/{key}"), false),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| unnamed(item, place, false)),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_json_body_and_answer_has_examples_and_jobs_of_them_are_accepted() {
    let (server, document) = document().await;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let bodies = operation["requestBody"]["content"].as_object().into_iter().flatten();
            let answers = operation["responses"].as_object().unwrap().iter();
            let answers = answers.filter(|(status, _)| status.starts_with('2') && *path != "/openapi.json");
            let answers = answers.flat_map(|(_, answer)| answer["content"].as_object().into_iter().flatten());
            for (_, content) in bodies.chain(answers).filter(|(kind, _)| *kind == "application/json") {
                assert!(content["examples"].as_object().is_some_and(|all| !all.is_empty()), "{method} {path}");
            }
        }
    }
    let examples = &document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]["examples"];
    for (name, example) in examples.as_object().unwrap() {
        let mut job = example["value"].clone();
        job["language"] = json!("toy");
        let answer = server.post("/v1/jobs", &job).await;
        assert_eq!(answer.status, 202, "{name}: {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_needs_nothing_from_elsewhere() {
    let server = Server::start().await;
    let start = server.get("/").await;
    assert_eq!((start.status, start.header("location")), (307, Some("/docs")));
    let page = server.get("/docs").await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    let text = page.text();
    assert!(text.contains("/openapi.json"));
    for foreign in ["http://", "https://", "src=\"//", "href=\"//", "@import"] {
        assert!(!text.contains(foreign), "{foreign}");
    }
    let scripts: Vec<&str> = text.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(scripts, ["/docs/rapidoc.js", "/docs/page.js"]);
    for script in scripts {
        let plain = server.get(script).await;
        assert_eq!((plain.status, plain.header("content-encoding")), (200, None), "{script}");
        assert_eq!(plain.header("content-type"), Some("text/javascript; charset=utf-8"));
    }
    let packed = server.send("GET", "/docs/rapidoc.js", &["accept-encoding: gzip, br"], "").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
}
