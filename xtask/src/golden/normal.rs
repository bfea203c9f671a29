//! Reports without what differs from run to run.

use serde_json::{Map, Value};

/// Times, measurements and ids. Limits have names like measurements; they are kept, below `limits`.
const VARYING: [&str; 12] = [
    "id",
    "created_at",
    "started_at",
    "finished_at",
    "timing",
    "cpu_ms",
    "wall_ms",
    "memory_bytes",
    "memory_is_estimate",
    "cached",
    "digest",
    "process_memory_bytes",
];

/// `report` without what varies, at any depth; its keys are sorted.
pub(super) fn normalised(report: Value) -> Value {
    match report {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(key, _)| !VARYING.contains(&key.as_str()));
            let mut kept: Vec<(String, Value)> = kept
                .map(|(key, value)| match key.as_str() {
                    "limits" => (key, value),
                    _ => (key, normalised(value)),
                })
                .collect();
            kept.sort_by(|one, other| one.0.cmp(&other.0));
            Value::Object(Map::from_iter(kept))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(normalised).collect()),
        plain => plain,
    }
}

/// The places where two reports differ, each with both values.
pub(super) fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect("", before, after, &mut found);
    found
}

fn collect(place: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for key in one.keys().chain(other.keys().filter(|key| !one.contains_key(*key))) {
                let (one, other) = (one.get(key), other.get(key));
                collect(&format!("{place}/{key}"), one.unwrap_or(&Value::Null), other.unwrap_or(&Value::Null), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (index, (one, other)) in one.iter().zip(other).enumerate() {
                collect(&format!("{place}/{index}"), one, other, found);
            }
        }
        (one, other) if one == other => {}
        (one, other) => found.push(format!("{place}: {one:.200} was, {other:.200} is")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn measurements_go_and_limits_stay() {
        let report = json!({"id": "x", "tests": [{"cpu_ms": 1.0, "name": "a"}], "limits": {"cpu_ms": 5}});
        assert_eq!(normalised(report), json!({"limits": {"cpu_ms": 5}, "tests": [{"name": "a"}]}));
    }

    #[test]
    fn differences_are_named_by_their_place() {
        let (one, other) = (json!({"a": [1, {"b": 2}]}), json!({"a": [1, {"b": 3}], "c": null}));
        assert_eq!(differences(&one, &other), ["/a/1/b: 2 was, 3 is"]);
        assert_eq!(differences(&json!({"a": [1]}), &json!({"a": []})), ["/a: [1] was, [] is"]);
    }
}
