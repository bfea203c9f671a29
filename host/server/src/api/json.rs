//! Reads JSON into what a request may say. A mistake is named by its place in the JSON (`tests[0].stdin`), in our words.

use axum::http::StatusCode;
use optimus_core::suggest::nearest;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ApiError;

/// Reads a whole body.
///
/// # Errors
/// It is no JSON, or not what is read here: then with the place.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refused(&path, &error.into_inner())
    })?;
    json.end().map_err(|error| ApiError::bad_json(&error))?;
    Ok(value)
}

/// Reads a part of a body that stands at `place`.
///
/// # Errors
/// It is not what is read here.
pub(super) fn read_value<T: DeserializeOwned>(place: &str, value: Value) -> Result<T, ApiError> {
    serde_path_to_error::deserialize(value).map_err(|error: serde_path_to_error::Error<serde_json::Error>| {
        let path = error.path().to_string();
        let path = if path == "." { place.to_owned() } else { format!("{place}.{path}") };
        refused(&path, &error.into_inner())
    })
}

fn refused(path: &str, error: &serde_json::Error) -> ApiError {
    if error.classify() != serde_json::error::Category::Data {
        return ApiError::bad_json(error);
    }
    let text = error.to_string();
    let line = format!(" at line {} column {}", error.line(), error.column());
    let at = match error.line() {
        0 => String::new(),
        line => format!(" (line {line}, column {})", error.column()),
    };
    let Mistake { field, what, hint } = mistake(path, text.strip_suffix(&line).unwrap_or(&text));
    let place = if field.is_empty() { "the body".to_owned() } else { format!("`{field}`") };
    let error = ApiError::new(StatusCode::BAD_REQUEST, "bad_job", format!("{place}: {what}{at}"));
    error.hint(hint.unwrap_or_else(|| "see /docs for the fields of a job".to_owned()))
}

struct Mistake {
    field: String,
    what: String,
    hint: Option<String>,
}

/// The parts of a serde message. Its forms are those of `serde::de::Error`'s provided methods.
fn mistake(path: &str, said: &str) -> Mistake {
    let path = if path == "." { "" } else { path };
    let inner = |name: &str| match path {
        "" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    let plain = |what: String| Mistake { field: path.to_owned(), what, hint: None };
    if let Some((name, known)) = quoted_after(said, "unknown field ") {
        let known = quoted(known);
        let field = inner(name);
        let hint = suggestion(&field, name, &known);
        return Mistake { field, what: "is not a field that is known here".to_owned(), hint };
    }
    if let Some((name, _)) = quoted_after(said, "missing field ") {
        return Mistake { field: inner(name), what: "is missing".to_owned(), hint: None };
    }
    if let Some((name, _)) = quoted_after(said, "duplicate field ") {
        return Mistake { field: inner(name), what: "is given twice".to_owned(), hint: None };
    }
    if let Some((name, known)) = quoted_after(said, "unknown variant ") {
        let known = quoted(known);
        let hint = nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        let hint = hint.or_else(|| Some(format!("one of {}", known.join(", "))));
        return Mistake { field: path.to_owned(), what: format!("`{name}` is not known here"), hint };
    }
    let wrong = said.strip_prefix("invalid type: ").or_else(|| said.strip_prefix("invalid value: "));
    if let Some((found, expected)) = wrong.and_then(|rest| rest.rsplit_once(", expected ")) {
        return plain(format!("expected {}, found {}", kind(expected), found_words(found)));
    }
    if said.starts_with("bytes as a string") {
        return plain(format!("expected {said}"));
    }
    plain(said.to_owned())
}

/// The word in backticks after `start`, and what follows it.
fn quoted_after<'a>(said: &'a str, start: &str) -> Option<(&'a str, &'a str)> {
    said.strip_prefix(start)?.strip_prefix('`')?.split_once('`')
}

/// All words in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Names by which other judges and people call fields of ours.
const ALIASES: &[(&str, &str)] = &[
    ("output", "expect"),
    ("answer", "expect"),
    ("input", "stdin"),
    ("code", "source"),
    ("source_code", "source"),
    ("program", "source"),
    ("lang", "language"),
    ("language_id", "language"),
    ("callback", "webhook"),
    ("callback_url", "webhook"),
    ("argv", "args"),
    ("compiler_options", "options"),
    ("content", "source"),
    ("time_ms", "cpu_ms"),
    ("memory", "memory_bytes"),
];

/// Fields that are often written one level too high, and where they belong.
const BELONGS: &[(&str, &str)] = &[
    ("stdin", "an entry of `tests`"),
    ("expect", "an entry of `tests`"),
    ("cpu_ms", "`limits`"),
    ("wall_ms", "`limits`"),
    ("memory_bytes", "`limits`"),
    ("output_bytes", "`limits`"),
    ("processes", "`limits`"),
    ("points", "an entry of `tests`"),
];

fn suggestion(field: &str, name: &str, known: &[&str]) -> Option<String> {
    let alias = ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, ours)| *ours);
    if let Some(near) = alias.filter(|ours| known.contains(ours)).or_else(|| nearest(name, known.iter().copied())) {
        return Some(format!("did you mean `{near}`?"));
    }
    let is_top = !field.contains(['.', '[']);
    let wanted = alias.unwrap_or(name);
    if let Some((ours, place)) = BELONGS.iter().find(|(ours, _)| is_top && *ours == wanted) {
        return Some(format!("`{ours}` belongs into {place}"));
    }
    (!known.is_empty()).then(|| format!("known are {}", known.join(", ")))
}

/// The JSON name of a Rust type that serde expected.
fn kind(expected: &str) -> String {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number that is not negative",
        "i8" | "i16" | "i32" | "i64" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a borrowed string" | "string" => "a string",
        "a sequence" => "a list",
        "a map" => "an object",
        other if other.starts_with("struct ") => "an object",
        other if other.contains("enum ") => "one of the words or objects that /docs lists",
        other => return other.to_owned(),
    }
    .to_owned()
}

/// The JSON name of a value that serde found.
fn found_words(found: &str) -> String {
    let ticked = |rest: &str| rest.trim_matches('`').to_owned();
    match found.split_once(' ') {
        Some(("integer" | "boolean", value)) => ticked(value),
        Some(("floating", rest)) => ticked(rest.trim_start_matches("point ")),
        Some(("string", text)) => text.to_owned(),
        _ => match found {
            "map" => "an object".to_owned(),
            "sequence" => "a list".to_owned(),
            other => other.to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use optimus_core::JobRequest;

    fn refusal(body: &str) -> String {
        let fault = read::<JobRequest>(body.as_bytes()).unwrap_err().into_fault();
        format!("{} | {}", fault.message, fault.hint.unwrap_or_default())
    }

    #[test]
    fn a_mistake_is_named_by_its_place_and_in_our_words() {
        for (body, place, words) in [
            (r#"{"source": ""}"#, "`language`:", "is missing"),
            (r#"{"language": 7}"#, "`language`:", "expected a string, found 7"),
            (r#"{"language": "c", "tests": [{"stdin": 5}]}"#, "`tests[0].stdin`:", "expected bytes as a string"),
            (r#"{"language": "c", "tests": [{"stdin": null}]}"#, "`tests[0].stdin`:", "expected bytes as a string"),
            (r#"{"language": "c", "tests": 5}"#, "`tests`:", "expected a list, found 5"),
            (r#"{"language": "c", "tests": [{}, {"args": [1]}]}"#, "`tests[1].args[0]`:", "expected a string, found 1"),
            (
                r#"{"language": "c", "tests": [{"expected_output": ""}]}"#,
                "`tests[0].expected_output`:",
                "did you mean `expect`?",
            ),
            (r#"{"language": "c", "tests": [{"input": ""}]}"#, "`tests[0].input`:", "did you mean `stdin`?"),
            (r#"{"language": "c", "stdin": ""}"#, "`stdin`:", "belongs into an entry of `tests`"),
            (r#"{"language": "c", "sorce": ""}"#, "`sorce`:", "did you mean `source`?"),
            (r#"{"language": "c", "xy": ""}"#, "`xy`:", "known are language"),
            (r#"{"language": "c", "limits": {"cpu": 1}}"#, "`limits.cpu`:", "known are cpu_ms"),
            (r#"{"language": "c", "source": {"base64": "*"}}"#, "`source`:", "is not base64"),
            (r#"{"language": "c", "language": "c"}"#, "`language`:", "is given twice"),
            (r#"{"language": "c", "rerun_on_time_limit": -1}"#, "`rerun_on_time_limit`:", "not negative, found -1"),
            (r#"{"language": "c", "files": [{"path": "a"}]}"#, "`files[0].content`:", "is missing"),
        ] {
            let said = refusal(body);
            assert!(said.contains(place) && said.contains(words), "{body}: {said}");
        }
        let value = serde_json::json!({"language": "c", "tests": [{"stdin": 5}]});
        let fault = read_value::<JobRequest>("jobs[3]", value).unwrap_err().into_fault();
        assert!(fault.message.starts_with("`jobs[3].tests[0].stdin`:"), "{}", fault.message);
    }
}
