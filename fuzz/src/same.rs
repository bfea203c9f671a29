//! Checks that a value is the same after it was written as JSON and read again.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Panics unless it is.
pub(crate) fn survives_json<T: Serialize + DeserializeOwned + Debug>(what: &T) {
    let text = serde_json::to_string(what).expect("what was read can be written");
    let again: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let json = |what: &T| serde_json::to_value(what).expect("what was read can be written");
    assert!(near(&json(what), &json(&again)), "{what:?}\n{again:?}");
}

/// Equal, but for the last digits of fractions: the parser is quick rather than exact there.
fn near(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() && b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap_or_default(), b.as_f64().unwrap_or_default());
            (a - b).abs() <= a.abs() * 1e-12
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| near(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| near(a, b)))
        }
        _ => one == other,
    }
}
