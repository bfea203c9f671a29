//! The audit log, which every process reads.

use serde_json::json;

use crate::place::Place;

pub(crate) async fn a_change_is_in_the_log_of_every_process(place: &Place) {
    let mut first = place.server().await;
    let steps = json!({"steps": [{"name": "a", "with": {"language": "toy", "source": "x"}}]});
    let made = first.post("/v1/pipelines", &steps).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let second = place.another(&mut first).await;
    let entries = second.get("/v1/audit").await.json()["entries"].clone();
    let created = json!(format!("/v1/pipelines/{}", made.json()["id"].as_str().unwrap()));
    assert_eq!(entries.as_array().unwrap().len(), 1, "{entries}");
    assert_eq!((&entries[0]["created"], &entries[0]["outcome"]), (&created, &json!("done")));
    second.send("DELETE", created.as_str().unwrap(), &[], "").await;
    let entries = second.get("/v1/audit?limit=1").await.json();
    assert_eq!(entries["entries"][0]["action"], "DELETE /v1/pipelines/{id}");
    let rest = second.get(&format!("/v1/audit?next={}", entries["next"].as_str().unwrap())).await.json();
    assert_eq!(rest["entries"][0]["created"], created);
}
