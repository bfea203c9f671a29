//! The OpenAPI document against the routes and the types: each lists the same paths, statuses and fields.

mod complete;

use std::collections::BTreeSet;

use optimus_core::language::Availability;
use optimus_core::{Content, Event, JobId, Stream, Timestamp, Verdict};
use optimus_queue::{DeadJob, Summary};
use serde_json::{Value, json};

use crate::support::{Server, Setup, language};

async fn document() -> (Server, Value) {
    let server = Server::with(Setup { slots: 0, ..Setup::default() }).await;
    let document = server.get("/openapi.json").await.json();
    (server, document)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_path_answers_and_every_path_is_documented() {
    let (server, document) = document().await;
    let mut documented = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let mut real = path.replace("{id}", &JobId::new().to_string());
        if path == "/v1/events" {
            // It would answer for ever.
            real.push_str("?since=never");
        }
        for method in methods.as_object().unwrap().keys() {
            let answer = server.send(&method.to_uppercase(), &real, &[], "").await;
            let has_body = method != "head" && ![200, 204].contains(&answer.status);
            let code = has_body.then(|| answer.json()["error"]["code"].clone());
            assert!(![Some(json!("no_such_path")), Some(json!("wrong_method"))].contains(&code), "{method} {path}");
            assert_ne!(answer.status, 405, "{method} {path}");
            let status = answer.status.to_string();
            assert!(methods[method]["responses"].get(&status).is_some(), "{method} {path} answers {status}");
            documented.insert((path.clone(), method.clone()));
        }
    }
    // The rest of a path is a parameter like any other in the document.
    let route = |(path, method): (&str, &str)| (path.replace("{*", "{"), method.to_owned());
    let routes: BTreeSet<_> = optimus_server::api::paths().into_iter().map(route).collect();
    assert_eq!(documented, routes);
}

/// Any request of a tenant may be refused for its number of requests or its key; one with a body also for its size and speed.
#[tokio::test(flavor = "multi_thread")]
async fn answers_that_every_operation_can_give_are_documented() {
    let (_server, document) = document().await;
    let mut count = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let answers = operation["responses"].as_object().unwrap();
            let mut wanted = vec![];
            if answers.contains_key("401") {
                wanted.extend(["403", "429", "503"]);
            }
            if operation.get("requestBody").is_some() {
                wanted.extend(["408", "413"]);
            }
            let missing: Vec<_> = wanted.into_iter().filter(|status| !answers.contains_key(*status)).collect();
            assert!(missing.is_empty(), "{method} {path} lists no {missing:?}");
            count += 1;
        }
    }
    assert!(count > 20);
    assert!(
        document["paths"]["/v1/problems"]["post"]["responses"].get("507").is_some(),
        "a tenant's problems are bounded"
    );
}

/// The fields that a schema names, and those that it requires.
fn fields(document: &Value, schema: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let schema = &document["components"]["schemas"][schema];
    let properties = schema["properties"].as_object().unwrap_or_else(|| panic!("{schema}")).keys().cloned().collect();
    let required = schema["required"].as_array().into_iter().flatten().map(|name| name.as_str().unwrap().to_owned());
    (properties, required.collect())
}

fn keys(value: &Value) -> BTreeSet<String> {
    value.as_object().unwrap().keys().cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_documented_field_exists_and_every_field_is_documented() {
    let (_server, document) = document().await;
    let json = |value: &dyn erased::Json| value.json();
    let (report, request) = (json(&complete::report()), json(&complete::request()));
    let summary = Summary {
        id: JobId::new(),
        language: String::new(),
        state: String::new(),
        verdict: Some(Verdict::Accepted),
        created_at: Some(Timestamp(0)),
    };
    let (reason, at_ms) = (String::new(), 0);
    let tenant = Some("t".to_owned());
    let dead = DeadJob { id: JobId::new(), language: String::new(), tenant, attempts: 1, reason, at_ms };
    let mut info = language("toy", Availability::Unknown);
    info.descriptor.commands = true;
    let info = json(&info);
    for (schema, value) in [
        ("Report", &report),
        ("PluginRef", &report["plugin"]),
        ("Timing", &report["timing"]),
        ("CompileReport", &report["compile"]),
        ("Diagnostic", &report["compile"]["diagnostics"][0]),
        ("TestReport", &report["tests"][0]),
        ("CollectedFile", &report["tests"][0]["files"][0]),
        ("Difference", &report["tests"][0]["difference"]),
        ("Transcript", &report["tests"][0]["transcript"]),
        ("Score", &report["score"]),
        ("GroupScore", &report["score"]["groups"][0]),
        ("Scoring", &request["scoring"]),
        ("Group", &request["scoring"]["groups"][0]),
        ("GradingTree", &request["scoring"]["tree"]),
        ("GradingGroup", &request["scoring"]["tree"]["root"]),
        ("Checker", &json(&complete::checker())),
        ("Excerpt", &report["tests"][0]["stdout"]),
        ("Fault", &report["error"]),
        ("JobRequest", &request),
        ("SourceFile", &request["files"][0]),
        ("Test", &request["tests"][0]),
        ("Limits", &request["limits"]),
        ("Webhook", &request["webhook"]),
        ("JobSummary", &json(&summary)),
        ("DeadJob", &json(&dead)),
        ("Language", &info),
    ] {
        let (known, required) = fields(&document, schema);
        assert_eq!(known, keys(value), "{schema}");
        assert!(required.is_subset(&known), "{schema}");
    }
    let verdicts: Vec<&str> = Verdict::ALL.into_iter().map(Verdict::as_str).collect();
    assert_eq!(document["components"]["schemas"]["Verdict"]["enum"], serde_json::json!(verdicts));
}

mod erased {
    pub(super) trait Json {
        fn json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Json for T {
        fn json(&self) -> serde_json::Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_documented() {
    let (_server, document) = document().await;
    let report = Box::new(complete::report());
    let test = Event::Test { index: 0, total: 1, report: Box::new(complete::test_report()) };
    let compiling = Event::Compiling { step: "s".to_owned() };
    let output =
        Event::Output { index: 0, stream: Stream::Stdout, offset: 0, content: Content::from("x"), truncated: true };
    let input = Event::Input { offset: 0, content: Content::from("x"), end: true };
    let all = [
        Event::Queued,
        Event::Started,
        compiling,
        Event::Compiled(complete::compile_report()),
        Event::Running { index: 0 },
        output,
        input,
        test,
        Event::Done { report },
    ];
    let variants = document["components"]["schemas"]["Event"]["oneOf"].as_array().unwrap();
    assert_eq!(variants.len(), all.len());
    for (event, variant) in all.iter().zip(variants) {
        let json = serde_json::to_value(event).unwrap();
        let own = document.pointer(variant["$ref"].as_str().unwrap().trim_start_matches('#')).unwrap();
        assert_eq!(keys(&own["properties"]), keys(&json), "{json}");
        assert_eq!(own["properties"]["event"]["const"], json["event"]);
        assert!(own["required"].as_array().unwrap().iter().all(|name| json.get(name.as_str().unwrap()).is_some()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_have_the_documented_fields() {
    let (_, document) = document().await;
    let server = Server::start().await;
    let job = json!({"language": "toy", "source": "x"});
    let done = server.post("/v1/jobs?wait=30s", &job).await.json();
    for (schema, answer) in [
        ("Job", done.clone()),
        ("JobList", server.get("/v1/jobs?limit=1").await.json()),
        ("LanguageList", server.get("/v1/languages").await.json()),
        ("PluginList", server.get("/v1/plugins").await.json()),
        ("PluginReview", server.send("POST", "/v1/plugins/toy/dry-run", &[], "a plugin").await.json()),
        ("PluginVersions", server.get("/v1/plugins/toy/versions").await.json()),
        ("ReplacedPlugin", server.get("/v1/plugins/toy/versions").await.json()["versions"][0].clone()),
        ("Reloaded", server.post("/v1/plugins/reload", &json!({})).await.json()),
        ("KeyList", server.get("/v1/keys").await.json()),
        ("Examination", server.get("/v1/doctor").await.json()),
        ("Finding", server.get("/v1/doctor").await.json()["findings"][1].clone()),
        ("WorkerList", server.get("/v1/workers").await.json()),
        ("WebhookSecret", server.get("/v1/webhooks/secret").await.json()),
        ("Health", server.get("/healthz").await.json()),
        ("Ready", server.get("/readyz").await.json()),
        ("Error", server.get("/v1/jobs/x").await.json()),
    ] {
        assert_eq!(fields(&document, schema).0, keys(&answer), "{schema}");
    }
    let worker = loop {
        let list = server.get("/v1/workers").await.json();
        if let Some(worker) = list["workers"].get(0) {
            break worker.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!(fields(&document, "Worker").0, keys(&worker));
    let request = json!({"tenant": "a", "scopes": ["admin"], "per_minute": 1, "per_day": 1, "outstanding": 1});
    assert_eq!(fields(&document, "KeyRequest").0, keys(&request));
    let made = server.post("/v1/keys", &request).await.json();
    assert_eq!((fields(&document, "NewKey").0, fields(&document, "ApiKey").0), (keys(&made), keys(&made["key"])));
    server.keys.open();
    let plugins = server.get("/v1/plugins").await.json()["plugins"].clone();
    let both: BTreeSet<String> = keys(&plugins[0]).union(&keys(&plugins[1])).cloned().collect();
    assert_eq!(fields(&document, "Plugin").0, both);
    let languages = server.get("/v1/languages").await.json();
    assert_eq!(languages["languages"][0]["id"], "absent");
    assert_eq!(languages["languages"][0]["availability"]["hint"], "get it");
}

/// Every `$ref` leads somewhere.
#[tokio::test(flavor = "multi_thread")]
async fn references_in_the_document_resolve() {
    let (_server, document) = document().await;
    let text = document.to_string();
    let mut count = 0;
    for rest in text.split("\"$ref\":\"#").skip(1) {
        let pointer = rest.split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
        count += 1;
    }
    assert!(count > 50);
}
