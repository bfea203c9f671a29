//! The models `Submission` and `BatchSubmission`.

use serde_json::{Map, Value, json};

use super::new_id;
use crate::fastapi::fields::{self, Fields, Mistake};

/// A program, and what it should print.
#[derive(Debug, PartialEq)]
pub(super) struct Submission {
    pub(super) id: String,
    pub(super) language: String,
    pub(super) code: String,
    pub(super) input: String,
    /// Without it, the program only has to end with 0.
    pub(super) expected: Option<String>,
}

/// Several of them.
#[derive(Debug, PartialEq)]
pub(super) struct Batch {
    pub(super) id: String,
    pub(super) submissions: Vec<Submission>,
}

impl Submission {
    pub(super) fn read(body: &Map<String, Value>) -> Result<Self, Mistake> {
        let fields = Fields::new(&["body"], body);
        check_options(&fields, body.get("options"))?;
        Ok(Self {
            id: id(&fields)?,
            language: fields.required_text("type")?,
            code: fields.required_text("solution")?,
            input: fields.text("input", true)?.unwrap_or_default(),
            expected: fields.text("expected_output", true)?,
        })
    }

    /// Its language is none of those that there are.
    pub(super) fn unknown(&self, names: &str) -> Mistake {
        let name: String = self.language.chars().take(64).collect();
        Mistake::new(&["body", "type"], "literal_error", format!("Input should be {names}"), json!(name))
    }
}

impl Batch {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Mistake> {
        let mut body = fields::body(bytes)?;
        let sent = body.remove("submissions");
        let fields = Fields::new(&["body"], &body);
        if let Some(kind) = body.get("type").filter(|kind| *kind != "batch") {
            return Err(fields.mistake("type", "literal_error", "Input should be 'batch'", kind.clone()));
        }
        let list = "Input should be a valid list";
        let sent = match sent.ok_or_else(|| fields.missing("submissions"))? {
            Value::Array(sent) => sent,
            other => return Err(fields.mistake("submissions", "list_type", list, other)),
        };
        if sent.is_empty() {
            let message = "List should have at least 1 item after validation, not 0";
            return Err(fields.mistake("submissions", "too_short", message, json!([])));
        }
        let read = |(index, submission): (usize, Value)| match submission {
            Value::Object(submission) => {
                Submission::read(&submission).map_err(|mistake| mistake.within("submissions", index))
            }
            other => {
                let message = "Input should be a valid dictionary or object to extract fields from";
                Err(Mistake::new(&["body"], "model_attributes_type", message, other).within("submissions", index))
            }
        };
        Ok(Self { id: id(&fields)?, submissions: sent.into_iter().enumerate().map(read).collect::<Result<_, _>>()? })
    }
}

/// An empty one is none.
fn id(fields: &Fields<'_>) -> Result<String, Mistake> {
    Ok(fields.text("sub_id", true)?.filter(|id| !id.is_empty()).unwrap_or_else(new_id))
}

/// Options of executors that are not here.
fn check_options(fields: &Fields<'_>, options: Option<&Value>) -> Result<(), Mistake> {
    let options = match options {
        None | Some(Value::Null) => return Ok(()),
        Some(_) => fields.object("options")?,
    };
    match options.into_iter().flatten().find(|(_, value)| !value.is_string()) {
        Some((_, other)) => {
            Err(fields.mistake("options", "string_type", "Input should be a valid string", other.clone()))
        }
        None => Ok(()),
    }
}
