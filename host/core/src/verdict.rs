//! Verdicts.

use serde::{Deserialize, Serialize};

/// The meaning of an outcome. `InternalError` is our failure and never says anything about the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the field's own")]
pub enum Verdict {
    Accepted,
    WrongAnswer,
    PresentationError,
    Partial,
    TimeLimitExceeded,
    IdlenessLimitExceeded,
    MemoryLimitExceeded,
    OutputLimitExceeded,
    RuntimeError,
    SecurityViolation,
    CompileError,
    Skipped,
    Cancelled,
    InternalError,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 14] = [
        Self::Accepted,
        Self::WrongAnswer,
        Self::PresentationError,
        Self::Partial,
        Self::TimeLimitExceeded,
        Self::IdlenessLimitExceeded,
        Self::MemoryLimitExceeded,
        Self::OutputLimitExceeded,
        Self::RuntimeError,
        Self::SecurityViolation,
        Self::CompileError,
        Self::Skipped,
        Self::Cancelled,
        Self::InternalError,
    ];

    /// The word used in JSON, logs and on a terminal.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::WrongAnswer => "wrong_answer",
            Self::PresentationError => "presentation_error",
            Self::Partial => "partial",
            Self::TimeLimitExceeded => "time_limit_exceeded",
            Self::IdlenessLimitExceeded => "idleness_limit_exceeded",
            Self::MemoryLimitExceeded => "memory_limit_exceeded",
            Self::OutputLimitExceeded => "output_limit_exceeded",
            Self::RuntimeError => "runtime_error",
            Self::SecurityViolation => "security_violation",
            Self::CompileError => "compile_error",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::InternalError => "internal_error",
        }
    }

    /// The verdict of a whole job from its tests' verdicts, in order: ours if we failed anywhere; otherwise the first
    /// that is neither accepted nor skipped; otherwise accepted.
    pub fn of_job(tests: impl IntoIterator<Item = Self>) -> Self {
        let mut first = Self::Accepted;
        for verdict in tests {
            match verdict {
                Self::InternalError => return Self::InternalError,
                Self::Accepted | Self::Skipped => {}
                other if first == Self::Accepted => first = other,
                _ => {}
            }
        }
        first
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

impl std::str::FromStr for Verdict {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|v| v.as_str() == word).ok_or_else(|| format!("unknown verdict `{word}`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_is_the_json_word() {
        for verdict in Verdict::ALL {
            assert_eq!(serde_json::to_string(&verdict).unwrap(), format!("\"{verdict}\""));
            assert_eq!(verdict.as_str().parse(), Ok(verdict));
        }
    }

    #[test]
    fn a_job_is_judged_by_its_first_failure_and_ours_comes_before_all() {
        use Verdict::*;
        assert_eq!(Verdict::of_job([]), Accepted);
        assert_eq!(Verdict::of_job([Accepted, TimeLimitExceeded, WrongAnswer]), TimeLimitExceeded);
        assert_eq!(Verdict::of_job([WrongAnswer, Skipped, InternalError]), InternalError);
    }
}
