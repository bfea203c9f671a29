//! Checks a submission as Judge0's model does, and makes a job of it. Each mistake is named by its column, in Rails' words.

mod number;

use std::collections::BTreeMap;

use bytes::Bytes;
use optimus_core::job::{FileRequest, Policy};
use optimus_core::language::LanguageInfo;
use optimus_core::{Comparer, Content, JobRequest, LimitsRequest, Test, Webhook};
use serde_json::{Map, Value, json};

use self::number::Rule;
use super::config::{self, Maxima};
use super::params::Params;
use super::submission::{LABEL, Settings, Submission, Texts};
use super::{languages, zip};
use crate::lenient;

/// What is wrong, by column.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Mistakes(BTreeMap<&'static str, Vec<String>>);

impl Mistakes {
    pub(super) fn add(&mut self, column: &'static str, what: impl Into<String>) {
        self.0.entry(column).or_default().push(what.into());
    }

    pub(super) fn into_json(self) -> Value {
        json!(self.0)
    }
}

/// What the job's own checks found, by column.
pub(super) fn refused(field: &str, message: &str) -> Value {
    let column = match field.split(['.', '[']).collect::<Vec<_>>()[..] {
        ["webhook", ..] => "callback_url",
        ["limits", "cpu_ms", ..] => "cpu_time_limit",
        ["limits", "wall_ms", ..] => "wall_time_limit",
        ["limits", "memory_bytes", ..] => "memory_limit",
        ["limits", "processes", ..] => "max_processes_and_or_threads",
        ["limits", "file_bytes" | "output_bytes", ..] => "max_file_size",
        ["language", ..] => "language_id",
        ["options", ..] => "compiler_options",
        ["args", ..] => "command_line_arguments",
        ["files", ..] => "additional_files",
        _ => "base",
    };
    let what = message.strip_prefix(&format!("`{field}`: ")).unwrap_or(message);
    Value::Object(Map::from_iter([(column.to_owned(), json!([what]))]))
}

/// Longest `compiler_options` and `command_line_arguments`, in characters.
const OPTIONS_LENGTH: usize = 512;
/// What Judge0 takes out of both.
const STRIPPED: [char; 7] = ['$', '&', ';', '<', '>', '|', '`'];

/// Reads a submission.
///
/// # Errors
/// All that is wrong with it.
pub(super) fn read(
    params: &Params,
    is_base64: bool,
    languages: &BTreeMap<u32, LanguageInfo>,
    policy: &Policy,
) -> Result<(Submission, JobRequest), Mistakes> {
    let mut mistakes = Mistakes::default();
    let decoded = |name: &str| {
        let text = params.text(name)?;
        Some(Bytes::from(if is_base64 { lenient::base64(&text) } else { text.into_bytes() }))
    };
    let texts = Texts {
        source_code: decoded("source_code").unwrap_or_default(),
        stdin: decoded("stdin"),
        expected_output: decoded("expected_output"),
        additional_files: params.text("additional_files").map(|text| lenient::base64(&text).into()),
        compiler_options: words(params, "compiler_options", &mut mistakes),
        command_line_arguments: words(params, "command_line_arguments", &mut mistakes),
        callback_url: params.text("callback_url").filter(|url| !url.is_empty()),
    };
    if texts.source_code.trim_ascii().is_empty() {
        mistakes.add("source_code", "can't be blank");
    }
    let language = language(params, languages, &mut mistakes);
    if let Some((_, language)) = &language
        && texts.compiler_options.is_some()
        && !languages::takes_flags(language)
    {
        mistakes.add("compiler_options", "setting compiler options is only allowed for compiled languages");
    }
    for name in
        ["enable_per_process_and_thread_time_limit", "enable_per_process_and_thread_memory_limit", "enable_network"]
    {
        if params.flag(name) == Some(true) {
            mistakes.add(name, "this option cannot be enabled");
        }
    }
    let is_blank = |text: &Bytes| text.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0);
    let settings = Settings {
        language_id: language.as_ref().map_or(0, |(id, _)| *id),
        expects_blank: texts.expected_output.as_ref().is_some_and(is_blank),
        redirect_stderr_to_stdout: params.flag("redirect_stderr_to_stdout").unwrap_or(false),
        ..number::read(params, &Maxima::of(policy), &mut mistakes)
    };
    if settings.redirect_stderr_to_stdout && texts.expected_output.is_some() {
        let what = "cannot be enabled together with expected_output: stderr is not compared";
        mistakes.add("redirect_stderr_to_stdout", what);
    }
    let Some((_, language)) = language.filter(|_| mistakes == Mistakes::default()) else { return Err(mistakes) };
    let submission = Submission { settings, texts };
    let request = job(&submission, &language, policy, &mut mistakes);
    if mistakes == Mistakes::default() { Ok((submission, request)) } else { Err(mistakes) }
}

fn language(
    params: &Params,
    languages: &BTreeMap<u32, LanguageInfo>,
    mistakes: &mut Mistakes,
) -> Option<(u32, LanguageInfo)> {
    let Some(given) = params.text("language_id").filter(|id| !id.trim().is_empty()) else {
        mistakes.add("language_id", "can't be blank");
        return None;
    };
    let found = given.trim().parse().ok().and_then(|id: u32| Some((id, languages.get(&id)?.clone())));
    match &found {
        None => {
            let shown: String = given.chars().take(32).collect();
            mistakes.add("language_id", format!("language with id {shown} doesn't exist"));
        }
        Some((id, language)) if languages::is_archived(language) => {
            mistakes.add("language_id", format!("language with id {id} is archived and cannot be used anymore"));
        }
        Some(_) => {}
    }
    found
}

fn words(params: &Params, name: &'static str, mistakes: &mut Mistakes) -> Option<String> {
    let text = params.text(name)?;
    if text.chars().count() > OPTIONS_LENGTH {
        mistakes.add(name, format!("is too long (maximum is {OPTIONS_LENGTH} characters)"));
    }
    let text = text.replace(STRIPPED, "");
    (!text.trim().is_empty()).then_some(text)
}

/// Words as a shell takes them apart.
fn split(text: Option<&String>, name: &'static str, mistakes: &mut Mistakes) -> Vec<String> {
    let Some(text) = text else { return Vec::new() };
    shlex::split(text).unwrap_or_else(|| {
        mistakes.add(name, "has a quotation mark that is not closed");
        Vec::new()
    })
}

/// The job of a submission.
fn job(submission: &Submission, language: &LanguageInfo, policy: &Policy, mistakes: &mut Mistakes) -> JobRequest {
    let Submission { settings, texts } = submission;
    let source = languages::source_file(language);
    let mut files = vec![FileRequest { path: source.clone(), content: Content::from(texts.source_code.clone()) }];
    if let Some(archive) = texts.additional_files.as_ref().filter(|archive| !archive.is_empty()) {
        match zip::unpack(archive, config::EXTRACTED << 10, policy.max_files.saturating_sub(1), &source) {
            Ok(more) => files.extend(more),
            Err(why) => mistakes.add("additional_files", why),
        }
    }
    let flags = split(texts.compiler_options.as_ref(), "compiler_options", mistakes);
    let test = Test {
        stdin: Content::from(texts.stdin.clone().unwrap_or_default()),
        expect: texts.expected_output.clone().map(Content::from),
        ..Test::default()
    };
    JobRequest {
        language: language.descriptor.id.clone(),
        files,
        entry: Some(source),
        args: split(texts.command_line_arguments.as_ref(), "command_line_arguments", mistakes),
        options: if flags.is_empty() { Map::new() } else { Map::from_iter([("flags".to_owned(), json!(flags))]) },
        tests: vec![test; settings.number_of_runs as usize],
        limits: limits(settings),
        compare: Some(Comparer::Judge0),
        exact_limits: true,
        stop_at_first_failure: true,
        capture_bytes: Some((settings.max_file_size << 10).min(policy.max_capture_bytes)),
        labels: BTreeMap::from([(LABEL.to_owned(), settings.label())]),
        webhook: texts.callback_url.clone().map(|url| Webhook { url, secret: None }),
        ..JobRequest::default()
    }
}

/// Without a limit of CPU time, that of time by the clock bounds both.
fn limits(settings: &Settings) -> LimitsRequest {
    let ms = |seconds: f64| Rule::ms(seconds).max(1);
    let wall = ms(settings.wall_time_limit);
    let cpu = if settings.cpu_time_limit > 0.0 { ms(settings.cpu_time_limit).min(wall) } else { wall };
    let file_bytes = settings.max_file_size << 10;
    LimitsRequest {
        cpu_ms: Some(cpu.into()),
        wall_ms: Some(wall.into()),
        memory_bytes: Some((settings.memory_limit << 10).into()),
        processes: Some(settings.max_processes_and_or_threads.into()),
        file_bytes: Some(file_bytes.into()),
        output_bytes: Some(file_bytes.into()),
        ..LimitsRequest::default()
    }
}
