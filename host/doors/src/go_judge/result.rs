//! What a report comes to in go-judge's terms.

use std::collections::BTreeMap;

use optimus_core::outcome::Excerpt;
use optimus_core::{Exit, LimitHit, Report, TestReport, Verdict};
use serde::Serialize;

use super::job::{Collector, Command, Wanted};
use crate::store::OwnFiles;

/// The end of a command.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Outcome {
    status: &'static str,
    exit_status: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// CPU time, in ns.
    time: u64,
    /// In bytes.
    memory: u64,
    /// By the clock, in ns.
    run_time: u64,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    files: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    file_ids: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    file_error: Vec<FileError>,
}

/// A file that could not be copied.
#[derive(Debug, Serialize)]
struct FileError {
    name: String,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    message: String,
}

const ACCEPTED: &str = "Accepted";
const FILE_ERROR: &str = "File Error";
const INTERNAL_ERROR: &str = "Internal Error";
const OUTPUT_LIMIT_EXCEEDED: &str = "Output Limit Exceeded";

impl Outcome {
    pub(super) fn of(command: &Command, report: &Report, own: &OwnFiles) -> Self {
        let Some(test) = report.tests.first() else { return Self::failed(report, None) };
        if matches!(report.verdict, Verdict::InternalError | Verdict::Cancelled) {
            return Self::failed(report, Some(test));
        }
        let (status, exit_status) = ending(test);
        let mut outcome = Self {
            status,
            exit_status,
            error: matches!(test.exit, Some(Exit::NotStarted(_)) | None).then(|| said(test)),
            time: nanoseconds(test.cpu_ms),
            memory: test.memory_bytes,
            run_time: nanoseconds(test.wall_ms),
            files: BTreeMap::new(),
            file_ids: BTreeMap::new(),
            file_error: Vec::new(),
        };
        outcome.collect(command.stdout.as_ref(), &test.stdout, own);
        outcome.collect(command.stderr.as_ref(), &test.stderr, own);
        outcome.copy_out(command, test, own);
        if outcome.status == ACCEPTED && !outcome.file_error.is_empty() {
            outcome.status = FILE_ERROR;
        }
        outcome
    }

    fn failed(report: &Report, test: Option<&TestReport>) -> Self {
        let fault = report.error.as_ref().or_else(|| test?.error.as_ref());
        let error = fault.map_or_else(|| report.verdict.to_string(), |fault| fault.message.clone());
        // A command that was cancelled is killed at go-judge.
        let (status, exit_status) = match report.verdict {
            Verdict::Cancelled => ("Signalled", 9),
            _ => (INTERNAL_ERROR, 0),
        };
        Self {
            status,
            exit_status,
            error: Some(error),
            time: 0,
            memory: 0,
            run_time: 0,
            files: BTreeMap::new(),
            file_ids: BTreeMap::new(),
            file_error: Vec::new(),
        }
    }

    /// What a stream's collector has, up to its own maximum.
    fn collect(&mut self, collector: Option<&Collector>, stream: &Excerpt, own: &OwnFiles) {
        let Some(Collector { name, most, is_cached }) = collector else { return };
        let bytes = stream.content.as_bytes();
        if bytes.len() > *most || stream.truncated {
            self.fail(name, "CollectSizeExceeded", format!("printed more than {most} bytes"));
            if self.status == ACCEPTED {
                self.status = OUTPUT_LIMIT_EXCEEDED;
            }
        }
        self.deliver(name, bytes.get(..*most).unwrap_or(bytes), *is_cached, own);
    }

    fn copy_out(&mut self, command: &Command, test: &TestReport, own: &OwnFiles) {
        for Wanted { name, is_optional, is_cached } in &command.out {
            let found = test.files.iter().find(|file| file.path == *name);
            let Some(content) = found.and_then(|file| file.content.as_ref()) else {
                match note(test.files_message.as_deref(), name) {
                    Some(note) if note.ends_with("not a file") => {
                        self.fail(name, "CopyOutNotRegularFile", note.to_owned())
                    }
                    Some(note) => self.fail(name, "CopyOutCopyContent", note.to_owned()),
                    None if *is_optional => {}
                    None => self.fail(name, "CopyOutOpen", "no such file or directory".to_owned()),
                }
                continue;
            };
            let most = command.out_max.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
            if content.len() > most && !command.truncates {
                self.fail(name, "CopyOutSizeExceeded", format!("size {} is larger than {most}", content.len()));
                continue;
            }
            self.deliver(name, &content.as_bytes()[..content.len().min(most)], *is_cached, own);
        }
    }

    /// Puts a file into the answer, or keeps it and puts its id there.
    fn deliver(&mut self, name: &str, content: &[u8], is_cached: bool, own: &OwnFiles) {
        if !is_cached {
            self.files.insert(name.to_owned(), String::from_utf8_lossy(content).into_owned());
            return;
        }
        match own.keep(name, content) {
            Ok(id) => drop(self.file_ids.insert(name.to_owned(), id)),
            Err(message) => self.fail(name, "CopyOutCopyContent", message),
        }
    }

    fn fail(&mut self, name: &str, kind: &'static str, message: String) {
        self.file_error.push(FileError { name: name.to_owned(), kind, message });
    }
}

/// What a report says of one file that was not collected, among what it says of all.
fn note<'m>(message: Option<&'m str>, name: &str) -> Option<&'m str> {
    let begin = format!("`{name}` ");
    message?.split("; ").find(|note| note.starts_with(&begin))
}

/// The status and, of a signal, its number.
fn ending(test: &TestReport) -> (&'static str, i32) {
    let number = match test.exit {
        Some(Exit::Code(number) | Exit::Signal(number)) => number,
        Some(Exit::NotStarted(_)) | None => 0,
    };
    let status = match (test.limit, &test.exit) {
        (Some(LimitHit::CpuTime | LimitHit::WallTime | LimitHit::Fuel), _) => "Time Limit Exceeded",
        (Some(LimitHit::Memory | LimitHit::KernelMemory), _) => "Memory Limit Exceeded",
        (Some(LimitHit::Output | LimitHit::FileSize), _) => OUTPUT_LIMIT_EXCEEDED,
        (Some(LimitHit::ForbiddenCall), _) => "Dangerous Syscall",
        (None, Some(Exit::Code(0))) => ACCEPTED,
        (None, Some(Exit::Code(_))) => "Nonzero Exit Status",
        (None, Some(Exit::Signal(_))) => "Signalled",
        (None, Some(Exit::NotStarted(_)) | None) => INTERNAL_ERROR,
    };
    (status, number)
}

fn said(test: &TestReport) -> String {
    test.message.clone().unwrap_or_else(|| test.verdict.to_string())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "times of a run are positive and short")]
fn nanoseconds(ms: f64) -> u64 {
    (ms * 1e6) as u64
}
