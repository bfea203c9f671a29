//! The files of a run that a job asks for.

mod pattern;
mod search;

use serde::{Deserialize, Serialize};

pub use self::pattern::{Pattern, Positions};
pub use self::search::Search;
use crate::{Content, Digest, Invalid};

/// Patterns of one job, and their bytes together: the search compares each with every name in the work area.
const MAX_PATTERNS: usize = 64;
const MAX_PATTERN_BYTES: usize = 2 << 10;
/// Files of one test.
pub const MAX_COLLECTED_FILES: usize = 256;
/// Bytes of the files of one job, as encoded in its report.
pub const MAX_COLLECTED_BYTES: u64 = 8 << 20;

/// A file that a run left.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CollectedFile {
    /// The path in the work area.
    pub path: String,
    /// The size.
    pub bytes: u64,
    /// The digest of the content.
    pub sha256: Digest,
    /// Its owner may execute it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub executable: bool,
    /// The content; absent in events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
}

/// Checks the patterns of a job.
///
/// # Errors
/// The first pattern that is not valid, by its index.
pub(crate) fn check(patterns: &[String]) -> Result<Vec<Pattern>, Invalid> {
    if patterns.len() > MAX_PATTERNS {
        let message = format!("has {} patterns; the maximum is {MAX_PATTERNS}", patterns.len());
        return Err(Invalid::new("collect", message));
    }
    let bytes: usize = patterns.iter().map(String::len).sum();
    if bytes > MAX_PATTERN_BYTES {
        let message = format!("has patterns of {bytes} bytes together; the maximum is {MAX_PATTERN_BYTES}");
        return Err(Invalid::new("collect", message));
    }
    let pattern = |(i, text): (usize, &String)| {
        let shown: String = text.chars().take(64).collect();
        let invalid = |why| Invalid::new(format!("collect[{i}]"), format!("`{}` {why}", shown.escape_debug()));
        Pattern::new(text).map_err(invalid)
    };
    patterns.iter().enumerate().map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_that_leads_out_is_refused_by_its_place() {
        for bad in ["/etc/passwd", "../x", "a/../b", "", "a//b", "a\\b", ".channels/0"] {
            let error = check(&["fine".to_owned(), bad.to_owned()]).unwrap_err();
            assert_eq!(error.field, "collect[1]", "{bad}");
        }
    }

    #[test]
    fn more_patterns_than_a_search_can_compare_are_refused() {
        assert_eq!(check(&vec!["x".to_owned(); MAX_PATTERNS]).unwrap().len(), MAX_PATTERNS);
        assert_eq!(check(&vec!["x".to_owned(); MAX_PATTERNS + 1]).unwrap_err().field, "collect");
        assert_eq!(check(&vec!["x".repeat(250); 9]).unwrap_err().field, "collect");
    }
}
