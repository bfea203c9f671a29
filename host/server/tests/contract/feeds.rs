//! The feed of a tenant, which any process adds to and any process tells.

use serde_json::{Value, json};

use crate::place::Place;
use crate::support::{Heard, Listener};

fn job(stdin: &str) -> Value {
    json!({"language": "toy", "source": "x", "tests": [{"stdin": stdin}]})
}

fn kinds<'a>(heard: &'a [Heard], what: &str, id: &Value) -> Vec<&'a str> {
    heard.iter().filter(|heard| heard.data[what] == *id).map(|heard| heard.kind.as_str()).collect()
}

pub(crate) async fn what_one_process_does_another_tells(place: &Place) {
    let mut first = place.server().await;
    let second = place.another(&mut first).await;
    let (teller, doer) = if place.is_shared() { (&second, &first) } else { (&second, &second) };
    let mut listener = Listener::begin(teller.address, "", &[]).await;
    let steps = json!([{"name": "one", "with": job("1")}, {"name": "two", "needs": ["one"], "with": job("2")}]);
    let pipeline = doer.post("/v1/pipelines", &json!({ "steps": steps })).await.json()["id"].clone();
    let path = format!("/v1/pipelines/{}/runs", pipeline.as_str().unwrap());
    let run = doer.post(&path, &json!({})).await.json()["id"].clone();
    let heard = listener.until(|heard| heard.kind == "run.done").await.unwrap();
    assert_eq!(heard.last().unwrap().data, json!({"run": run, "pipeline": pipeline, "state": "succeeded"}));
    let of_run = kinds(&heard, "run", &run);
    assert_eq!(of_run, ["run.started", "run.step_ended", "run.step_ended", "run.done"]);
    let done: Vec<_> = heard.iter().filter(|heard| heard.kind == "job.done").collect();
    assert_eq!(done.len(), 2, "{heard:?}");
    for heard in done {
        assert_eq!(heard.data["verdict"], "accepted");
    }
    // Who comes again, at another process, goes on after what it has.
    let place_of = heard.iter().position(|heard| heard.kind == "job.done").unwrap();
    let last = format!("last-event-id: {}", heard[place_of].id);
    let mut again = Listener::begin(doer.address, "", &[&last]).await;
    let rest = again.until(|heard| heard.kind == "run.done").await.unwrap();
    assert_eq!(rest, heard[place_of + 1..]);
}
