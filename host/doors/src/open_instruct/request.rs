//! The model `TestRequest`. Tests are a list, or its JSON as a text.

use serde_json::{Value, json};

use crate::fastapi::fields::{self, Fields, Mistake};

/// Seconds for each test, where a request does not say.
const TIMEOUT: f64 = 1.0;

/// Inputs, and what should be printed for each.
pub(super) type Cases = Vec<(String, String)>;

/// A program and its tests.
#[derive(Debug, PartialEq)]
pub(super) struct Sent {
    pub(super) program: String,
    pub(super) max_execution_time: f64,
    tests: Vec<Value>,
}

impl Sent {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Mistake> {
        let mut body = fields::body(bytes)?;
        let tests = body.remove("tests");
        let fields = Fields::new(&["body"], &body);
        let program = fields.required_text("program")?;
        let max_execution_time = fields.number("max_execution_time", false)?.unwrap_or(TIMEOUT);
        if max_execution_time <= 0.0 {
            let message = "Input should be greater than 0";
            return Err(fields.mistake("max_execution_time", "greater_than", message, json!(max_execution_time)));
        }
        let tests = decoded(tests.ok_or_else(|| fields.missing("tests"))?)?;
        Ok(Self { program, max_execution_time, tests })
    }

    /// The tests of `/test_program`.
    pub(super) fn statements(&self) -> Result<Vec<String>, Mistake> {
        let read = |(index, test): (usize, &Value)| {
            let text = test.as_str().map(str::to_owned);
            text.ok_or_else(|| mistake("string_type", "Input should be a valid string", test).within("tests", index))
        };
        self.tests.iter().enumerate().map(read).collect()
    }

    /// The tests of `/test_program_stdio`.
    pub(super) fn cases(&self) -> Result<Cases, Mistake> {
        let read = |(index, test): (usize, &Value)| {
            let message = "Input should have the texts `input` and `output`";
            case(test).ok_or_else(|| mistake("value_error", message, test).within("tests", index))
        };
        self.tests.iter().enumerate().map(read).collect()
    }
}

/// An input may be a list of lines.
fn case(test: &Value) -> Option<(String, String)> {
    let input = match &test["input"] {
        Value::String(input) => input.clone(),
        Value::Array(lines) => lines.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?.join("\n"),
        _ => return None,
    };
    Some((input, test["output"].as_str()?.to_owned()))
}

fn decoded(tests: Value) -> Result<Vec<Value>, Mistake> {
    let message = match tests {
        Value::Array(tests) => return Ok(tests),
        Value::String(text) if text.is_empty() => return Ok(Vec::new()),
        Value::String(text) => match serde_json::from_str(&text) {
            Ok(Value::Array(tests)) => return Ok(tests),
            Ok(_) => "Value error, the JSON is not a list",
            Err(_) => "Value error, tests that are neither a list nor its JSON are not read: a pickle is a program",
        },
        // What open-instruct takes for no tests.
        _ => return Ok(Vec::new()),
    };
    Err(Mistake::new(&["body", "tests"], "value_error", message, Value::Null))
}

fn mistake(kind: &'static str, message: &str, given: &Value) -> Mistake {
    Mistake::new(&["body"], kind, message, given.clone())
}
