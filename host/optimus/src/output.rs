//! Output for people and scripts: the only room that prints.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use optimus_core::plan::Diagnostic;
use optimus_core::report::CompileReport;
use optimus_core::scoring::{GroupScore, Score};
use optimus_core::{Fault, Report, TestReport, Verdict};
use serde::Serialize;

/// The format of the output.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Human words, or exactly one JSON value.
    pub fn new(json: bool) -> Self {
        Self { json }
    }

    /// Returns true if one JSON value is printed.
    pub fn is_json(self) -> bool {
        self.json
    }

    /// Prints `value` as the one JSON value, or else what `human` writes.
    ///
    /// # Errors
    /// stdout is closed.
    pub fn print<T: Serialize>(self, value: &T, human: impl FnOnce(&T) -> String) -> anyhow::Result<()> {
        let text = if self.json { serde_json::to_string(value)? + "\n" } else { human(value) };
        // Colours go to terminals, or where `--color` says; elsewhere they are taken out.
        let mut stdout = AutoStream::auto(std::io::stdout().lock());
        match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
            // `optimus run … | head` is no failure of ours.
            Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => Ok(other?),
        }
    }

    /// Prints one of many values, at once: a line of JSON, or a line for people.
    ///
    /// # Errors
    /// Standard output is gone.
    pub fn line(self, value: &serde_json::Value, human: impl FnOnce() -> String) -> anyhow::Result<()> {
        self.print(value, |_| human() + "\n")
    }

    /// Prints a part of the output immediately, for people only; `print` completes it.
    ///
    /// # Errors
    /// stdout is closed.
    pub fn stream(self, human: impl FnOnce() -> String) -> anyhow::Result<()> {
        if self.json {
            return Ok(());
        }
        self.print(&(), |()| human())
    }

    /// A remark on stderr for people; scripts get none.
    pub fn tell(self, remark: Option<&str>) {
        if let Some(remark) = remark.filter(|_| !self.json) {
            note(remark);
        }
    }

    /// A warning on stderr for people; what scripts read says it elsewhere.
    pub fn warn(self, fault: &Fault) {
        if !self.json {
            note(&format!("warning: {}", fault.message));
            fault.hint.iter().for_each(|hint| note(&format!("  hint: {hint}")));
        }
    }

    /// Prints an error: on stderr for people, as the one JSON value for scripts.
    pub fn error(self, error: &anyhow::Error) {
        let fault = fault(error);
        if self.json {
            let _ = self.print(&serde_json::json!({ "error": fault }), |_| String::new());
            return;
        }
        note(&format!("error: {}", fault.message));
        if let Some(hint) = fault.hint {
            note(&format!("\nhint: {hint}"));
        }
    }
}

/// An error that comes with advice.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Advised(pub Fault);

impl Advised {
    /// An error with advice.
    pub fn new(code: &str, message: impl Into<String>, hint: Option<String>) -> Self {
        Self(Fault { code: code.to_owned(), message: message.into(), hint })
    }
}

/// An error as data.
pub fn fault(error: &anyhow::Error) -> Fault {
    match error.downcast_ref::<Advised>() {
        Some(advised) => advised.0.clone(),
        None => Fault::new("failed", format!("{error:#}")),
    }
}

/// A line on stderr.
#[expect(clippy::print_stderr, reason = "this room is where printing happens")]
pub fn note(line: &str) {
    eprintln!("{line}");
}

/// A spinner on stderr, when a person is watching; with several tests also a bar.
pub fn progress(json: bool, total: u64) -> indicatif::ProgressBar {
    if json || !std::io::stderr().is_terminal() {
        return indicatif::ProgressBar::hidden();
    }
    let template = if total < 2 { "{spinner:.cyan} {msg}" } else { "{spinner:.cyan} {bar:30.green} {pos}/{len} {msg}" };
    let style = indicatif::ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| indicatif::ProgressStyle::default_bar());
    let bar = indicatif::ProgressBar::new(total).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(80));
    bar
}

/// The style of a verdict on a terminal.
fn style(verdict: Verdict) -> Style {
    let color = match verdict {
        Verdict::Accepted => AnsiColor::Green,
        Verdict::Partial | Verdict::CompileError => AnsiColor::Yellow,
        Verdict::InternalError => AnsiColor::Magenta,
        Verdict::Skipped | Verdict::Cancelled => return Style::new().dimmed(),
        _ => AnsiColor::Red,
    };
    color.on_default().bold()
}

fn painted(verdict: Verdict, width: usize) -> String {
    let (style, text) = (style(verdict), verdict.as_str());
    format!("{style}{text}{style:#}{:1$}", "", width.saturating_sub(text.len()))
}

/// A report, a line per test and a summary.
pub fn report(report: &Report) -> String {
    let mut text = String::new();
    if let Some(compile) = report.compile.as_ref().filter(|c| !c.ok || !c.output.content.is_empty()) {
        text += &compile_lines(compile);
    }
    let width = report.tests.iter().map(|test| test.name.chars().count()).max().unwrap_or(0);
    let single = report.tests.len() == 1;
    for test in &report.tests {
        text += &test_line(test, width);
        if single {
            text += &captured(test);
        }
    }
    if let Some(error) = &report.error {
        text += &format!("  {}\n", error.message);
        text += &error.hint.as_ref().map(|hint| format!("  hint: {hint}\n")).unwrap_or_default();
    }
    text + &summary(report)
}

fn compile_lines(compile: &CompileReport) -> String {
    let mut text = match (&compile.message, compile.ok) {
        (Some(message), _) => format!("  {message}\n"),
        (None, true) => String::new(),
        (None, false) => format!("  step `{}` failed\n", compile.failed_step.as_deref().unwrap_or("compile")),
    };
    match compile.diagnostics.is_empty() || compile.ok {
        true => text += &indented(&String::from_utf8_lossy(compile.output.content.as_bytes())),
        false => text.extend(compile.diagnostics.iter().take(20).map(diagnostic_line)),
    }
    text
}

fn diagnostic_line(diagnostic: &Diagnostic) -> String {
    let Diagnostic { path, line, column, severity, message, .. } = diagnostic;
    format!("  {path}:{line}:{column}: {severity}: {message}\n")
}

/// `test 1  accepted  21 ms  9.1 MiB`.
pub fn test_line(test: &TestReport, width: usize) -> String {
    let mut line = format!("  {:<width$}  {}", test.name, painted(test.verdict, 22));
    if test.exit.is_some() {
        line += &format!("{:>9}  {:>9}", milliseconds(test.cpu_ms.max(0.0)), mebibytes(test.memory_bytes));
    }
    if let Some(message) = test.message.as_ref().or(test.error.as_ref().map(|error| &error.message)) {
        line += &format!("  {message}");
    }
    line.trim_end().to_owned() + "\n"
}

fn captured(test: &TestReport) -> String {
    let mut text = String::new();
    for (name, excerpt) in [("stdout", &test.stdout), ("stderr", &test.stderr)] {
        if !excerpt.content.is_empty() {
            let more = if excerpt.truncated { " (cut)" } else { "" };
            text += &format!("  {name}{more}:\n{}", indented(&String::from_utf8_lossy(excerpt.content.as_bytes())));
        }
    }
    text
}

/// A stranger's text must not move the reader's cursor.
fn indented(text: &str) -> String {
    let visible = |c: char| if c.is_control() && c != '\t' { '\u{fffd}' } else { c };
    let line = |line: &str| format!("    {}\n", line.trim_end().chars().map(visible).collect::<String>());
    text.lines().map(line).collect()
}

fn summary(report: &Report) -> String {
    let passed = report.tests.iter().filter(|test| test.verdict == Verdict::Accepted).count();
    let total = report.tests.len();
    let (took, verdict) = (milliseconds(report.timing.total_ms), painted(report.verdict, 0));
    if let Some(score) = &report.score {
        let Score { points, max, .. } = score;
        return format!("{}{verdict}  {points} of {max} points  ({took} in all)\n", score_lines(score));
    }
    match total {
        0 | 1 => format!("{verdict}  ({took} in all)\n"),
        _ => format!("{verdict}  {passed} of {total} tests  ({took} in all)\n"),
    }
}

/// `group 2  20 of 40 points  3 of 5 tests`.
fn score_lines(score: &Score) -> String {
    let width = score.groups.iter().map(|group| group.name.chars().count()).max().unwrap_or(0);
    let line = |group: &GroupScore| {
        let GroupScore { name, points, max, judged, tests, .. } = group;
        let points = if *max > 0.0 { format!("{points} of {max} points") } else { "no points".to_owned() };
        let skipped = if judged < tests { format!("  {judged} of {tests} tests judged") } else { String::new() };
        format!("  {name:<width$}  {points}{skipped}\n")
    };
    score.groups.iter().map(line).collect()
}

fn milliseconds(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

#[cfg(test)]
mod tests;
