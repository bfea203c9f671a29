//! The routes for rows, prompts and metrics.

use serde_json::{Value, json};

use super::house;
use crate::support::echo;

fn request(data: &Value) -> Value {
    json!({
        "dataset": "mine", "id": 1, "results": [],
        "config": {"dataset_type": "CommonOJDataset", "language": "cpp", "provided_data": data},
    })
}

#[tokio::test]
async fn rows_become_prompts() {
    let house = house(echo);
    let rows = json!([
        {"id": 1, "content": "Add two numbers.", "labels": {"level": "easy"}, "test": []},
        {"id": "two", "content": "Sort.", "labels": "{\"level\": \"hard\"}"},
    ]);
    assert_eq!(house.post("/list_ids", &request(&rows)).await.json(), json!([1, "two"]));
    let prompts = house.post("/get_prompts", &request(&rows)).await.json();
    assert_eq!((&prompts[0]["id"], &prompts[0]["labels"]), (&json!(1), &json!({"level": "easy"})));
    assert_eq!((&prompts[1]["id"], &prompts[1]["labels"]), (&json!("two"), &json!({"level": "hard"})));
    let prompt = prompts[0]["prompt"].as_str().unwrap();
    assert!(prompt.starts_with("Add two numbers.\n\n") && prompt.contains("cpp") && prompt.contains("standard input"));
    let one = house.post("/get_prompt_by_id", &request(&rows[0])).await;
    assert_eq!((one.status, one.json()), (200, prompts[0].clone()));
    let mut chinese = request(&rows[0]);
    chinese["config"]["locale"] = json!("zh");
    let prompt = house.post("/get_prompt_by_id", &chinese).await.json();
    assert!(prompt["prompt"].as_str().unwrap().contains("标准输入"), "{prompt}");
    assert_eq!(house.jobs(), 0);
}

#[tokio::test]
async fn no_data_set_is_here_and_metrics_are_empty() {
    let house = house(echo);
    assert_eq!(house.get("/list_datasets").await.json(), json!([]));
    assert_eq!(house.post("/get_metrics", &request(&Value::Null)).await.json(), json!({}));
    assert_eq!(house.post("/get_metrics_function", &request(&Value::Null)).await.json(), json!({"function": null}));
    let row = json!({"id": 1, "content": "x"});
    for route in ["/list_ids", "/get_prompts", "/get_prompt_by_id"] {
        let wrong = if route == "/get_prompt_by_id" { json!([row]) } else { row.clone() };
        let answer = house.post(route, &request(&wrong)).await;
        assert!(answer.status == 400 && answer.text().contains("should be a"), "{}", answer.text());
        let answer = house.post(route, &json!({"dataset": "mbpp", "id": 1, "config": {}})).await;
        let detail = json!({"detail": "no eval class found for dataset mbpp"});
        assert_eq!((answer.status, answer.json()), (400, detail));
        let answer = house.post(route, &json!({"dataset": 5, "id": 1, "config": {}})).await;
        assert_eq!((answer.status, &answer.json()["detail"][0]["type"]), (422, &json!("string_type")));
    }
    let nameless = json!([{"content": "x"}]);
    assert_eq!(house.post("/get_prompts", &request(&nameless)).await.status, 400);
    assert_eq!(house.get("/submit").await.status, 405);
}
