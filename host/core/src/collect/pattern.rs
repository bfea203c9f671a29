//! Patterns of paths, matched one part at a time, so that a search enters only the directories in which a match can be.

use serde::{Deserialize, Serialize};

use crate::BoxPath;

/// The depth of a pattern: one bit of [`Positions`] for each part, and one for the end.
const MAX_PARTS: usize = 32;

/// A path whose parts may hold `*` (any characters) and `?` (one byte). A part `**` stands for any number of parts. A
/// directory that matches stands for everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Pattern(BoxPath);

/// The parts of a pattern that the next part of a path may match: one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Positions(u64);

impl Pattern {
    /// Checks a pattern.
    ///
    /// # Errors
    /// What is wrong with it, to be shown beside its text.
    pub fn new(text: &str) -> Result<Self, &'static str> {
        let path = BoxPath::new(text.strip_suffix('/').unwrap_or(text))?;
        if path.as_str().split('/').count() > MAX_PARTS {
            return Err("has more than 32 parts");
        }
        Ok(Self(path))
    }

    /// The pattern as text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns true if the whole path, or a directory above it, matches.
    pub fn matches(&self, path: &str) -> bool {
        self.is_match(path.split('/').fold(self.start(), |at, name| self.step(at, name)))
    }

    /// The positions before the first part of a path.
    pub fn start(&self) -> Positions {
        self.enter(0)
    }

    /// The positions after one more part of the path. None are left when no path that continues so can match.
    pub fn step(&self, at: Positions, name: &str) -> Positions {
        let next = self.parts().enumerate().filter(|(index, _)| at.contains(*index)).map(|(index, part)| match part {
            "**" => self.enter(index).0,
            part if matches_name(part.as_bytes(), name.as_bytes()) => self.enter(index + 1).0,
            _ => 0,
        });
        let below_a_match = if self.is_match(at) { at.0 & self.end() } else { 0 };
        Positions(next.fold(below_a_match, std::ops::BitOr::bitor))
    }

    /// Returns true if the parts so far are a match.
    pub fn is_match(&self, at: Positions) -> bool {
        at.0 & self.end() != 0
    }

    /// The names without wildcards that may come next.
    pub fn plain_names(&self, at: Positions) -> impl Iterator<Item = &str> {
        let may_come = move |(index, part): &(usize, &str)| at.contains(*index) && !is_wild(part);
        self.parts().enumerate().filter(may_come).map(|(_, part)| part)
    }

    /// Returns true if other names may come next, too.
    pub fn takes_other_names(&self, at: Positions) -> bool {
        self.is_match(at) || self.parts().enumerate().any(|(index, part)| at.contains(index) && is_wild(part))
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.as_str().split('/')
    }

    /// The bit of the pattern's end.
    fn end(&self) -> u64 {
        1 << self.parts().count()
    }

    /// The position `index`, and those behind it that are reached without a name: `**` may stand for none.
    fn enter(&self, index: usize) -> Positions {
        let skipped = self.parts().skip(index).take_while(|part| *part == "**").count();
        Positions((index..=index + skipped).fold(0, |bits, index| bits | 1 << index))
    }
}

impl Positions {
    /// Returns true if nothing can match any more.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

fn is_wild(part: &str) -> bool {
    part.contains(['*', '?'])
}

/// Takes at most the product of both lengths in steps: after a mismatch only the last `*` is tried again.
fn matches_name(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut in_name, mut star) = (0, 0, None);
    while in_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, in_name));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[in_name] => {
                at += 1;
                in_name += 1;
            }
            _ => {
                let Some((starred, from)) = star else { return false };
                star = Some((starred, from + 1));
                (at, in_name) = (starred + 1, from + 1);
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_files_and_what_is_below_directories() {
        for (pattern, path, is_meant) in [
            ("out.txt", "out.txt", true),
            ("out.txt", "a/out.txt", false),
            ("plots/", "plots/a/b.png", true),
            ("plots", "plots2/a.png", false),
            ("plots/*.png", "plots/a.png", true),
            ("plots/*.png", "plots/a.txt", false),
            ("plots/*.png", "plots/deep/a.png", false),
            ("plots/*.png", "plots", false),
            ("**/*.png", "a.png", true),
            ("**/*.png", "a/b/c.png", true),
            ("a/**", "a", true),
            ("a/**/b/**/c", "a/b/c", true),
            ("a/**/b/**/c", "a/x/b/b/y/c", true),
            ("a/**/b/**/c", "a/x/c", false),
            ("**", "a", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "xxaxxbxx", false),
            ("*", "anything/below", true),
        ] {
            assert_eq!(Pattern::new(pattern).unwrap().matches(path), is_meant, "{pattern} {path}");
        }
    }

    #[test]
    fn a_search_knows_which_names_can_lead_on() {
        let pattern = Pattern::new("a/*.d/**/x").unwrap();
        let at = pattern.start();
        assert_eq!((pattern.plain_names(at).collect::<Vec<_>>(), pattern.takes_other_names(at)), (vec!["a"], false));
        assert!(pattern.step(at, "b").is_empty());
        let at = pattern.step(at, "a");
        assert_eq!((pattern.plain_names(at).count(), pattern.takes_other_names(at)), (0, true));
        let at = pattern.step(at, "1.d");
        assert_eq!((pattern.plain_names(at).collect::<Vec<_>>(), pattern.takes_other_names(at)), (vec!["x"], true));
        let at = pattern.step(pattern.step(at, "y"), "x");
        assert!(pattern.is_match(at) && pattern.takes_other_names(at));
        assert!(pattern.is_match(pattern.step(at, "below")));
    }

    #[test]
    fn wildcards_cost_no_more_than_the_product_of_the_lengths() {
        let began = std::time::Instant::now();
        let (pattern, name) = ("*a".repeat(100) + "b", "a".repeat(255));
        assert!(!Pattern::new(&pattern).unwrap().matches(&name));
        let (pattern, path) = ("**/a/".repeat(15) + "b", "a/".repeat(31) + "a");
        assert!(!Pattern::new(&pattern).unwrap().matches(&path));
        assert!(began.elapsed() < std::time::Duration::from_secs(1));
        assert!(Pattern::new(&("a/".repeat(32) + "b")).is_err());
    }
}
