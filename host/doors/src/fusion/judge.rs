//! ScaleBox' special judge: a program of the caller's that looks at an output which is not the expected one.
//!
//! It runs as ScaleBox runs it, as a program with three files beside it, and accepts by ending with 0. It is a job of its
//! own after that of the submission, with a test for each output in question.

use optimus_core::job::Policy;
use optimus_core::language::LanguageInfo;
use optimus_core::{BoxPath, Content, Invalid, JobRequest, Report, SourceFile, Test, Verdict};
use serde_json::Value;
use tokio::time::Instant;

use super::cases::Case;
use super::config::Config;
use super::errors::failed;
use super::result;
use crate::early::Early;
use crate::fastapi::errors::bad_request;
use crate::language;
use crate::program::{Program, TIMEOUT};
use crate::shared::Shared;

/// The extension of a judge's file, where no language is named: an alias of that language, too.
const JUDGE: &str = "py";

/// A judge, and when it is asked.
#[derive(Debug)]
pub(super) struct Judge {
    code: String,
    language: LanguageInfo,
    /// It is asked of outputs that are as expected, too.
    pub(super) is_always_asked: bool,
}

impl Judge {
    /// The one that `extra` names, if it does.
    pub(super) async fn read(config: &Config, shared: &Shared, until: Instant) -> Result<Option<Self>, Early> {
        let Some(code) = text(config, "special_judge_program")? else { return Ok(None) };
        let name = text(config, "special_judge_language")?.unwrap_or_else(|| JUDGE.to_owned());
        let Some(language) = language::find_soon(shared, &name, until).await else {
            let names = language::names(&shared.languages);
            return Err(bad_request(&format!("config.extra.special_judge_language should be {names}")).into());
        };
        Ok(Some(Self { code, language, is_always_asked: config.flag("force_special_judge") }))
    }

    /// Asks about outputs, each with its test.
    pub(super) fn job(&self, asked: &[(&Case, &Content)], policy: &Policy) -> Result<JobRequest, Invalid> {
        let program = Program { code: &self.code, language: &self.language, run_timeout: TIMEOUT, memory_bytes: None };
        let file = |name: &str, content: Content| -> Result<SourceFile, Invalid> {
            let path = BoxPath::new(name).map_err(|why| Invalid::new("path", why.to_string()))?;
            Ok(SourceFile { path, content })
        };
        let bytes = |text: &str| Content::from(text.as_bytes().to_vec());
        let test = |(case, output): &(&Case, &Content)| {
            let files = vec![
                file("stdin.txt", bytes(case.stdin()))?,
                file("stdout.txt", bytes(case.stdout()))?,
                file("answer.txt", (*output).clone())?,
            ];
            Ok(Test { files, ..Test::default() })
        };
        Ok(program.job(asked.iter().map(test).collect::<Result<_, Invalid>>()?, policy))
    }

    /// What it says of each; of those that it was not asked about any more, nothing.
    pub(super) fn answers(report: &Report) -> Result<Vec<bool>, Early> {
        if report.verdict == Verdict::CompileError {
            let output = report.compile.as_ref().map(|compile| compile.output.content.as_bytes()).unwrap_or_default();
            let output: String = String::from_utf8_lossy(output).chars().take(1_000).collect();
            return Err(bad_request(&format!("config.extra.special_judge_program does not compile: {output}")).into());
        }
        let mut answers = Vec::new();
        for test in report.tests.iter().take_while(|test| test.verdict != Verdict::Skipped) {
            let said = result::of_test(report, Some(test));
            if said["status"] == "SandboxError" {
                return Err(failed(&format!("the special judge was not run: {}", said["message"])).into());
            }
            answers.push(said["status"] == "Success");
        }
        Ok(answers)
    }
}

/// A text of `extra`.
fn text(config: &Config, name: &str) -> Result<Option<String>, Early> {
    match config.extra.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(bad_request(&format!("config.extra.{name} is not a text")).into()),
    }
}
