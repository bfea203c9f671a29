//! The tests of an evaluation, as rows of `CommonOJDataset` and ScaleBox' batches have them.

use optimus_core::Test;
use serde_json::{Map, Value, json};

/// Characters of a text that are shown of a test that was passed.
const SHOWN: usize = 1_000;

/// One test: texts by the names of streams.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Case {
    input: Map<String, Value>,
    output: Map<String, Value>,
}

impl Case {
    fn new(stdin: &str, stdout: &str) -> Self {
        let stream = |name: &str, text: &str| [(name.to_owned(), json!(text))].into_iter().collect();
        Self { input: stream("stdin", stdin), output: stream("stdout", stdout) }
    }

    pub(super) fn stdin(&self) -> &str {
        self.input.get("stdin").and_then(Value::as_str).unwrap_or_default()
    }

    /// What is expected.
    pub(super) fn stdout(&self) -> &str {
        self.output.get("stdout").and_then(Value::as_str).unwrap_or_default()
    }

    /// As a test without an expectation.
    pub(super) fn test(&self) -> Test {
        Test { stdin: self.stdin().as_bytes().to_vec().into(), ..Test::default() }
    }

    /// As an answer repeats it.
    pub(super) fn info(&self, is_cut: bool) -> Value {
        let cut = |streams: &Map<String, Value>| -> Value {
            streams.iter().map(|(name, text)| (name.clone(), shortened(text))).collect::<Map<_, _>>().into()
        };
        if is_cut {
            json!({"input": cut(&self.input), "output": cut(&self.output)})
        } else {
            json!({"input": self.input, "output": self.output})
        }
    }
}

/// Its beginning and its end.
fn shortened(text: &Value) -> Value {
    let text = text.as_str().unwrap_or_default();
    let Some(count) = Some(text.chars().count()).filter(|count| *count > SHOWN) else { return json!(text) };
    let begin: String = text.chars().take(SHOWN / 2).collect();
    let end: String = text.chars().skip(count - SHOWN / 2).collect();
    json!(format!("{begin}...{end}"))
}

/// A field of a row that may have been stored as JSON in a text.
pub(super) fn unfolded(row: &Map<String, Value>, name: &str) -> Result<Option<Value>, String> {
    match row.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => {
            let value = serde_json::from_str(text);
            value.map(Some).map_err(|error| format!("config.provided_data.{name} is a text that is not JSON: {error}"))
        }
        Some(value) => Ok(Some(value.clone())),
    }
}

/// The tests of a row: `[{"input": {"stdin": …}, "output": {"stdout": …}}]`.
pub(super) fn of_row(row: &Map<String, Value>) -> Result<Vec<Case>, String> {
    let place = "config.provided_data.test";
    let tests = match unfolded(row, "test")? {
        Some(Value::Array(tests)) if !tests.is_empty() => tests,
        Some(Value::Array(_)) => return Err(format!("{place} is empty: without a test nothing can be accepted")),
        Some(_) => return Err(format!("{place} is not a list")),
        None => return Err(format!("{place} is missing")),
    };
    tests.into_iter().enumerate().map(|(at, test)| of_test(test, &format!("{place}[{at}]"))).collect()
}

fn of_test(mut test: Value, place: &str) -> Result<Case, String> {
    let mut streams = |side: &str, stream: &str| match test.get_mut(side).map(Value::take) {
        Some(Value::Object(streams)) => match streams.iter().find(|(_, text)| !text.is_string()) {
            Some((name, _)) => Err(format!("{place}.{side}.{name} is not a text")),
            None if streams.contains_key(stream) => Ok(streams),
            None => Err(format!("{place}.{side}.{stream} is missing")),
        },
        _ => Err(format!("{place}.{side} is not a dict of texts")),
    };
    Ok(Case { input: streams("input", "stdin")?, output: streams("output", "stdout")? })
}

/// The tests of a batch: `{"type": "stdin_stdout", "input": […], "output": […]}`.
pub(super) fn of_batch(data: &Map<String, Value>) -> Result<Vec<Case>, String> {
    let place = "config.provided_data.test_cases";
    let Some(Value::Object(cases)) = data.get("test_cases") else {
        return Err(format!("{place} is missing, or not a dict of `type`, `input` and `output`"));
    };
    let has_function = cases.get("fn_name").is_some_and(|name| !name.is_null());
    match cases.get("type").and_then(Value::as_str) {
        Some("stdin_stdout") => {}
        None if !cases.contains_key("type") && !has_function => {}
        kind => {
            let kind = kind.unwrap_or("function_call").escape_debug().to_string();
            return Err(format!(
                "{place}.type `{kind}` is not served: what it calls would be judged by the very process that it runs \
                 in. Send `stdin_stdout`, with a program that reads its input and prints its answer"
            ));
        }
    }
    let (input, output) = (texts(cases, place, "input")?, texts(cases, place, "output")?);
    if input.len() != output.len() {
        return Err(format!("{place} has {} entries of input and {} of output", input.len(), output.len()));
    }
    if input.is_empty() {
        return Err(format!("{place}.input is empty: without a test nothing can be accepted"));
    }
    Ok(input.into_iter().zip(output).map(|(stdin, stdout)| Case::new(stdin, stdout)).collect())
}

fn texts<'a>(cases: &'a Map<String, Value>, place: &str, name: &str) -> Result<Vec<&'a str>, String> {
    let Some(Value::Array(texts)) = cases.get(name) else { return Err(format!("{place}.{name} is not a list")) };
    let text = |(at, text): (usize, &'a Value)| text.as_str().ok_or(format!("{place}.{name}[{at}] is not a text"));
    texts.iter().enumerate().map(text).collect()
}
