//! Blobs: where they are stored, who reads them, and for how long.

use std::time::Duration;

use optimus_server::blobs::Rules;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::place::Place;
use crate::support::{Server, Setup};

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|n| (n % 253) as u8).collect()
}

fn digits(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn put(server: &Server, bytes: &[u8]) {
    let answer = server.send("PUT", "/v1/blobs", &[], bytes).await;
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
}

fn job(bytes: &[u8]) -> Value {
    json!({"language": "toy", "source": "x", "tests": [{"stdin": {"sha256": digits(bytes)}}], "collect": ["left"]})
}

pub(crate) async fn a_blob_of_one_process_is_there_for_every_process(place: &Place) {
    // More than one piece of the store.
    let bytes = bytes((1 << 20) + 5);
    let mut first = place.server().await;
    put(&first, &bytes).await;
    let second = place.another(&mut first).await;
    let got = second.get(&format!("/v1/blobs/{}", digits(&bytes))).await;
    assert!(got.status == 200 && got.body == bytes);
    assert_eq!(second.send("PUT", "/v1/blobs", &[], bytes.clone()).await.status, 200, "it is known to be there");
    let done = second.post("/v1/jobs?wait=30s", &job(&bytes)).await.json();
    let left = &done["report"]["tests"][0]["files"][0];
    assert_eq!((&left["sha256"], &left["bytes"]), (&json!(format!("sha256:{}", digits(&bytes))), &json!(bytes.len())));
}

pub(crate) async fn an_accepted_jobs_blob_is_there_though_its_time_is_over(place: &Place) {
    // It expires, and is searched for, as soon as may be.
    let brief = || Rules {
        ttl: Duration::from_secs(2),
        grace: Duration::ZERO,
        sweep: Duration::from_millis(50),
        ..Rules::default()
    };
    let bytes = bytes((1 << 20) + 5);
    let path = format!("/v1/blobs/{}", digits(&bytes));
    let mut first = place.server_with(Setup { slots: 0, blobs: brief(), ..Setup::default() }).await;
    // A slow machine may need more than one try.
    let id = loop {
        put(&first, &bytes).await;
        let accepted = first.post("/v1/jobs", &job(&bytes)).await;
        if accepted.status == 202 {
            break accepted.json()["id"].as_str().unwrap().to_owned();
        }
    };
    // Looking at it by HEAD would be a use, and begin its time anew: so does a job, which is refused once it is over.
    tokio::time::sleep(brief().ttl + Duration::from_millis(500)).await;
    first.get(&path).await.error(404, "unknown_blob");
    first.post("/v1/jobs", &job(&bytes)).await.error(422, "unknown_blob");
    let second = place.another_with(&mut first, Setup { blobs: brief(), ..Setup::default() }).await;
    let done = second.get(&format!("/v1/jobs/{id}?wait=30s")).await.json();
    let left = &done["report"]["tests"][0]["files"][0];
    assert_eq!(left["sha256"], json!(format!("sha256:{}", digits(&bytes))), "{done}");
}
