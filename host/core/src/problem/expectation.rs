//! What an author says should come of a program.

use serde::{Deserialize, Serialize};

use crate::{Report, Verdict};

/// What an author says should come of a program. What is empty or absent is not asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expectation {
    /// The job's verdict is one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
    /// Every test that was run has one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permitted: Vec<Verdict>,
    /// At least one test has one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Verdict>,
    /// The points are from the first to the second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<[f64; 2]>,
    /// Stands in a checker's message on at least one test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Expectation {
    /// One of these verdicts.
    pub fn of(verdicts: &[Verdict]) -> Self {
        Self { verdicts: verdicts.to_vec(), ..Self::default() }
    }

    /// Whether it should be right, at least in part, and nothing else will do.
    pub fn is_right(&self) -> bool {
        let named = if self.verdicts.is_empty() { &self.permitted } else { &self.verdicts };
        !named.is_empty() && named.iter().all(|verdict| matches!(verdict, Verdict::Accepted | Verdict::Partial))
    }

    /// Whether a report is what was expected.
    ///
    /// # Errors
    /// What it is instead.
    pub fn check(&self, report: &Report) -> Result<(), String> {
        if report.verdict == Verdict::InternalError {
            return Err(report
                .error
                .as_ref()
                .map_or_else(|| "internal_error".to_owned(), |fault| fault.message.clone()));
        }
        if !self.verdicts.is_empty() && !self.verdicts.contains(&report.verdict) {
            return Err(format!("expected {}, found {}", words(&self.verdicts), report.verdict));
        }
        // A program that does not compile has no tests to look at.
        if report.verdict == Verdict::CompileError && self.verdicts.is_empty() {
            return Err("does not compile".to_owned());
        }
        let ran = || report.tests.iter().filter(|test| test.verdict != Verdict::Skipped);
        let stray = ran().find(|test| !self.permitted.is_empty() && !self.permitted.contains(&test.verdict));
        if let Some(test) = stray {
            let permitted = words(&self.permitted);
            return Err(format!("test `{}` is {}, and permitted is {permitted}", test.name, test.verdict));
        }
        if !self.required.is_empty() && !ran().any(|test| self.required.contains(&test.verdict)) {
            return Err(format!("no test is {}", words(&self.required)));
        }
        if let Some([least, most]) = self.score {
            let points = report.score.as_ref().map_or(0.0, |score| score.points);
            if points < least - 1e-6 || points > most + 1e-6 {
                let wanted = if least == most { format!("{least}") } else { format!("{least} to {most}") };
                return Err(format!("expected {wanted} points, found {points}"));
            }
        }
        match &self.message {
            Some(message) if !ran().any(|t| t.message.as_ref().is_some_and(|said| said.contains(message))) => {
                Err(format!("no test's message holds \"{message}\""))
            }
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Expectation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut parts = Vec::new();
        if !self.verdicts.is_empty() {
            parts.push(words(&self.verdicts));
        }
        // What some test has to be tells more than what all may be.
        if !self.required.is_empty() {
            parts.push(format!("some {}", words(&self.required)));
        } else if !self.permitted.is_empty() && self.verdicts.is_empty() {
            parts.push(format!("only {}", words(&self.permitted)));
        }
        if let Some([least, most]) = self.score {
            parts.push(if least == most { format!("{least} points") } else { format!("{least} to {most} points") });
        }
        f.pad(&if parts.is_empty() { "anything".to_owned() } else { parts.join(", ") })
    }
}

/// Verdicts for people, without those that others of the list stand for.
fn words(verdicts: &[Verdict]) -> String {
    let stands_in = |verdict: &Verdict| match verdict {
        Verdict::Partial => Some(Verdict::Accepted),
        Verdict::PresentationError => Some(Verdict::WrongAnswer),
        Verdict::IdlenessLimitExceeded => Some(Verdict::TimeLimitExceeded),
        Verdict::MemoryLimitExceeded | Verdict::OutputLimitExceeded | Verdict::SecurityViolation => {
            Some(Verdict::RuntimeError)
        }
        _ => None,
    };
    let said = verdicts.iter().filter(|verdict| stands_in(verdict).is_none_or(|other| !verdicts.contains(&other)));
    said.map(|verdict| verdict.as_str()).collect::<Vec<_>>().join(" or ")
}
