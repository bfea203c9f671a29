//! Readiness, metrics and request ids.

use serde_json::json;

use crate::support::{Server, Setup};

#[tokio::test(flavor = "multi_thread")]
async fn ready_means_that_jobs_can_be_judged() {
    let server = Server::start().await;
    assert_eq!(server.get("/readyz").await.json(), json!({"ready": true, "troubles": {}, "remarks": {}}));
    server.readiness.remark("queue", Some("redis is away"));
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["remarks"]["queue"]), (200, &json!("redis is away")));
    server.readiness.set("sandbox", Some("it is not open yet"));
    let answer = server.get("/readyz").await;
    assert_eq!((answer.status, &answer.json()["troubles"]["sandbox"]), (503, &json!("it is not open yet")));
    assert!(answer.header("retry-after").is_some());
    server.readiness.set("sandbox", None);
    assert_eq!(server.get("/readyz").await.status, 200);
    server.languages.replace(Vec::new());
    assert_eq!(server.get("/readyz").await.json()["troubles"]["plugins"], "no plugin is loaded");
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_counted() {
    let server = Server::with(Setup { slots: 1, ..Setup::default() }).await;
    server.post("/v1/jobs?wait=30s", &json!({"language": "toy", "source": "x"})).await;
    server.post("/v1/jobs?wait=30s", &json!({"language": "toy", "source": "fail"})).await;
    let running = server.submit("hang").await;
    server.is_running(&running).await;
    server.submit("x").await;
    server.get("/nowhere/special").await;
    server.post("/v1/jobs", &json!({"language": "klingon", "source": "x"})).await;
    let batch = json!({"jobs": [{"language": "klingon", "source": "x"}, {"language": "toy", "source": "x"}]});
    server.post("/v1/jobs/batch", &batch).await;
    let text = server.get("/metrics").await.text();
    for line in [
        r#"optimus_jobs_completed_total{language="toy",verdict="accepted"} 1"#,
        r#"optimus_job_failures_total{code="sandbox_failed"} 2"#,
        r#"optimus_jobs_submitted_total{language="toy"} 5"#,
        r#"optimus_submissions_rejected_total{reason="unknown_language"} 2"#,
        r#"optimus_queue_jobs{language="toy",state="queued"} 2"#,
        r#"optimus_queue_depth{language="toy"} 3"#,
        r#"optimus_queue_jobs{language="toy",state="running"} 1"#,
        "optimus_queue_dead 1",
        "optimus_slots 1",
        "optimus_slots_busy 1",
        r#"optimus_http_requests_total{method="GET",route="none",status="404"} 1"#,
        r#"optimus_http_requests_total{method="POST",route="/v1/jobs",status="200"} 2"#,
        r#"optimus_plugins{plugin="toy",version="1.0.0",state="active"} 1"#,
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(text.contains("optimus_queue_oldest_age_seconds{language=\"toy\"}"));
    assert!(!text.contains("special"), "paths are the clients' own, and there is no end of them");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_a_request_id() {
    let server = Server::start().await;
    let given = server.send("GET", "/healthz", &["x-request-id: mine-7"], "").await;
    assert_eq!(given.header("x-request-id"), Some("mine-7"));
    let made = server.get("/healthz").await;
    assert!(made.header("x-request-id").is_some_and(|id| id.len() == 36));
}
