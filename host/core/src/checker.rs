//! Checkers that are programs: what a job says of one, how each protocol calls it, and what its answer means.
//!
//! Pure: where the program runs is not known here. A checker that crashes, runs out of a limit or says what its protocol
//! does not know has judged nothing, and its answer here is an error, never a verdict.

mod protocol;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::source::FileRequest;
use crate::{Content, LimitsRequest};

pub use protocol::{Answer, CheckerFile, CheckerOutput, Decision, Invocation, NEXT_PASS};

/// A checker: a program in any installed language, compiled once, and run in a separate box.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Checker {
    /// A language's id or alias. Empty: that of the first file whose extension some language has.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub language: String,
    /// The protocol: how the checker is called, and how its answer is read.
    pub protocol: Protocol,
    /// The program, when it is one file. Either this or `files`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Content>,
    /// The program's files; a header such as `testlib.h` is one of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileRequest>,
    /// The file to start with; the first, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    /// Arguments after those of the protocol.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Options of the checker's language, as its `options_schema` allows.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub options: Map<String, Value>,
    /// Further checkers that have to accept as well, each asked when all before it have accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<Checker>,
    /// The limits of each run; 10 s of CPU time and 1 GiB when absent.
    #[serde(default)]
    pub limits: LimitsRequest,
    /// The number that means full points, where the protocol leaves it open (`testlib`, `kattis`, `lemon`): 1 when
    /// absent, and 100 for `lemon`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_score: Option<f64>,
    /// The unit of the points in its answers.
    #[serde(default, skip_serializing_if = "Scale::is_default")]
    pub scale: Scale,
    /// Maximum runs of the submission for one test: under `kattis`, a checker that accepts and leaves a `nextpass.in`
    /// has the submission run again with that. 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passes: Option<u32>,
}

/// The unit of the points in a checker's answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// Of `full_score`, or of what the test is worth.
    #[default]
    Full,
    /// Of nothing: they are points of any size, which `scoring.tree` adds up. A rejected output may have some, too.
    Points,
    /// Above 1 they are percent, up to 1 a share; what comes of it is rounded down to whole points of the test's
    /// (Hydro, `packages/hydrojudge/src/testlib.ts`).
    Percent,
}

impl Scale {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_default(&self) -> bool {
        *self == Self::Full
    }
}

/// A protocol between the host and a checker: its arguments, its files, and the form of its answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// `checker INPUT OUTPUT ANSWER`: 0 is right, 1 is wrong.
    #[default]
    Exit,
    /// `checker INPUT OUTPUT ANSWER`: 0 right, 1 wrong, 2, 4 and 8 bad form, 3 its own failure, 7 points.
    Testlib,
    /// `checker INPUT ANSWER FEEDBACK_DIR/ < OUTPUT`: 42 right, 43 wrong; also of DOMjudge.
    Kattis,
    /// `checker INPUT ANSWER OUTPUT`: prints a score from 0 to 1, and a message to stderr.
    Cms,
    /// As `testlib`, but 7 with `partial X/Y` on stderr is that fraction.
    Coci,
    /// As `cms`, but its exit code says nothing, and without a score it is 0.
    Hydro,
    /// `checker ANSWER OUTPUT INPUT`: 0 right, 1 wrong; two lines with a number each make a fraction (DMOJ,
    /// `dmoj/contrib/peg.py`).
    Peg,
    /// `checker INPUT ANSWER OUTPUT`: 0 right, all else wrong.
    Hustoj,
    /// `checker INPUT OUTPUT`: 0 right, 1 wrong.
    Qduoj,
    /// `checker INPUT OUTPUT ANSWER FULL_SCORE SCORE_FILE MESSAGE_FILE`.
    Lemon,
    /// `input`, `user_out`, `answer` and `code` beside it; prints a score from 0 to 100, and a message to stderr.
    Syzoj,
}

impl Checker {
    /// The name in messages: that of its first file.
    pub fn name(&self) -> &str {
        self.entry.as_deref().or(self.files.first().map(|file| file.path.as_str())).unwrap_or("checker")
    }
}
