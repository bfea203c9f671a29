//! Compares what a program printed with what was expected.
//!
//! In: the expected bytes, and the program's output in pieces of any size, as it streams by. Out: a [`Match`], with the
//! place where the two part. All of it works on bytes: white space is space, tab, LF, VT, FF and CR, a line ends with LF,
//! a byte order mark is three bytes like any others, and nothing has to be UTF-8. What is kept never depends on how much
//! a program prints: the equal part is never stored, because it is in the expected bytes already.

mod bag;
mod cms;
mod difference;
mod dmoj;
mod exact;
mod floats;
mod kattis;
mod letters;
mod linecount;
mod pattern;
mod rows;
mod scan;
mod testlib;
#[cfg(test)]
mod tests;
mod tokens;
mod trimmed;
mod unordered;
mod words;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::Checker;

use difference::{Class, Kind, Unit};
pub use difference::{Difference, Shown};
pub use dmoj::{Dmoj, ErrorMode, SplitOn};
use exact::Exact;
pub use kattis::Kattis;
use letters::Letters;
use linecount::LineCount;
use pattern::Pattern;
use rows::{RowRule, Rows};
use scan::Place;
pub use testlib::Testlib;
use tokens::{Rule, Tokens};
use trimmed::Trimmed;
use unordered::{Cut, Unordered};
use words::Words;

/// A way of comparing. In JSON: `"tokens"`, or `{"floats": {"abs": 1e-6, "rel": 1e-6}}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparer {
    /// Byte for byte: CRLF is not LF, and an empty output equals only an empty expectation.
    Exact,
    /// Byte for byte, but for white space at the end of all, and the CR of a CRLF: as QDUOJ compares.
    EndTrimmed,
    /// White space at the end of each line (the CR of a CRLF is such), and empty lines at the end, do not count.
    Trimmed,
    /// Runs of white space separate tokens; tokens are equal byte for byte, in number and order.
    Tokens,
    /// Each line's tokens; empty lines do not count, nor does how much white space is between tokens.
    Lines,
    /// As `Lines`, the lines in any order; each must come as often as it is expected.
    Unordered,
    /// As `Tokens`, but where the expected token is a decimal number the found one must be a number near it; either
    /// tolerance suffices. `inf`, `nan`, hexadecimal, and what overflows a 64-bit float are words, not numbers.
    Floats {
        /// |expected − found| may be this.
        #[serde(default)]
        abs: f64,
        /// |expected − found| may be this times |expected|.
        #[serde(default)]
        rel: f64,
    },
    /// The whole output matches this regular expression; what is expected is not looked at. Bytes need not be UTF-8.
    Regex(String),
    /// The default output validator of Kattis and ICPC packages.
    Kattis(Kattis),
    /// A checker of DMOJ.
    Dmoj(Dmoj),
    /// The white-diff of CMS: each line's tokens; empty lines count, but for those at the end.
    CmsWhiteDiff,
    /// Judge0's comparison: as `Trimmed`, but NUL is white space, too, and an expectation that is not UTF-8 is compared
    /// byte for byte.
    Judge0,
    /// A standard checker of testlib.
    Testlib(Testlib),
    /// A checker program.
    Program(Box<Checker>),
    /// The plugin's own checker.
    Custom,
}

impl Comparer {
    /// Refuses tolerances that are negative or not numbers, options that contradict each other, and bad patterns.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), String> {
        match self {
            Self::Floats { abs, rel } if !(abs.is_finite() && rel.is_finite() && *abs >= 0.0 && *rel >= 0.0) => {
                Err("a tolerance is a finite number that is not negative".to_owned())
            }
            Self::Kattis(options) => options.check(),
            Self::Regex(pattern) => pattern::check(pattern),
            _ => Ok(()),
        }
    }

    /// Returns true if it judges by the output alone, so that a test needs no expectation.
    pub fn needs_no_expectation(&self) -> bool {
        matches!(self, Self::Regex(_) | Self::Program(_))
    }

    /// Begins to compare. None for `Custom`, which is the plugin's business, and for `Program`, which is a box's.
    pub fn against(&self, expected: Bytes) -> Option<Comparison> {
        let is_utf8 = std::str::from_utf8(&expected).is_ok();
        let second = match self {
            Self::Exact => Some(Second::Tokens),
            Self::Dmoj(Dmoj::Identical { pe_allowed: true }) => Some(Second::Standard),
            _ => None,
        };
        let engine = match self {
            Self::Exact | Self::Dmoj(Dmoj::Identical { .. }) => Engine::Exact(Exact::new(expected)),
            Self::EndTrimmed => Engine::Exact(Exact::end_trimmed(&expected)),
            Self::Judge0 if !is_utf8 => Engine::Exact(Exact::new(expected)),
            Self::Judge0 => Engine::Trimmed(Trimmed::judge0(&expected)),
            Self::Trimmed => Engine::Trimmed(Trimmed::new(&expected)),
            Self::Tokens => Engine::Tokens(Tokens::new(&expected, Rule::Tokens)),
            Self::Lines => Engine::Tokens(Tokens::new(&expected, Rule::Lines)),
            Self::Unordered => Engine::Unordered(Box::new(Unordered::new(expected, Cut::Lines))),
            Self::Floats { abs, rel } => Engine::Tokens(Tokens::new(&expected, Rule::Floats { abs: *abs, rel: *rel })),
            Self::Regex(pattern) => Engine::Pattern(Pattern::new(pattern).map(Box::new)),
            Self::Kattis(options) => Engine::Words(Words::new(expected, Box::new(*options))),
            Self::CmsWhiteDiff => Engine::Words(Words::new(expected, Box::new(cms::WhiteDiff))),
            Self::Dmoj(checker) => checker.engine(expected),
            Self::Testlib(checker) => checker.engine(expected),
            Self::Custom | Self::Program(_) => return None,
        };
        let mark = matches!(self, Self::Testlib(_)).then_some(0);
        Some(Comparison { engine, mark, place: Place::default(), finding: None, decided: false, second, tokens: None })
    }
}

impl Dmoj {
    fn engine(self, expected: Bytes) -> Engine {
        let floats = |expected, precision, mode| Words::new(expected, Box::new(dmoj::Floats::new(precision, mode)));
        match self {
            Self::Standard {} => Engine::Words(Words::new(expected, Box::new(dmoj::Standard))),
            Self::Easy {} => Engine::Letters(Letters::new(&expected)),
            Self::Identical { .. } => Engine::Exact(Exact::new(expected)),
            Self::Rstripped { filter_new_line: filter } => {
                Engine::Rows(Box::new(Rows::new(expected, RowRule::Rstripped { filter })))
            }
            Self::Floats { precision, error_mode } => Engine::Words(floats(expected, precision, error_mode)),
            Self::Floatsabs { precision } => Engine::Words(floats(expected, precision, ErrorMode::Absolute)),
            Self::Floatsrel { precision } => Engine::Words(floats(expected, precision, ErrorMode::Relative)),
            Self::Linecount { feedback } => Engine::LineCount(LineCount::new(expected, feedback)),
            Self::Sorted { split_on: SplitOn::Lines } => {
                Engine::Unordered(Box::new(Unordered::new(expected, Cut::Rows)))
            }
            Self::Sorted { split_on: SplitOn::Whitespace } | Self::Unordered {} => {
                Engine::Unordered(Box::new(Unordered::new(expected, Cut::Words)))
            }
        }
    }
}

impl Testlib {
    fn engine(self, expected: Bytes) -> Engine {
        match self.grammar(&expected) {
            Some(grammar) => Engine::Words(Words::new(expected, grammar)),
            None if self == Self::Uncmp => Engine::Unordered(Box::new(Unordered::new(expected, Cut::Integers))),
            None => Engine::Rows(Box::new(Rows::new(expected, RowRule::Fcmp))),
        }
    }
}

/// The result of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub enum Match {
    /// Accepted.
    Same,
    /// Not equal as `Exact` wants it, but the tokens are: a presentation error.
    OnlyWhiteSpace(Difference),
    /// Wrong.
    Different(Difference),
    /// Not in the form that the checker reads: a presentation error.
    Malformed(Difference),
    /// Some of it is right.
    Scored {
        /// From 0 to below 1.
        score: f64,
        /// For people.
        message: String,
    },
    /// The expectation is not one that this comparer can compare with: a fault of the problem.
    Unusable(String),
}

/// A comparison under way.
#[derive(Debug)]
pub struct Comparison {
    engine: Engine,
    /// Bytes of a byte order mark that have come and do not count; none where it counts, or cannot come any more.
    mark: Option<usize>,
    place: Place,
    finding: Option<Finding>,
    /// Nothing that follows can change what was found.
    decided: bool,
    /// The second pass, which decides if only white space differs.
    second: Option<Second>,
    /// With a second, once the first has found a difference: whether the rest is well for it.
    tokens: Option<Engine>,
}

/// The second pass after `Exact` has found a difference.
#[derive(Debug, Clone, Copy)]
enum Second {
    Tokens,
    Standard,
}

#[derive(Debug)]
enum Engine {
    Exact(Exact),
    Trimmed(Trimmed),
    Tokens(Tokens),
    Unordered(Box<Unordered>),
    Words(Words),
    Rows(Box<Rows>),
    Letters(Letters),
    LineCount(LineCount),
    Pattern(Result<Box<Pattern>, String>),
}

/// A difference, as a comparer found it.
#[derive(Debug)]
struct Mismatch {
    /// Index in the chunk of the rest of the found piece.
    index: usize,
    /// Number of bytes before that index where the reported place is.
    back: u64,
    kind: Kind,
    expected: Option<Shown>,
    /// The found piece up to `index`.
    found: Shown,
    unit: Unit,
    class: Class,
    /// Nothing that follows can change it; otherwise what is found later takes its place.
    last: bool,
}

#[derive(Debug)]
struct Finding {
    place: Place,
    kind: Kind,
    expected: Option<Shown>,
    found: Shown,
    unit: Unit,
    class: Class,
    complete: bool,
}

const MARK: &[u8] = b"\xEF\xBB\xBF";

impl Comparison {
    /// Takes the next bytes of the output. Returns whether the rest can still change anything.
    pub fn feed(&mut self, chunk: &[u8]) -> bool {
        let Some(came) = self.mark else { return self.take(chunk) };
        let more = scan::common_prefix(chunk, &MARK[came..]);
        if came + more < MARK.len() && more == chunk.len() {
            self.mark = Some(came + more);
            return true;
        }
        self.mark = None;
        if came + more < MARK.len() {
            self.take(&MARK[..came]);
            return self.take(chunk);
        }
        self.place.column += MARK.len() as u64;
        self.take(&chunk[more..])
    }

    fn take(&mut self, mut chunk: &[u8]) -> bool {
        if let Some(finding) = &mut self.finding {
            finding.complete = finding.complete || finding.found.take(chunk, finding.unit);
            self.feed_second(chunk);
        }
        while !self.decided {
            let Some(mismatch) = self.engine.feed(chunk) else {
                self.place = self.place.after(chunk);
                break;
            };
            let index = mismatch.index;
            self.note(mismatch, chunk);
            self.place = self.place.after(&chunk[..index]);
            chunk = &chunk[index..];
        }
        !(self.decided && self.tokens.is_none() && self.finding.as_ref().is_some_and(|finding| finding.complete))
    }

    /// The output has ended.
    pub fn finish(mut self) -> Match {
        if let Some(came) = self.mark.take() {
            self.take(&MARK[..came]);
        }
        if let (Engine::Pattern(Err(message)), None) = (&self.engine, &self.finding) {
            return Match::Unusable(message.clone());
        }
        if !self.decided
            && let Engine::LineCount(count) = self.engine
        {
            return count.finish();
        }
        while !self.decided
            && let Some(mismatch) = self.engine.finish()
        {
            self.note(mismatch, b"");
        }
        let Some(finding) = self.finding else { return Match::Same };
        let Finding { place, mut kind, expected, found, unit, class, complete } = finding;
        let only_space = self.tokens.is_some_and(|mut second| second.finish().is_none());
        if only_space && matches!(self.second, Some(Second::Standard)) {
            kind = Kind::OnlySpace;
        }
        let difference = Difference::new(place, kind, expected, found.finished(unit, !complete));
        match (class, self.second) {
            (Class::Malformed, _) => Match::Malformed(difference),
            (Class::Unusable, _) => Match::Unusable(difference.unusable()),
            (Class::Wrong, Some(Second::Tokens)) if only_space => Match::OnlyWhiteSpace(difference),
            (Class::Wrong, _) => Match::Different(difference),
        }
    }

    fn note(&mut self, mismatch: Mismatch, chunk: &[u8]) {
        let Mismatch { index, back, kind, expected, mut found, unit, class, last } = mismatch;
        self.decided = last;
        let mut place = self.place.after(&chunk[..index]);
        place.column = place.column.saturating_sub(back);
        let complete = found.take(&chunk[index..], unit);
        self.finding = Some(Finding { place, kind, expected, found, unit, class, complete });
        if let (Engine::Exact(exact), Some(second)) = (&self.engine, self.second) {
            self.tokens = Some(match second {
                Second::Tokens => Engine::Tokens(Tokens::resume(&exact.expected, exact.at, Rule::Tokens)),
                Second::Standard => {
                    let mut words = Words::new(exact.expected.clone(), Box::new(dmoj::Standard));
                    words.feed(&exact.expected[..exact.at]);
                    Engine::Words(words)
                }
            });
            self.feed_second(&chunk[index..]);
        }
    }

    fn feed_second(&mut self, chunk: &[u8]) {
        if self.tokens.as_mut().is_some_and(|second| second.feed(chunk).is_some()) {
            self.tokens = None;
        }
    }
}

impl Engine {
    fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        match self {
            Self::Exact(exact) => exact.feed(chunk),
            Self::Trimmed(trimmed) => trimmed.feed(chunk),
            Self::Tokens(tokens) => tokens.feed(chunk),
            Self::Unordered(unordered) => unordered.feed(chunk),
            Self::Words(words) => words.feed(chunk),
            Self::Rows(rows) => rows.feed(chunk),
            Self::Letters(letters) => letters.feed(chunk),
            Self::LineCount(count) => count.feed(chunk),
            Self::Pattern(Ok(pattern)) => pattern.feed(chunk),
            Self::Pattern(Err(_)) => None,
        }
    }

    fn finish(&mut self) -> Option<Mismatch> {
        match self {
            Self::Exact(exact) => exact.finish(),
            Self::Trimmed(trimmed) => trimmed.finish(),
            Self::Tokens(tokens) => tokens.finish(),
            Self::Unordered(unordered) => unordered.finish(),
            Self::Words(words) => words.finish(),
            Self::Rows(rows) => rows.finish(),
            Self::Letters(letters) => letters.finish(),
            Self::Pattern(Ok(pattern)) => pattern.finish(),
            Self::LineCount(_) | Self::Pattern(Err(_)) => None,
        }
    }
}
