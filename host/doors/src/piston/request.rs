//! What `execute` is asked for, checked in Piston's order and words.

use optimus_core::job::{FileRequest, Policy};
use optimus_core::{BoxPath, Content, JobRequest, LimitsRequest, Test};
use serde_json::Value;

use super::runtime::Runtime;
use crate::lenient;

/// Defaults in ms, by the clock and of CPU time.
const RUN_MS: u64 = 3_000;
/// What a program may print, in bytes; less, where the server's own cap is.
const OUTPUT_BYTES: u64 = 1 << 20;

/// A request that makes sense by itself.
#[derive(Debug, PartialEq)]
pub(super) struct Execute {
    pub(super) language: String,
    pub(super) version: String,
    files: Vec<File>,
    /// Which of the files is the program.
    entry: usize,
    stdin: String,
    args: Vec<String>,
    limits: Limits,
}

#[derive(Debug, PartialEq)]
struct File {
    name: Option<String>,
    content: Vec<u8>,
}

/// None: the default.
#[derive(Debug, Default, PartialEq)]
struct Limits {
    wall_ms: Option<u64>,
    cpu_ms: Option<u64>,
    memory_bytes: Option<u64>,
}

impl Execute {
    /// Reads a body.
    ///
    /// # Errors
    /// The first mistake, as Piston says it.
    pub(super) fn read(body: &Value, policy: &Policy) -> Result<Self, String> {
        let text = |name: &str| {
            let text = body[name].as_str().filter(|text| !text.is_empty());
            text.map(str::to_owned).ok_or_else(|| format!("{name} is required as a string"))
        };
        let (language, version) = (text("language")?, text("version")?);
        let sent = body["files"].as_array().ok_or("files is required as an array")?;
        let (mut files, mut entry) = (Vec::with_capacity(sent.len()), None);
        for (i, file) in sent.iter().enumerate() {
            let content =
                file["content"].as_str().ok_or_else(|| format!("files[{i}].content is required as a string"))?;
            let content = match file["encoding"].as_str() {
                Some("base64") => lenient::base64(content),
                Some("hex") => lenient::hex(content),
                _ => {
                    entry.get_or_insert(i);
                    content.as_bytes().to_vec()
                }
            };
            let name = file["name"].as_str().filter(|name| !name.is_empty()).map(str::to_owned);
            files.push(File { name, content });
        }
        let limits = limits(body, policy)?;
        let entry = entry.ok_or("files must include at least one utf8 encoded file")?;
        let mut stdin = body["stdin"].as_str().unwrap_or_default().to_owned();
        if !stdin.is_empty() && !stdin.ends_with('\n') {
            stdin.push('\n');
        }
        Ok(Self { language, version, files, entry, stdin, args: args(&body["args"])?, limits })
    }

    /// The job.
    ///
    /// # Errors
    /// A name that no file can have.
    pub(super) fn into_job(self, runtime: &Runtime, policy: &Policy) -> Result<JobRequest, String> {
        let Self { files, entry, stdin, args, limits, .. } = self;
        let mut files = files
            .into_iter()
            .enumerate()
            .map(|(i, file)| {
                let path = path(file.name, i, i == entry, runtime);
                BoxPath::new(path.as_str()).map_err(|why| format!("files[{i}].name {why}"))?;
                Ok(FileRequest { path, content: Content::from(file.content) })
            })
            .collect::<Result<Vec<_>, String>>()?;
        // The first file is the one to start with.
        files[..=entry].rotate_right(1);
        let wall_ms = limits.wall_ms.unwrap_or(RUN_MS.min(policy.cap.wall_ms));
        let cpu_ms = limits.cpu_ms.unwrap_or(wall_ms).min(wall_ms).min(policy.cap.cpu_ms);
        let output_bytes = OUTPUT_BYTES.min(policy.cap.output_bytes);
        Ok(JobRequest {
            language: runtime.descriptor.id.clone(),
            entry: files.first().map(|file| file.path.clone()),
            files,
            args,
            tests: vec![Test { stdin: stdin.into_bytes().into(), ..Test::default() }],
            limits: LimitsRequest {
                wall_ms: Some(wall_ms.into()),
                cpu_ms: Some(cpu_ms.into()),
                memory_bytes: limits.memory_bytes.map(Into::into),
                output_bytes: Some(output_bytes.into()),
                ..LimitsRequest::default()
            },
            exact_limits: true,
            capture_bytes: Some(output_bytes.min(policy.max_capture_bytes)),
            ..JobRequest::default()
        })
    }
}

/// Piston runs a program of any name; compilers and plugins know a source by how its name ends.
fn path(name: Option<String>, index: usize, is_entry: bool, runtime: &Runtime) -> String {
    let (descriptor, extension) = (&runtime.descriptor, runtime.descriptor.extension());
    match name {
        None if is_entry => format!("main.{extension}"),
        None => format!("file{index}.code"),
        Some(name) if is_entry => {
            let is_known =
                name.rsplit_once('.').is_some_and(|(_, end)| descriptor.extensions.iter().any(|own| own == end));
            if is_known { name } else { format!("{name}.{extension}") }
        }
        Some(name) => name,
    }
}

fn args(value: &Value) -> Result<Vec<String>, String> {
    let bad = || "args is required as an array of strings".to_owned();
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(args) => args.iter().map(|arg| arg.as_str().map(str::to_owned).ok_or_else(bad)).collect(),
        _ => Err(bad()),
    }
}

/// Limits of compile steps are checked and have no effect: they are the server's.
fn limits(body: &Value, policy: &Policy) -> Result<Limits, String> {
    let cap = &policy.cap;
    for (name, most) in [("compile_timeout", cap.wall_ms), ("compile_cpu_time", cap.cpu_ms)] {
        limit(body, name, Some(most))?;
    }
    limit(body, "compile_memory_limit", None)?;
    Ok(Limits {
        memory_bytes: limit(body, "run_memory_limit", None)?.map(|bytes| bytes.min(cap.memory_bytes)),
        wall_ms: limit(body, "run_timeout", Some(cap.wall_ms))?,
        cpu_ms: limit(body, "run_cpu_time", Some(cap.cpu_ms))?,
    })
}

/// A number; 0, and below where there is no cap, are the default, as Piston has them.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "bounded")]
fn limit(body: &Value, name: &str, most: Option<u64>) -> Result<Option<u64>, String> {
    let value = match &body[name] {
        Value::Null | Value::Bool(false) => return Ok(None),
        value => value,
    };
    let number = value.as_f64().ok_or_else(|| format!("If specified, {name} must be a number"))?;
    if let Some(most) = most {
        if number > most as f64 {
            return Err(format!("{name} cannot exceed the configured limit of {most}"));
        }
        if number < 0.0 {
            return Err(format!("{name} must be non-negative"));
        }
    }
    // A fraction of a unit is one.
    Ok((number > 0.0).then(|| (number.min(9e15).ceil() as u64).max(1)))
}
