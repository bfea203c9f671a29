//! The result that a package's author expects of a submission.

use serde::{Deserialize, Serialize};

use super::fits;
use crate::report::CompileReport;
use crate::{Fault, Report, TestReport, Verdict};

/// The result that a package's author expects of a submission. An empty or absent field expects nothing.
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
    /// Further expectations of some of the tests.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// The result that an author expects of some of the tests.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Part {
    /// A pattern of tests or of their groups; empty: all.
    pub tests: String,
    /// Each has one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub permitted: Vec<Verdict>,
    /// At least one has one of these.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub required: Vec<Verdict>,
    /// The points of the group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<[f64; 2]>,
    /// Stands in a checker's message on at least one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

impl Expectation {
    /// One of these verdicts.
    pub fn of(verdicts: &[Verdict]) -> Self {
        Self { verdicts: verdicts.to_vec(), ..Self::default() }
    }

    /// Compares a report with the expectation.
    ///
    /// # Errors
    /// What it is instead: the test, its verdict, and the message that came with it.
    pub fn check(&self, report: &Report) -> Result<(), String> {
        if report.verdict == Verdict::InternalError {
            return Err(report.error.as_ref().map_or_else(|| "internal_error".to_owned(), broken));
        }
        let compiler = || report.compile.as_ref().filter(|compile| !compile.ok).map_or_else(String::new, said);
        // Where there is no most that one can get, all that is accepted may be only a part.
        let is_part = report.verdict == Verdict::Accepted && report.score.as_ref().is_some_and(|score| score.unbounded);
        let is_expected =
            self.verdicts.contains(&report.verdict) || (is_part && self.verdicts.contains(&Verdict::Partial));
        if !self.verdicts.is_empty() && !is_expected {
            let is_other = |test: &&TestReport| test.verdict == report.verdict && ran(test);
            let first = report.tests.iter().find(is_other);
            let at = first.map_or_else(compiler, |test| format!(": {}", described(test)));
            return Err(format!("expected {}, found {}{at}", words(&self.verdicts), report.verdict));
        }
        // A program that does not compile has no tests to look at.
        if report.verdict == Verdict::CompileError && self.verdicts.is_empty() {
            return Err(format!("does not compile{}", compiler()));
        }
        let whole = Part {
            permitted: self.permitted.clone(),
            required: self.required.clone(),
            message: self.message.clone(),
            ..Part::default()
        };
        whole.check(report)?;
        if let Some(range) = self.score {
            in_range(range, report.score.as_ref().map_or(0.0, |score| score.points), "")?;
        }
        self.parts.iter().try_for_each(|part| part.check(report))
    }
}

impl Part {
    fn check(&self, report: &Report) -> Result<(), String> {
        let tests: Vec<&TestReport> = report
            .tests
            .iter()
            .filter(|test| ran(test) && (self.tests.is_empty() || fits(&self.tests, &test.name)))
            .collect();
        let of = if self.tests.is_empty() { String::new() } else { format!(" of `{}`", self.tests) };
        let stray = tests.iter().find(|test| !self.permitted.is_empty() && !self.permitted.contains(&test.verdict));
        if let Some(test) = stray {
            return Err(format!("{}; permitted{of} is {}", described(test), words(&self.permitted)));
        }
        if !self.required.is_empty() && !tests.iter().any(|test| self.required.contains(&test.verdict)) {
            return Err(format!("no test{of} is {}", words(&self.required)));
        }
        if let Some(range) = self.score {
            let group = report.score.iter().flat_map(|score| &score.groups).find(|group| group.name == self.tests);
            let points = match (group, self.tests.is_empty()) {
                (Some(group), _) => group.points,
                (None, true) => report.score.as_ref().map_or(0.0, |score| score.points),
                (None, false) => 0.0,
            };
            in_range(range, points, &of)?;
        }
        match &self.message {
            Some(message) if !tests.iter().any(|t| t.message.as_ref().is_some_and(|said| said.contains(message))) => {
                Err(format!("no message{of} contains \"{message}\""))
            }
            _ => Ok(()),
        }
    }
}

fn ran(test: &TestReport) -> bool {
    !matches!(test.verdict, Verdict::Skipped | Verdict::Cancelled)
}

fn in_range([least, most]: [f64; 2], points: f64, of: &str) -> Result<(), String> {
    if points >= least - 1e-6 && points <= most + 1e-6 {
        return Ok(());
    }
    let wanted = if (least - most).abs() < 1e-9 { format!("{least}") } else { format!("{least} to {most}") };
    Err(format!("expected {wanted} points{of}, found {points}"))
}

/// A test with its verdict, and why.
fn described(test: &TestReport) -> String {
    let why = test.message.as_ref().map_or_else(String::new, |message| format!(" ({})", first_line(message)));
    format!("test `{}` is {}{why}", test.name, test.verdict)
}

fn first_line(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let short: String = line.chars().take(200).collect();
    if short.len() < line.len() { format!("{short}…") } else { short }
}

fn broken(fault: &Fault) -> String {
    match &fault.hint {
        // The compiler's words stand there when a checker does not compile.
        Some(hint) if hint.contains('\n') => format!("{}\n{hint}", fault.message),
        _ => fault.message.clone(),
    }
}

/// The beginning of the compiler's output.
fn said(compile: &CompileReport) -> String {
    const LINES: usize = 12;
    let text = String::from_utf8_lossy(compile.output.content.as_bytes()).into_owned();
    let mut lines: Vec<&str> = text.trim_end().lines().filter(|line| !line.trim().is_empty()).take(LINES + 1).collect();
    let more = lines.len() > LINES;
    lines.truncate(LINES);
    let message = compile.message.as_deref().unwrap_or_default();
    let words = if more { format!("{}\n…", lines.join("\n")) } else { lines.join("\n") };
    if words.is_empty() { format!(": {message}") } else { format!(": {message}\n{words}") }
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
