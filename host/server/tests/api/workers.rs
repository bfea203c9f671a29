//! The list of workers, and one that drains.

use serde_json::json;

use crate::support::Server;

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_listed_drained_and_works_again() {
    let server = Server::start().await;
    let worker = loop {
        let list = server.get("/v1/workers").await.json();
        if let Some(worker) = list["workers"].get(0) {
            break worker.clone();
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    };
    assert_eq!((&worker["state"], &worker["slots"], &worker["busy"]), (&json!("working"), &json!(2), &json!(0)));
    let path = |verb: &str| format!("/v1/workers/{}/{verb}", worker["id"].as_str().unwrap());
    let drained = server.post(&path("drain"), &json!({})).await.json();
    assert!(["draining", "drained"].contains(&drained["state"].as_str().unwrap()), "{drained}");
    while server.get("/v1/workers").await.json()["workers"][0]["state"] != "drained" {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let waiting = server.submit("x").await;
    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
    assert_eq!(server.get(&format!("/v1/jobs/{waiting}")).await.json()["state"], "queued");
    assert_eq!(server.post(&path("resume"), &json!({})).await.json()["state"], "working");
    let done = server.get(&format!("/v1/jobs/{waiting}?wait=30s")).await.json();
    assert_eq!(done["report"]["verdict"], "accepted");
    server.post("/v1/workers/other/drain", &json!({})).await.error(404, "no_such_worker");
}
