//! What `run_code` is asked for, and what is wrong with it in pydantic's terms.

use std::time::Duration;

use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::{Availability, LanguageInfo};
use optimus_core::languages::LanguageBook;
use optimus_core::{BoxPath, Content, JobRequest, LimitsRequest, Test};
use serde_json::{Map, Value, json};

use crate::lenient;

/// A field that cannot be read.
#[derive(Debug, PartialEq)]
pub(super) struct Mistake {
    place: Vec<String>,
    kind: &'static str,
    message: String,
    input: Value,
}

impl Mistake {
    pub(super) fn new(place: &[&str], kind: &'static str, message: impl Into<String>, input: Value) -> Self {
        let place = place.iter().filter(|part| !part.is_empty()).map(|part| (*part).to_owned()).collect();
        Self { place, kind, message: message.into(), input }
    }

    pub(super) fn as_json(&self) -> Value {
        json!({"type": self.kind, "loc": self.place, "msg": self.message, "input": self.input})
    }
}

/// A request that makes sense by itself.
#[derive(Debug, PartialEq)]
pub(super) struct RunCode {
    code: String,
    pub(super) language: String,
    stdin: String,
    compile_timeout: f64,
    run_timeout: f64,
    memory_mib: Option<u64>,
    files: Vec<(String, Vec<u8>)>,
}

/// Seconds, where none are given.
const TIMEOUT: f64 = 10.0;
/// Files of this name are for its own data sets.
const IGNORED: &str = "IGNORE_THIS_FILE";
/// What a program may print; less, where the server's own cap is.
const OUTPUT_BYTES: u64 = 1 << 20;

impl RunCode {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Mistake> {
        let body: Value = serde_json::from_slice(bytes).map_err(|error| {
            Mistake::new(&["body"], "json_invalid", format!("JSON decode error: {error}"), json!({}))
        })?;
        let Value::Object(body) = body else {
            let message = "Input should be a valid dictionary or object to extract fields from";
            return Err(Mistake::new(&["body"], "model_attributes_type", message, body));
        };
        if let Some(first) = body.get("fetch_files").and_then(Value::as_array).and_then(|files| files.first()) {
            let message = "Value error, files that a run leaves cannot be fetched from this server yet";
            return Err(Mistake::new(&["body", "fetch_files"], "value_error", message, first.clone()));
        }
        let memory = number(&body, "memory_limit_MB", -1.0)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive and bounded")]
        let memory_mib = (memory >= 1.0).then(|| memory.min(1e9) as u64);
        Ok(Self {
            code: text(&body, "code")?.ok_or_else(|| missing("code", &body))?,
            language: text(&body, "language")?.ok_or_else(|| missing("language", &body))?,
            stdin: text(&body, "stdin")?.unwrap_or_default(),
            compile_timeout: number(&body, "compile_timeout", TIMEOUT)?,
            run_timeout: number(&body, "run_timeout", TIMEOUT)?,
            memory_mib,
            files: files(&body)?,
        })
    }

    /// How long its program may take in all.
    pub(super) fn patience(&self) -> Duration {
        Duration::from_secs_f64((self.compile_timeout + self.run_timeout).clamp(0.0, 1e6))
    }

    pub(super) fn into_job(self, language: &LanguageInfo, policy: &Policy) -> Result<JobRequest, Mistake> {
        let source = format!("main.{}", language.descriptor.extension());
        let mut files = vec![FileRequest { path: source.clone(), content: Content::from(self.code.into_bytes()) }];
        for (name, content) in self.files {
            let path = name.strip_prefix("./").unwrap_or(&name).to_owned();
            if let Err(why) = BoxPath::new(path.as_str()) {
                let message = format!("Value error, the path {why}");
                return Err(Mistake::new(&["body", "files", &name], "value_error", message, json!(name)));
            }
            if path != source {
                files.push(FileRequest { path, content: Content::from(content) });
            }
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped")]
        let ms = (self.run_timeout.clamp(0.001, 1e9) * 1_000.0).ceil() as u64;
        let wall_ms = ms.min(policy.cap.wall_ms);
        let output_bytes = OUTPUT_BYTES.min(policy.cap.output_bytes);
        let memory = self.memory_mib.map(|mib| (mib << 20).min(policy.cap.memory_bytes));
        Ok(JobRequest {
            language: language.descriptor.id.clone(),
            files,
            entry: Some(source),
            tests: vec![Test { stdin: self.stdin.into_bytes().into(), ..Test::default() }],
            limits: LimitsRequest {
                wall_ms: Some(wall_ms.into()),
                cpu_ms: Some(wall_ms.min(policy.cap.cpu_ms).into()),
                memory_bytes: memory.map(Into::into),
                output_bytes: Some(output_bytes.into()),
                ..LimitsRequest::default()
            },
            exact_limits: true,
            capture_bytes: Some(output_bytes.min(policy.max_capture_bytes)),
            ..JobRequest::default()
        })
    }
}

fn missing(name: &str, body: &Map<String, Value>) -> Mistake {
    let input: Map<String, Value> =
        body.iter().filter(|(key, _)| *key != "files" && *key != "code").map(|(k, v)| (k.clone(), v.clone())).collect();
    Mistake::new(&["body", name], "missing", "Field required", input.into())
}

fn text(body: &Map<String, Value>, name: &str) -> Result<Option<String>, Mistake> {
    match body.get(name) {
        None => Ok(None),
        Some(Value::Null) if name == "stdin" => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => {
            Err(Mistake::new(&["body", name], "string_type", "Input should be a valid string", other.clone()))
        }
    }
}

/// pydantic reads numbers from strings, too.
fn number(body: &Map<String, Value>, name: &str, default: f64) -> Result<f64, Mistake> {
    let Some(value) = body.get(name) else { return Ok(default) };
    let read = match value {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    let message = "Input should be a valid number";
    read.filter(|number: &f64| number.is_finite())
        .ok_or_else(|| Mistake::new(&["body", name], "float_type", message, value.clone()))
}

fn files(body: &Map<String, Value>) -> Result<Vec<(String, Vec<u8>)>, Mistake> {
    let files = match body.get("files") {
        None => return Ok(Vec::new()),
        Some(Value::Object(files)) => files,
        Some(other) => {
            let message = "Input should be a valid dictionary";
            return Err(Mistake::new(&["body", "files"], "dict_type", message, other.clone()));
        }
    };
    let mut read = Vec::new();
    for (name, content) in files.iter().filter(|(name, _)| !name.contains(IGNORED)) {
        match content {
            Value::Null => {}
            Value::String(text) => read.push((name.clone(), lenient::base64(text))),
            other => {
                let message = "Input should be a valid string";
                return Err(Mistake::new(&["body", "files", name], "string_type", message, other.clone()));
            }
        }
    }
    Ok(read)
}

/// The language of this id, alias or Piston's name, in any case: `R` is one of SandboxFusion's.
pub(super) fn language(book: &LanguageBook, name: &str) -> Option<LanguageInfo> {
    let is_called = |info: &&LanguageInfo| {
        let descriptor = &info.descriptor;
        let names = std::iter::once(&descriptor.id).chain(&descriptor.aliases).chain(&descriptor.piston_names);
        names.into_iter().any(|own| own.eq_ignore_ascii_case(name))
    };
    let is_here = |info: &&LanguageInfo| !matches!(info.availability, Availability::Unavailable { .. });
    book.all().iter().find(|info| is_here(info) && is_called(info)).cloned()
}

/// Names those that there are.
pub(super) fn unknown_language(book: &LanguageBook, name: &str) -> Mistake {
    let ids: Vec<String> = book.all().iter().map(|info| format!("'{}'", info.descriptor.id)).collect();
    let name: String = name.chars().take(64).collect();
    Mistake::new(&["body", "language"], "literal_error", format!("Input should be {}", ids.join(", ")), json!(name))
}
