//! Bodies, as the framework gin binds them to a request, with its words for what is wrong.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};
use url::form_urlencoded;

use super::answer;
use crate::early::Early;

const JSON: &str = "application/json";

/// The fields of a body, or of a query.
pub(super) struct Fields {
    fields: Map<String, Value>,
    /// The status of a mistake: gin itself answers only for bodies that say that they are JSON, and nothing else.
    status: StatusCode,
}

impl Fields {
    pub(super) fn read(method: &Method, uri: &Uri, headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Early> {
        let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let status = if kind == JSON { StatusCode::BAD_REQUEST } else { StatusCode::OK };
        let empty = Self { fields: Map::new(), status };
        let is_json = kind.split(';').next().is_some_and(|kind| kind.trim() == JSON);
        let fields = match (is_json, method) {
            // `ShouldBind` reads the query of a GET, whatever else it brings.
            (true, method) if kind == JSON || *method != Method::GET => object(bytes),
            (_, &Method::GET) => Ok(form(uri.query().unwrap_or_default().as_bytes())),
            _ => Ok(form(bytes)),
        };
        Ok(Self { fields: fields.map_err(|message| empty.mistake(&message))?, status })
    }

    /// A text; null is the empty one.
    pub(super) fn text(&self, name: &str) -> Result<String, Early> {
        match self.fields.get(name) {
            None | Some(Value::Null) => Ok(String::new()),
            Some(Value::String(text)) => Ok(text.clone()),
            Some(other) => Err(self.wrong_type(name, "string", other)),
        }
    }

    /// Texts that have to be there; an empty one is not.
    pub(super) fn required<const N: usize>(&self, names: [&str; N]) -> Result<[String; N], Early> {
        let mut texts = [const { String::new() }; N];
        for (text, name) in texts.iter_mut().zip(names) {
            *text = self.text(name)?;
        }
        let missing = names.iter().zip(&texts).filter(|(_, text)| text.is_empty()).map(|(name, _)| {
            // The field of the engine's struct.
            let field: String = name[..1].to_uppercase() + &name[1..];
            format!("Key: '{field}' Error:Field validation for '{field}' failed on the 'required' tag")
        });
        let missing = missing.collect::<Vec<_>>().join("\n");
        if missing.is_empty() { Ok(texts) } else { Err(self.mistake(&missing).into()) }
    }

    pub(super) fn check_flag(&self, name: &str) -> Result<(), Early> {
        match self.fields.get(name) {
            None | Some(Value::Null | Value::Bool(_)) => Ok(()),
            // Of a form.
            Some(Value::String(text)) if matches!(&**text, "" | "0" | "1" | "true" | "false") => Ok(()),
            Some(other) => Err(self.wrong_type(name, "bool", other)),
        }
    }

    fn wrong_type(&self, name: &str, wanted: &str, given: &Value) -> Early {
        let given = kind(given);
        self.mistake(&format!("json: cannot unmarshal {given} into Go struct field .{name} of type {wanted}")).into()
    }

    fn mistake(&self, message: &str) -> Response {
        (self.status, answer(-400, message, &Value::Null)).into_response()
    }
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    if bytes.trim_ascii().is_empty() {
        return Err("EOF".to_owned());
    }
    match serde_json::from_slice(bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(other) => Err(format!("json: cannot unmarshal {} into Go value of type struct", kind(&other))),
        Err(error) => Err(format!("the body is not JSON: {error}")),
    }
}

fn form(bytes: &[u8]) -> Map<String, Value> {
    form_urlencoded::parse(bytes).map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect()
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
