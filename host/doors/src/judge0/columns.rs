//! Columns of a submission, and which of them a client wants.

use optimus_core::{JobId, Timestamp};
use serde_json::{Map, Value, json};

use super::outcome::{IN_QUEUE, Outcome, PROCESSING, description};
use super::submission::{Settings, Texts};
use super::{base64, token};

/// Without `fields`.
const DEFAULT: [&str; 8] = ["token", "time", "memory", "stdout", "stderr", "compile_output", "message", "status"];

/// What `*` stands for: the columns of 1.13.
const ALL: [&str; 35] = [
    "source_code",
    "language_id",
    "stdin",
    "expected_output",
    "stdout",
    "status_id",
    "created_at",
    "finished_at",
    "time",
    "memory",
    "stderr",
    "token",
    "number_of_runs",
    "cpu_time_limit",
    "cpu_extra_time",
    "wall_time_limit",
    "memory_limit",
    "stack_limit",
    "max_processes_and_or_threads",
    "enable_per_process_and_thread_time_limit",
    "enable_per_process_and_thread_memory_limit",
    "max_file_size",
    "compile_output",
    "exit_code",
    "exit_signal",
    "message",
    "wall_time",
    "compiler_options",
    "command_line_arguments",
    "redirect_stderr_to_stdout",
    "callback_url",
    "additional_files",
    "enable_network",
    "status",
    "language",
];

/// Columns of later versions, and the verdict as Optimus has it: clients of 1.13 know none of them.
const BY_NAME: [&str; 6] = ["queued_at", "started_at", "updated_at", "queue_host", "execution_host", "verdict"];

/// The columns that a client wants.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Columns(Vec<&'static str>);

impl Default for Columns {
    fn default() -> Self {
        Self(DEFAULT.to_vec())
    }
}

impl Columns {
    /// Reads `fields`.
    ///
    /// # Errors
    /// Judge0's words for names that are no columns.
    pub(super) fn read(fields: Option<&str>) -> Result<Self, String> {
        let Some(fields) = fields.filter(|fields| !fields.trim().is_empty()) else { return Ok(Self::default()) };
        let names: Vec<&str> = fields.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
        let known = |name: &str| ALL.iter().chain(&BY_NAME).find(|column| **column == name).copied();
        let invalid: Vec<String> = names
            .iter()
            .filter(|name| **name != "*" && known(name).is_none())
            .map(|name| name.chars().take(64).collect())
            .collect();
        if !invalid.is_empty() {
            return Err(format!("invalid fields: [{}]", invalid.join(", ")));
        }
        match names.contains(&"*") {
            true => Ok(Self(ALL.to_vec())),
            false => Ok(Self(names.into_iter().filter_map(known).collect())),
        }
    }
}

/// How far a submission is.
#[derive(Clone, Copy)]
pub(super) enum State<'a> {
    Queued,
    Running,
    Done(&'a Outcome),
}

/// A submission, as far as it is known here.
pub(super) struct View<'a> {
    pub(super) id: JobId,
    pub(super) settings: Option<&'a Settings>,
    pub(super) texts: Option<&'a Texts>,
    pub(super) state: State<'a>,
}

/// A text is no UTF-8, and the client did not ask for base64.
#[derive(Debug)]
pub(super) struct NotText;

impl View<'_> {
    pub(super) fn write(&self, columns: &Columns, is_base64: bool) -> Result<Value, NotText> {
        let column = |name: &&'static str| Ok(((*name).to_owned(), self.column(name, is_base64)?));
        Ok(Value::Object(columns.0.iter().map(column).collect::<Result<Map<_, _>, NotText>>()?))
    }

    fn column(&self, name: &str, is_base64: bool) -> Result<Value, NotText> {
        let text = |bytes: Option<&[u8]>| written(bytes, is_base64);
        let done = match self.state {
            State::Done(outcome) => Some(outcome),
            State::Queued | State::Running => None,
        };
        let (settings, texts) = (self.settings, self.texts);
        Ok(match name {
            "token" => token::of_job(self.id).into(),
            "source_code" => text(texts.map(|texts| &texts.source_code[..]))?,
            "stdin" => text(texts.and_then(|texts| texts.stdin.as_deref()))?,
            "expected_output" => text(texts.and_then(|texts| texts.expected_output.as_deref()))?,
            "additional_files" => written(texts.and_then(|texts| texts.additional_files.as_deref()), true)?,
            "compiler_options" => json!(texts.and_then(|texts| texts.compiler_options.as_deref())),
            "command_line_arguments" => json!(texts.and_then(|texts| texts.command_line_arguments.as_deref())),
            "callback_url" => json!(texts.and_then(|texts| texts.callback_url.as_deref())),
            "stdout" => text(done.map(|done| &done.stdout[..]).filter(|text| !text.is_empty()))?,
            "stderr" => text(done.map(|done| &done.stderr[..]).filter(|text| !text.is_empty()))?,
            "compile_output" => text(done.map(|done| &done.compile_output[..]).filter(|text| !text.is_empty()))?,
            "message" => text(done.and_then(|done| done.message.as_deref()).map(str::as_bytes))?,
            "status" => json!({"id": self.status(), "description": description(self.status())}),
            "status_id" => self.status().into(),
            "time" => json!(done.and_then(|done| done.time).map(|time| format!("{time:.3}"))),
            "wall_time" => json!(done.and_then(|done| done.wall_time).map(|time| format!("{time:.3}"))),
            "memory" => json!(done.and_then(|done| done.memory)),
            "exit_code" => json!(done.and_then(|done| done.exit_code)),
            "exit_signal" => json!(done.and_then(|done| done.exit_signal)),
            "verdict" => json!(done.map(|done| done.verdict)),
            "created_at" | "queued_at" => json!(self.id.created_at()),
            "started_at" => json!(done.and_then(|done| done.report.started_at)),
            "finished_at" => json!(done.and_then(|done| done.report.finished_at)),
            "updated_at" => json!(self.updated_at(done)),
            "queue_host" | "execution_host" => Value::Null,
            name => settings.map_or(Value::Null, |settings| setting(settings, name)),
        })
    }

    fn status(&self) -> u8 {
        match self.state {
            State::Queued => IN_QUEUE,
            State::Running => PROCESSING,
            State::Done(outcome) => outcome.status,
        }
    }

    fn updated_at(&self, done: Option<&Outcome>) -> Option<Timestamp> {
        done.and_then(|done| done.report.finished_at).or(self.id.created_at())
    }
}

/// Columns of decimals are strings, as Rails writes them.
fn setting(settings: &Settings, name: &str) -> Value {
    let decimal = |number: f64| Value::from(format!("{number:?}"));
    match name {
        "language_id" => settings.language_id.into(),
        // The name is added by whoever knows the languages.
        "language" => json!({"id": settings.language_id, "name": null}),
        "number_of_runs" => settings.number_of_runs.into(),
        "cpu_time_limit" => decimal(settings.cpu_time_limit),
        "cpu_extra_time" => decimal(settings.cpu_extra_time),
        "wall_time_limit" => decimal(settings.wall_time_limit),
        "memory_limit" => settings.memory_limit.into(),
        "stack_limit" => settings.stack_limit.into(),
        "max_processes_and_or_threads" => settings.max_processes_and_or_threads.into(),
        "max_file_size" => settings.max_file_size.into(),
        "redirect_stderr_to_stdout" => settings.redirect_stderr_to_stdout.into(),
        "enable_network"
        | "enable_per_process_and_thread_time_limit"
        | "enable_per_process_and_thread_memory_limit" => false.into(),
        _ => Value::Null,
    }
}

fn written(bytes: Option<&[u8]>, is_base64: bool) -> Result<Value, NotText> {
    match bytes {
        None => Ok(Value::Null),
        Some(bytes) if is_base64 => Ok(base64::encode(bytes).into()),
        Some(bytes) => Ok(std::str::from_utf8(bytes).map_err(|_| NotText)?.into()),
    }
}
