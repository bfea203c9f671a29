//! The output of `optimus verify`: a line for each submission as it is judged.

use optimus_core::problem::Labelled;
use optimus_core::{Problem, Report, Verdict};

use super::{Verification, Verified};

/// The widest that a column becomes; what is longer moves those after it.
const WIDEST: usize = 40;

/// The columns' widths, known before the first submission is judged.
pub(super) struct Table {
    submission: usize,
    expected: usize,
}

impl Table {
    pub(super) fn new(labelled: &[Labelled]) -> Self {
        let width = |text: &dyn Fn(&Labelled) -> String, head: &str| {
            let widths = labelled.iter().map(|own| text(own).chars().count());
            widths.chain([head.len()]).filter(|width| *width <= WIDEST).max().unwrap_or(WIDEST)
        };
        Self {
            submission: width(&|own| own.name.clone(), "submission"),
            expected: width(&|own| own.expect.to_string(), "expected"),
        }
    }

    /// The problem, and what the columns hold.
    pub(super) fn head(&self, problem: &Problem) -> String {
        let Problem { name, format, tests, .. } = problem;
        let columns = ["submission", "expected", "found", "tests", "slowest"].map(str::to_owned);
        format!("{name} ({format}, {} tests)\n\n{}", tests.len(), self.line(' ', &columns))
    }

    /// A submission, and below it why it is not what it should be.
    pub(super) fn row(&self, one: &Verified) -> String {
        let report = one.report.as_ref();
        let found = report.map_or_else(|| "not judged".to_owned(), found);
        let (tests, slowest) = (report.map(tests).unwrap_or_default(), report.map(slowest).unwrap_or_default());
        let mark = if one.mismatch.is_some() { '!' } else { ' ' };
        let mut text = self.line(mark, &[one.submission.clone(), one.expected.clone(), found, tests, slowest]);
        for line in one.mismatch.iter().flat_map(|mismatch| mismatch.lines()) {
            // A stranger's text must not move the reader's cursor.
            let shown: String =
                line.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect();
            text += &format!("    {shown}\n");
        }
        text
    }

    fn line(&self, mark: char, [submission, expected, found, tests, slowest]: &[String; 5]) -> String {
        let Self { submission: first, expected: second } = self;
        let line = format!("{mark} {submission:<first$}  {expected:<second$}  {found:<20}  {tests:<7}  {slowest}");
        line.trim_end().to_owned() + "\n"
    }
}

/// The number of submissions with the expected result, and the remarks.
pub(super) fn summary(verification: &Verification) -> String {
    let Verification { submissions, remarks, .. } = verification;
    let good = submissions.iter().filter(|one| one.mismatch.is_none()).count();
    let mut text = format!("\n{good} of {} submissions got what was expected\n", submissions.len());
    text.extend(remarks.iter().map(|remark| format!("note: {remark}\n")));
    text
}

fn found(report: &Report) -> String {
    match &report.score {
        Some(score) if score.unbounded => format!("{} {}", report.verdict, score.points),
        Some(score) => format!("{} {}/{}", report.verdict, score.points, score.max),
        None => report.verdict.to_string(),
    }
}

/// The number of accepted tests, and of those that ran.
fn tests(report: &Report) -> String {
    let ran = report.tests.iter().filter(|test| !matches!(test.verdict, Verdict::Skipped | Verdict::Cancelled)).count();
    let accepted = report.tests.iter().filter(|test| test.verdict == Verdict::Accepted).count();
    format!("{accepted}/{ran}")
}

fn slowest(report: &Report) -> String {
    let slowest = report.tests.iter().map(|test| test.cpu_ms).fold(0.0, f64::max);
    if slowest > 0.0 { format!("{slowest:.0} ms") } else { String::new() }
}
