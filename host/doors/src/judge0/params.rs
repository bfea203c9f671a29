//! Parameters as Rails reads them: from a JSON body or a form, then from the query; and cast to the column's type.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

/// Named values.
#[derive(Debug, Default)]
pub(super) struct Params(Map<String, Value>);

/// A body that is neither.
pub(super) struct Unreadable;

/// What stands for a number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Given {
    Nothing,
    Number(f64),
    NotANumber,
}

impl Params {
    pub(super) fn read(headers: &HeaderMap, query: Option<&str>, body: &Bytes) -> Result<Self, Unreadable> {
        let mut all = form(query.unwrap_or_default().as_bytes());
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let is_form = kind.trim_start().to_ascii_lowercase().starts_with("application/x-www-form-urlencoded");
        let is_json = body.trim_ascii_start().first().is_some_and(|first| *first == b'{');
        // curl calls every body a form.
        let sent = match is_form && !is_json {
            true => form(body),
            false if body.trim_ascii().is_empty() => Map::new(),
            false => serde_json::from_slice(body).map_err(|_| Unreadable)?,
        };
        all.extend(sent);
        Ok(Self(all))
    }

    /// Of one submission in a batch; what is no object has no parameters.
    pub(super) fn of(value: Value) -> Self {
        match value {
            Value::Object(fields) => Self(fields),
            _ => Self::default(),
        }
    }

    /// The entries of a list, or of an object, as a batch is one.
    pub(super) fn list(&mut self, name: &str) -> Vec<Value> {
        match self.0.remove(name) {
            Some(Value::Array(entries)) => entries,
            Some(Value::Object(entries)) => entries.into_iter().map(|(_, entry)| entry).collect(),
            _ => Vec::new(),
        }
    }

    /// A scalar as text; lists and objects are not permitted, and count as nothing.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(is_true) => Some(if *is_true { "t" } else { "f" }.to_owned()),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Given {
        match self.text(name).as_deref().map(str::trim) {
            None | Some("") => Given::Nothing,
            Some(text) => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Given::Number(number),
                _ => Given::NotANumber,
            },
        }
    }

    /// Rails takes everything for true that is not one of these.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.text(name)?.as_str() {
            "" => None,
            "0" | "f" | "F" | "false" | "FALSE" | "off" | "OFF" => Some(false),
            _ => Some(true),
        }
    }
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    url::form_urlencoded::parse(bytes)
        .map(|(name, value)| (name.into_owned(), Value::from(value.into_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use serde_json::json;

    fn read(kind: &'static str, query: &str, body: &'static str) -> Option<Params> {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Params::read(&headers, Some(query), &Bytes::from_static(body.as_bytes())).ok()
    }

    #[test]
    fn json_forms_and_the_query_are_read() {
        let json = read("application/json", "a=1&b=2", r#"{"b": 3, "c": true}"#).unwrap();
        assert_eq!((json.text("a"), json.text("b"), json.flag("c")), (Some("1".into()), Some("3".into()), Some(true)));
        let form = read("application/x-www-form-urlencoded", "", "a=x+y%26&b=").unwrap();
        assert_eq!((form.text("a"), form.number("b")), (Some("x y&".into()), Given::Nothing));
        assert!(
            read("application/x-www-form-urlencoded", "", r#"{"a": 1}"#).unwrap().number("a") == Given::Number(1.0)
        );
        for bad in ["{", "[1]", "7", "\"x\""] {
            assert!(read("application/json", "", bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn values_are_cast() {
        let params = Params::of(json!({"n": "1.5", "bad": "x", "nan": "NaN", "list": [1], "off": "off", "null": null}));
        assert_eq!((params.number("n"), params.number("bad")), (Given::Number(1.5), Given::NotANumber));
        assert_eq!((params.number("nan"), params.number("none")), (Given::NotANumber, Given::Nothing));
        assert_eq!((params.text("list"), params.text("null"), params.flag("off")), (None, None, Some(false)));
    }
}
