//! A submission as Judge0 stores one: numbers and switches, which travel with the job, and texts, which do not.

use bytes::Bytes;
use optimus_core::Report;
use serde::{Deserialize, Serialize};

/// The label of a job that came through this door: its settings as JSON.
pub(super) const LABEL: &str = "judge0";

/// What a submission asks for, without its texts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) language_id: u32,
    pub(super) number_of_runs: u32,
    pub(super) cpu_time_limit: f64,
    pub(super) cpu_extra_time: f64,
    pub(super) wall_time_limit: f64,
    pub(super) memory_limit: u64,
    pub(super) stack_limit: u64,
    pub(super) max_processes_and_or_threads: u64,
    pub(super) max_file_size: u64,
    pub(super) redirect_stderr_to_stdout: bool,
    /// An expected output of white space alone, to which Judge0 holds no output at all unequal.
    pub(super) expects_blank: bool,
}

impl Settings {
    /// Of a job that came through this door.
    pub(super) fn of(report: &Report) -> Option<Self> {
        serde_json::from_str(report.labels.get(LABEL)?).ok()
    }

    pub(super) fn label(&self) -> String {
        // Numbers and switches can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What a submission says in texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Texts {
    pub(super) source_code: Bytes,
    pub(super) stdin: Option<Bytes>,
    pub(super) expected_output: Option<Bytes>,
    pub(super) additional_files: Option<Bytes>,
    pub(super) compiler_options: Option<String>,
    pub(super) command_line_arguments: Option<String>,
    pub(super) callback_url: Option<String>,
}

/// Both.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Submission {
    pub(super) settings: Settings,
    pub(super) texts: Texts,
}

impl Submission {
    /// About what it takes in memory.
    pub(super) fn bytes(&self) -> u32 {
        let Texts { source_code, stdin, expected_output, additional_files, .. } = &self.texts;
        let texts = [stdin, expected_output, additional_files].into_iter().flatten().map(Bytes::len).sum::<usize>();
        u32::try_from(source_code.len() + texts + 4_096).unwrap_or(u32::MAX)
    }
}
