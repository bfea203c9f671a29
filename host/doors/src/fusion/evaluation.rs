//! Runs a program on tests, and says of each whether it is passed.
//!
//! All tests are one job. Which are passed is decided here, by SandboxFusion's comparison; so that a wrong program does not
//! run to the last test, the job stops at what the comparer of Kattis calls wrong, which takes more for right. Where it does
//! not (letters of other alphabets, `1_0`), the tests that were skipped are another job, without a comparer.

use std::collections::VecDeque;

use optimus_core::compare::Kattis;
use optimus_core::{Comparer, Content, JobRequest, Report, TestReport, Verdict};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::cases::Case;
use super::comparison;
use super::errors::failed;
use super::judge::Judge;
use super::result;
use crate::early::Early;
use crate::engine::Engine;
use crate::fastapi::held;
use crate::program::{self, Program};
use crate::shared::Shared;

/// What programs and compilers print is repeated up to so many bytes in an answer, as in a report.
const ANSWER_BYTES: usize = 64 << 20;
/// An output may be longer than the expected one by this, and still be compared: white space does not count.
const BEYOND_BYTES: u64 = 64 << 10;

/// A program and its tests.
pub(super) struct Evaluation<'a> {
    pub(super) shared: &'a Shared,
    pub(super) engine: &'a dyn Engine,
    pub(super) program: Program<'a>,
    pub(super) cases: &'a [Case],
    pub(super) judge: Option<Judge>,
    /// The tests after the first failure are run, too.
    pub(super) runs_all: bool,
    /// Texts of tests are repeated whole.
    pub(super) shows_all: bool,
    pub(super) until: Instant,
}

/// What came of one test.
struct Outcome {
    /// None: the special judge has to say.
    passed: Option<bool>,
    info: Value,
    output: Content,
}

impl Evaluation<'_> {
    /// Whether all are passed, and the entries of `tests`.
    pub(super) async fn run(&self) -> Result<(bool, Vec<Value>), Early> {
        let (mut tests, mut accepted, mut room) = (Vec::new(), true, ANSWER_BYTES);
        while tests.len() < self.cases.len() && (accepted || self.runs_all) {
            let rest = &self.cases[tests.len()..];
            let report = held::report(self.engine, self.job(rest, tests.is_empty()), self.until).await?;
            let mut outcomes = self.outcomes(rest, &report, &mut room)?;
            self.ask(rest, &mut outcomes).await?;
            for (case, outcome) in rest.iter().zip(outcomes) {
                let passed = outcome.passed == Some(true);
                let info = case.info(passed && !self.shows_all);
                tests.push(json!({"passed": passed, "exec_info": outcome.info, "test_info": info}));
                accepted &= passed;
                if !passed && !self.runs_all {
                    break;
                }
            }
        }
        Ok((accepted, tests))
    }

    /// How much of each output is kept: nothing that may be right is cut.
    fn capture_bytes(&self) -> u64 {
        let policy = &self.shared.policy;
        let longest = self.cases.iter().map(|case| case.stdout().len() as u64).max().unwrap_or_default();
        let wanted = (2 * longest + BEYOND_BYTES).min(policy.max_capture_bytes).min(policy.cap.output_bytes);
        wanted.max(program::output_bytes(policy))
    }

    /// The first job stops early, at what only seems to be wrong, too. The next does not: there are never many of them.
    fn job(&self, cases: &[Case], is_first: bool) -> JobRequest {
        let mut job = self.program.job(cases.iter().map(Case::test).collect(), &self.shared.policy);
        let capture = self.capture_bytes();
        if job.capture_bytes.is_none_or(|bytes| bytes < capture) {
            job.capture_bytes = Some(capture);
            job.limits.output_bytes = Some(capture.into());
        }
        job.stop_at_first_failure = !self.runs_all;
        if is_first && !self.runs_all && self.judge.is_none() {
            for (test, case) in job.tests.iter_mut().zip(cases) {
                test.expect = Some(case.stdout().as_bytes().to_vec().into());
            }
            job.compare = Some(Comparer::Kattis(Kattis {
                float_absolute_tolerance: Some(1e-15),
                float_relative_tolerance: Some(1e-5),
                ..Kattis::default()
            }));
        }
        job
    }

    /// Of the tests that were run, up to the first that is known not to be passed. `room` is left for what was printed.
    fn outcomes(&self, cases: &[Case], report: &Report, room: &mut usize) -> Result<Vec<Outcome>, Early> {
        let mut outcomes = Vec::new();
        for (case, at) in cases.iter().zip(0..) {
            let test = report.tests.get(at);
            if at > 0 && report.verdict != Verdict::CompileError && test.is_none_or(|test| self.is_left(test)) {
                break;
            }
            let mut outcome = self.outcome(case, report, test)?;
            shorten(&mut outcome.info, room);
            let is_last = outcome.passed == Some(false) && !self.runs_all;
            outcomes.push(outcome);
            if is_last {
                break;
            }
        }
        Ok(outcomes)
    }

    /// Whether it was not run, or its output did not fit into the report any more.
    fn is_left(&self, test: &TestReport) -> bool {
        /// Less than one character: a text is cut between two.
        const CHARACTER: u64 = 4;
        let kept = test.stdout.content.len() as u64;
        let is_cut = test.stdout.truncated && kept + CHARACTER < self.capture_bytes();
        is_cut || test.verdict == Verdict::Skipped
    }

    fn outcome(&self, case: &Case, report: &Report, test: Option<&TestReport>) -> Result<Outcome, Early> {
        let info = result::of_test(report, test);
        if info["status"] == "SandboxError" {
            return Err(failed(info["message"].as_str().unwrap_or_default()).into());
        }
        let output = test.map(|test| test.stdout.clone()).unwrap_or_default();
        let is_same = || comparison::is_right(&String::from_utf8_lossy(output.content.as_bytes()), case.stdout());
        let passed = match &self.judge {
            _ if info["status"] != "Success" || output.truncated => Some(false),
            None => Some(is_same()),
            Some(judge) => (!judge.is_always_asked && is_same()).then_some(true),
        };
        Ok(Outcome { passed, info, output: output.content })
    }

    /// Has the special judge say what it has to.
    async fn ask(&self, cases: &[Case], outcomes: &mut [Outcome]) -> Result<(), Early> {
        let Some(judge) = &self.judge else { return Ok(()) };
        let in_question = cases.iter().zip(outcomes.iter()).filter(|(_, outcome)| outcome.passed.is_none());
        let asked: Vec<_> = in_question.map(|(case, outcome)| (case, &outcome.output)).collect();
        if asked.is_empty() {
            return Ok(());
        }
        let invalid = |invalid: optimus_core::Invalid| failed(&invalid.to_string());
        let mut job = judge.job(&asked, &self.shared.policy).map_err(invalid)?;
        job.stop_at_first_failure = !self.runs_all;
        let report = held::report(self.engine, job, self.until).await?;
        let mut answers = VecDeque::from(Judge::answers(&report)?);
        if answers.is_empty() {
            return Err(failed("the special judge was not run").into());
        }
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.passed.is_none()) {
            // Without an answer it comes after one that was wrong.
            outcome.passed = Some(answers.pop_front().unwrap_or(false));
        }
        Ok(())
    }
}

/// Takes what programs and compilers printed from `room`, and cuts what does not fit.
fn shorten(info: &mut Value, room: &mut usize) {
    for (stage, stream) in [("run_result", "stdout"), ("run_result", "stderr"), ("compile_result", "stderr")] {
        let Some(Value::String(text)) = info.get_mut(stage).and_then(|stage| stage.get_mut(stream)) else { continue };
        text.truncate(text.floor_char_boundary(*room));
        *room -= text.len();
    }
}
