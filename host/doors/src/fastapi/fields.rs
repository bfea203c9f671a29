//! Reads the fields of a body, and says what is wrong with one in pydantic's terms.

use serde_json::{Map, Value, json};

/// A field that cannot be read.
#[derive(Debug, PartialEq)]
pub(crate) struct Mistake {
    place: Vec<Value>,
    kind: &'static str,
    message: String,
    input: Value,
}

impl Mistake {
    pub(crate) fn new(place: &[&str], kind: &'static str, message: impl Into<String>, input: Value) -> Self {
        let place = place.iter().filter(|part| !part.is_empty()).map(|part| json!(part)).collect();
        Self { place, kind, message: message.into(), input }
    }

    /// The same in an entry of a list of the body.
    pub(crate) fn within(mut self, list: &str, index: usize) -> Self {
        self.place.splice(1..1, [json!(list), json!(index)]);
        self
    }

    pub(crate) fn as_json(&self) -> Value {
        json!({"type": self.kind, "loc": self.place, "msg": self.message, "input": self.input})
    }
}

/// An object of a body, and its place there.
#[derive(Debug)]
pub(crate) struct Fields<'a> {
    place: &'static [&'static str],
    object: &'a Map<String, Value>,
}

/// A whole body.
pub(crate) fn body(bytes: &[u8]) -> Result<Map<String, Value>, Mistake> {
    let body: Value = serde_json::from_slice(bytes)
        .map_err(|error| Mistake::new(&["body"], "json_invalid", format!("JSON decode error: {error}"), json!({})))?;
    match body {
        Value::Object(body) => Ok(body),
        other => {
            let message = "Input should be a valid dictionary or object to extract fields from";
            Err(Mistake::new(&["body"], "model_attributes_type", message, other))
        }
    }
}

impl<'a> Fields<'a> {
    pub(crate) fn new(place: &'static [&'static str], object: &'a Map<String, Value>) -> Self {
        Self { place, object }
    }

    pub(crate) fn mistake(&self, name: &str, kind: &'static str, message: impl Into<String>, input: Value) -> Mistake {
        let place: Vec<&str> = self.place.iter().copied().chain([name]).collect();
        Mistake::new(&place, kind, message, input)
    }

    /// A field that has to be there. Programs and files are not repeated in the answer.
    pub(crate) fn missing(&self, name: &str) -> Mistake {
        const LONG: [&str; 7] = ["files", "code", "completion", "config", "program", "results", "solution"];
        let short = self.object.iter().filter(|(key, _)| !LONG.contains(&key.as_str()));
        let input: Map<String, Value> = short.map(|(key, value)| (key.clone(), value.clone())).collect();
        self.mistake(name, "missing", "Field required", input.into())
    }

    /// A text; null is none where the field is `optional`.
    pub(crate) fn text(&self, name: &str, optional: bool) -> Result<Option<String>, Mistake> {
        match self.object.get(name) {
            None => Ok(None),
            Some(Value::Null) if optional => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => Err(self.mistake(name, "string_type", "Input should be a valid string", other.clone())),
        }
    }

    pub(crate) fn required_text(&self, name: &str) -> Result<String, Mistake> {
        self.text(name, false)?.ok_or_else(|| self.missing(name))
    }

    /// A number; pydantic reads it from a string, too. Null is none where the field is `optional`.
    pub(crate) fn number(&self, name: &str, optional: bool) -> Result<Option<f64>, Mistake> {
        let value = match self.object.get(name) {
            None => return Ok(None),
            Some(Value::Null) if optional => return Ok(None),
            Some(value) => value,
        };
        let read = match value {
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_f64(),
        };
        let message = "Input should be a valid number";
        read.filter(|number: &f64| number.is_finite())
            .map(Some)
            .ok_or_else(|| self.mistake(name, "float_type", message, value.clone()))
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<&'a Map<String, Value>>, Mistake> {
        match self.object.get(name) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object)),
            Some(other) => Err(self.mistake(name, "dict_type", "Input should be a valid dictionary", other.clone())),
        }
    }
}
