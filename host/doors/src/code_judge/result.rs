//! What a submission comes to: the models `SubmissionResult` and `JudgeResult`. Its clients refuse any other field.

use std::time::Duration;

use optimus_core::{Exit, Report, TestReport, Verdict};
use serde_json::{Value, json};

use crate::space::strip;

/// Characters of each text in an answer.
const SHOWN: usize = 1_000;

/// What came of a submission.
#[derive(Debug, PartialEq)]
pub(super) struct Outcome {
    id: String,
    /// It printed what it should.
    success: bool,
    /// It ended with 0.
    run_success: bool,
    /// In seconds.
    cost: f64,
    texts: Option<(String, String)>,
    reason: &'static str,
}

impl Outcome {
    pub(super) fn of(id: String, report: &Report, expected: Option<&str>) -> Self {
        let is_ours = matches!(report.verdict, Verdict::InternalError | Verdict::Cancelled);
        match (report.tests.first(), &report.compile) {
            _ if is_ours => {
                let fault = report.error.as_ref().or_else(|| report.tests.first()?.error.as_ref());
                Self::failed(id, fault.map_or("the job was cancelled", |fault| &fault.message))
            }
            (_, Some(compile)) if report.verdict == Verdict::CompileError => {
                let output = text(compile.output.content.as_bytes());
                let said = if output.is_empty() { compile.message.clone().unwrap_or_default() } else { output };
                Self { texts: Some((String::new(), said)), ..Self::unsuccessful(id, "") }
            }
            (Some(test), _) => Self::of_run(id, test, expected),
            (None, _) => Self::failed(id, "the program was not run"),
        }
    }

    fn of_run(id: String, test: &TestReport, expected: Option<&str>) -> Self {
        let run_success = test.limit.is_none() && test.exit == Some(Exit::Code(0));
        let stdout = text(test.stdout.content.as_bytes());
        let success = run_success && expected.is_none_or(|expected| strip(&stdout) == strip(expected));
        let mut stderr = text(test.stderr.content.as_bytes());
        let is_late = matches!(test.verdict, Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded);
        if test.limit.is_some() && !is_late {
            // code-judge has no word for what else a program may run into.
            stderr = format!("{}\n{stderr}", test.message.as_deref().unwrap_or(test.verdict.as_str()));
        }
        let reason = if is_late { "worker_timeout" } else { "" };
        Self { id, success, run_success, cost: test.wall_ms / 1_000.0, texts: Some((stdout, stderr)), reason }
    }

    /// There was no room for it, or it did not end in time.
    pub(super) fn late(id: String, waited: Duration) -> Self {
        Self { cost: waited.as_secs_f64(), ..Self::unsuccessful(id, "queue_timeout") }
    }

    /// No job can be made of it.
    pub(super) fn invalid(id: String, why: String) -> Self {
        Self { texts: Some((String::new(), why)), ..Self::unsuccessful(id, "invalid_input") }
    }

    /// A failure of ours.
    pub(super) fn failed(id: String, why: &str) -> Self {
        tracing::warn!(submission = %id, why, "a submission was not judged");
        Self::unsuccessful(id, "internal_error")
    }

    fn unsuccessful(id: String, reason: &'static str) -> Self {
        Self { id, success: false, run_success: false, cost: 0.0, texts: None, reason }
    }

    pub(super) fn answer(self, shows_texts: bool) -> Value {
        let mut answer = json!({
            "sub_id": self.id,
            "success": self.success,
            "run_success": self.run_success,
            "cost": self.cost,
            "reason": self.reason,
        });
        if shows_texts {
            let shown = |text: String| text.chars().take(SHOWN).collect::<String>();
            let (stdout, stderr) = self.texts.map(|(stdout, stderr)| (shown(stdout), shown(stderr))).unzip();
            (answer["stdout"], answer["stderr"]) = (json!(stdout), json!(stderr));
        }
        answer
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
