//! A job's `options` against what their language takes, so that a client hears of a mistake before anything runs.
//!
//! A part of JSON Schema is read: `type`, `enum`, `const`, `properties`, `required`, `additionalProperties: false`,
//! `items`, and bounds of lengths and numbers. What else a schema says is left to the plugin, which checks all of it.

use serde_json::{Map, Value};

use crate::Invalid;
use crate::suggest::nearest;

/// Maximum depth to which a schema is followed.
const DEPTH: usize = 16;

/// Checks `options` against a language's schema; without one, there are none to choose.
///
/// # Errors
/// The first that does not fit, by its place: `options.std`.
pub fn check(options: &Map<String, Value>, schema: Option<&str>, language: &str) -> Result<(), Invalid> {
    let Some(first) = options.keys().next() else { return Ok(()) };
    let Some(schema) = schema else {
        return Err(Invalid::new(format!("options.{first}"), format!("`{language}` has no options")));
    };
    // The gate has read it when the plugin was loaded.
    let Ok(schema) = serde_json::from_str::<Value>(schema) else { return Ok(()) };
    object(options, &schema, "options", DEPTH)
}

fn value(value: &Value, schema: &Value, place: &str, depth: usize) -> Result<(), Invalid> {
    if depth == 0 {
        return Ok(());
    }
    if let Some(wanted) = schema.get("type")
        && !of_type(value, wanted)
    {
        return Err(Invalid::new(place, format!("expected {}, found {}", type_words(wanted), shown(value))));
    }
    if let Some(values) = schema.get("enum").and_then(Value::as_array)
        && !values.contains(value)
    {
        let known: Vec<String> = values.iter().map(Value::to_string).collect();
        let invalid = Invalid::new(place, format!("{} is not one of {}", shown(value), known.join(", ")));
        let near = value.as_str().and_then(|text| nearest(text, values.iter().filter_map(Value::as_str)));
        return Err(match near {
            Some(near) => invalid.hint(format!("did you mean \"{near}\"?")),
            None => invalid,
        });
    }
    if let Some(only) = schema.get("const")
        && only != value
    {
        return Err(Invalid::new(place, format!("can only be {only}")));
    }
    bounds(value, schema, place)?;
    match value {
        Value::Object(fields) => object(fields, schema, place, depth - 1),
        Value::Array(items) => match schema.get("items") {
            Some(schema) => (0..)
                .zip(items)
                .try_for_each(|(i, item): (usize, _)| self::value(item, schema, &format!("{place}[{i}]"), depth - 1)),
            None => Ok(()),
        },
        _ => Ok(()),
    }
}

fn object(fields: &Map<String, Value>, schema: &Value, place: &str, depth: usize) -> Result<(), Invalid> {
    let none = Map::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    for (name, field) in fields {
        let at = format!("{place}.{name}");
        match known.get(name) {
            Some(schema) => value(field, schema, &at, depth)?,
            None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                let names: Vec<&str> = known.keys().map(String::as_str).collect();
                let invalid = Invalid::new(at, "is not an option of this language");
                return Err(match nearest(name, names.iter().copied()) {
                    Some(near) => invalid.hint(format!("did you mean `{near}`?")),
                    None if names.is_empty() => invalid,
                    None => invalid.hint(format!("it has {}", names.join(", "))),
                });
            }
            None => {}
        }
    }
    let required = schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    match required.into_iter().find(|name| !fields.contains_key(*name)) {
        Some(name) => Err(Invalid::new(format!("{place}.{name}"), "is missing")),
        None => Ok(()),
    }
}

fn bounds(value: &Value, schema: &Value, place: &str) -> Result<(), Invalid> {
    let bound = |name: &str| schema.get(name).and_then(Value::as_f64);
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^53")]
    let (size, least, most, unit) = match value {
        Value::String(text) => (text.chars().count() as f64, bound("minLength"), bound("maxLength"), " characters"),
        Value::Array(items) => (items.len() as f64, bound("minItems"), bound("maxItems"), " items"),
        Value::Number(number) => (number.as_f64().unwrap_or(0.0), bound("minimum"), bound("maximum"), ""),
        _ => return Ok(()),
    };
    if let Some(least) = least.filter(|least| size < *least) {
        return Err(Invalid::new(place, format!("{size}{unit} is less than {least}")));
    }
    match most.filter(|most| size > *most) {
        Some(most) => Err(Invalid::new(place, format!("{size}{unit} is more than {most}"))),
        None => Ok(()),
    }
}

fn of_type(value: &Value, wanted: &Value) -> bool {
    if let Some(any) = wanted.as_array() {
        return any.iter().any(|wanted| of_type(value, wanted));
    }
    match wanted.as_str() {
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|n| n.fract() == 0.0),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        Some("null") => value.is_null(),
        _ => true,
    }
}

fn type_words(wanted: &Value) -> String {
    if let Some(any) = wanted.as_array() {
        return any.iter().map(type_words).collect::<Vec<_>>().join(" or ");
    }
    match wanted.as_str() {
        Some("string") => "a string",
        Some("boolean") => "true or false",
        Some("number") => "a number",
        Some("integer") => "a whole number",
        Some("array") => "a list",
        Some("object") => "an object",
        _ => "null",
    }
    .to_owned()
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false, "properties": {
        "std": {"enum": ["c17", "c99"]}, "flags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
        "static": {"type": "boolean"}, "level": {"type": "integer", "minimum": 0, "maximum": 3}}}"#;

    fn refusal(options: Value) -> Option<String> {
        let Value::Object(options) = options else { unreachable!() };
        check(&options, Some(SCHEMA), "c").err().map(|invalid| invalid.to_string())
    }

    #[test]
    fn what_fits_is_taken() {
        for options in [
            json!({}),
            json!({"std": "c99", "flags": ["-g"], "static": true, "level": 3}),
            json!({"level": 2.0, "flags": []}),
        ] {
            assert_eq!(refusal(options.clone()), None, "{options}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named_by_its_place() {
        for (options, message) in [
            (json!({"std": "c18"}), "`options.std`: \"c18\" is not one of \"c17\", \"c99\""),
            (json!({"flags": "-g"}), "`options.flags`: expected a list, found \"-g\""),
            (json!({"flags": ["-g", 7]}), "`options.flags[1]`: expected a string, found 7"),
            (json!({"flags": ["a", "b", "c"]}), "`options.flags`: 3 items is more than 2"),
            (json!({"static": 1}), "`options.static`: expected true or false, found 1"),
            (json!({"level": 4}), "`options.level`: 4 is more than 3"),
            (json!({"level": 1.5}), "`options.level`: expected a whole number, found 1.5"),
            (json!({"sdt": "c17"}), "`options.sdt`: is not an option of this language"),
        ] {
            assert_eq!(refusal(options).as_deref(), Some(message));
        }
        let given = Map::from_iter([("a".to_owned(), json!(1))]);
        assert_eq!(check(&given, None, "awk").unwrap_err().field, "options.a");
    }
}
