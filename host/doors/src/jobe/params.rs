//! The `parameters` of a run: limits, and arguments.

use optimus_core::LimitsRequest;
use optimus_core::job::Policy;
use optimus_core::language::LanguageInfo;
use serde_json::Value;

use crate::language::has_option;

/// Seconds of CPU time; by the clock it is twice that.
const CPU_SECONDS: f64 = 5.0;
/// Memory, in Jobe's megabytes.
const MEMORY: f64 = 400.0;
/// The largest file that may be written.
const DISK: f64 = 20.0;
/// What is kept of stdout and of stderr.
const STREAM: f64 = 2.0;
const PROCESSES: f64 = 30.0;
/// Bytes of what Jobe calls a megabyte.
const MEGABYTE: f64 = 1_000.0 * 1_024.0;

/// Arguments are words by now.
#[derive(Debug, PartialEq)]
pub(super) struct Params {
    /// For the compiler.
    pub(super) flags: Vec<String>,
    /// For the program.
    pub(super) args: Vec<String>,
    cpu_seconds: f64,
    memory: f64,
    disk: f64,
    stream: f64,
    processes: f64,
}

impl Params {
    pub(super) fn read(given: Option<&Value>) -> Result<Self, String> {
        let given = given.unwrap_or(&Value::Null);
        // An empty map of PHP's is an empty list in JSON.
        let is_none = given.is_null() || given.as_array().is_some_and(Vec::is_empty);
        if !is_none && !given.is_object() {
            return Err("run_spec attribute 'parameters' is not an object".to_owned());
        }
        for name in ["interpreterargs", "main_class"] {
            let is_set = !matches!(&given[name], Value::Null | Value::Bool(false));
            if is_set && given[name].as_array().is_none_or(|list| !list.is_empty()) {
                return Err(format!("{name} is not supported on this server, whose plugins start programs"));
            }
        }
        let mut flags = words(given, "compileargs")?;
        flags.extend(words(given, "linkargs")?);
        Ok(Self {
            flags,
            args: words(given, "runargs")?,
            cpu_seconds: number(given, "cputime", CPU_SECONDS),
            memory: number(given, "memorylimit", MEMORY),
            disk: number(given, "disklimit", DISK),
            stream: number(given, "streamsize", STREAM),
            processes: number(given, "numprocs", PROCESSES),
        })
    }

    pub(super) fn check(&self, language: &LanguageInfo, policy: &Policy) -> Result<(), String> {
        let most = policy.cap.cpu_ms / 1_000;
        if bounded(self.cpu_seconds.trunc()) > most {
            return Err(format!("cputime exceeds maximum allowed on this Jobe server ({most} secs)"));
        }
        match self.flags.is_empty() || has_option(language, "flags") {
            true => Ok(()),
            false => Err("compileargs and linkargs are not supported on this server for this language".to_owned()),
        }
    }

    pub(super) fn limits(&self, policy: &Policy) -> LimitsRequest {
        let cap = &policy.cap;
        let cpu_ms = bounded(self.cpu_seconds * 1_000.0).min(cap.cpu_ms);
        let most = cap.memory_bytes.min(policy.machine_bytes.unwrap_or(u64::MAX));
        LimitsRequest {
            cpu_ms: Some(cpu_ms.into()),
            wall_ms: Some((2 * cpu_ms).min(cap.wall_ms).max(cpu_ms).into()),
            memory_bytes: Some(bounded(self.memory * MEGABYTE).min(most).into()),
            file_bytes: Some(bounded(self.disk * MEGABYTE).min(cap.file_bytes).into()),
            // Jobe cuts what it keeps of a stream, and lets the program run on.
            output_bytes: Some(cap.output_bytes.into()),
            processes: Some(bounded(self.processes).min(cap.processes).into()),
            ..LimitsRequest::default()
        }
    }

    pub(super) fn stream_bytes(&self, policy: &Policy) -> u64 {
        bounded(self.stream * MEGABYTE).min(policy.max_capture_bytes).min(policy.cap.output_bytes)
    }
}

/// A number, or the text of one. Anything else is the default, and so is 0, which is no limit or no time at Jobe.
fn number(given: &Value, name: &str, default: f64) -> f64 {
    let number = match &given[name] {
        Value::String(text) => text.trim().parse().ok(),
        value => value.as_f64(),
    };
    number.filter(|number: &f64| number.is_finite() && *number > 0.0).unwrap_or(default)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded")]
fn bounded(number: f64) -> u64 {
    number.ceil().clamp(1.0, 1e15) as u64
}

/// A list of arguments, which Jobe joins for a shell to take apart.
fn words(given: &Value, name: &str) -> Result<Vec<String>, String> {
    let list = match &given[name] {
        Value::Null => return Ok(Vec::new()),
        list => list.as_array().ok_or_else(|| format!("{name} is not a list"))?,
    };
    let texts: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
    let joined = texts.ok_or_else(|| format!("{name} is not a list of strings"))?.join(" ");
    shlex::split(&joined).ok_or_else(|| format!("{name} has a quotation mark that is not closed"))
}
