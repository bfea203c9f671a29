//! The bookkeeping of a search for a job's files: its bounds, and the reasons why files are missing. Each backend walks
//! directories in its own way.

use std::collections::BTreeSet;

use super::{MAX_COLLECTED_FILES, Pattern, Positions};

/// The names that one search looks at.
const MAX_NAMES: usize = 10_000;
const MAX_DEPTH: usize = 32;
const MAX_NOTES: usize = 8;

/// A search of a work area.
#[derive(Debug)]
pub struct Search<'a> {
    patterns: &'a [Pattern],
    /// Bytes that files may still have.
    left: u64,
    files: usize,
    names: usize,
    /// Whether each pattern has matched something.
    found: Vec<bool>,
    notes: Vec<String>,
}

impl<'a> Search<'a> {
    /// A search for files that match, together at most `cap` bytes.
    pub fn new(patterns: &'a [Pattern], cap: u64) -> Self {
        Self { patterns, left: cap, files: 0, names: 0, found: vec![false; patterns.len()], notes: Vec::new() }
    }

    /// The positions of all patterns at the root of the work area.
    pub fn start(&self) -> Vec<Positions> {
        self.patterns.iter().map(Pattern::start).collect()
    }

    /// The positions after a name; none where no pattern can match it or what is below.
    pub fn step(&self, at: &[Positions], name: &str) -> Option<Vec<Positions>> {
        let at: Vec<_> = self.patterns.iter().zip(at).map(|(pattern, at)| pattern.step(*at, name)).collect();
        at.iter().any(|at| !at.is_empty()).then_some(at)
    }

    /// The names in a directory that may match: all that `list` gives, where a pattern has a wildcard, or else those that
    /// patterns spell out. Those are looked for also where there are too many names to read.
    ///
    /// # Errors
    /// Those of the list.
    pub fn candidates<I, E>(
        &mut self,
        at: &[Positions],
        list: impl FnOnce() -> Result<Option<I>, E>,
    ) -> Result<BTreeSet<String>, E>
    where
        I: Iterator<Item = Result<String, E>>,
    {
        let each = || self.patterns.iter().zip(at);
        let mut names = BTreeSet::new();
        if each().any(|(pattern, at)| pattern.takes_other_names(*at)) {
            let Some(listed) = list()? else { return Ok(names) };
            let room = MAX_NAMES - self.names;
            for name in listed.take(room + 1) {
                names.insert(name?);
            }
            if names.len() <= room {
                self.names += names.len();
                return Ok(names);
            }
            names.pop_last();
            self.names = MAX_NAMES;
        }
        names.extend(each().flat_map(|(pattern, at)| pattern.plain_names(*at)).map(str::to_owned));
        if self.names == MAX_NAMES {
            self.note(format!("there are more than {MAX_NAMES} names to look at"));
        }
        Ok(names)
    }

    /// Returns true if a file at these positions is asked for.
    pub fn is_wanted(&self, at: &[Positions]) -> bool {
        self.patterns.iter().zip(at).any(|(pattern, at)| pattern.is_match(*at))
    }

    /// Something is there at these positions.
    pub fn mark_found(&mut self, at: &[Positions]) {
        let each = self.patterns.iter().zip(at).zip(&mut self.found);
        each.for_each(|((pattern, at), found)| *found |= pattern.is_match(*at));
    }

    /// Returns true if a directory at this depth is to be walked; notes that it is not.
    pub fn enters(&mut self, path: &str, depth: usize) -> bool {
        if depth == MAX_DEPTH {
            self.note(format!("`{}` is more than {MAX_DEPTH} directories deep", path.escape_debug()));
        }
        depth < MAX_DEPTH
    }

    /// Returns true if a file of `size` bytes that is asked for is to be taken; notes that it is not.
    pub fn takes(&mut self, path: &str, size: u64) -> bool {
        self.files += 1;
        if self.files > MAX_COLLECTED_FILES {
            self.note(format!("there are more than {MAX_COLLECTED_FILES} files"));
            return false;
        }
        let Some(left) = self.left.checked_sub(size) else {
            let (name, left) = (path.escape_debug(), self.left);
            self.note(format!("`{name}` has {size} bytes, more than the {left} that are left for the job's files"));
            return false;
        };
        self.left = left;
        true
    }

    /// Returns true once there are more files than a job may have.
    pub fn is_full(&self) -> bool {
        self.files > MAX_COLLECTED_FILES
    }

    /// Adds a reason why files are missing.
    pub fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The reasons why files are missing, once all directories have been walked.
    pub fn finish(mut self) -> Vec<String> {
        let is_complete = self.names < MAX_NAMES && !self.is_full();
        for (pattern, _) in self.patterns.iter().zip(self.found.clone()).filter(|(_, found)| is_complete && !found) {
            self.note(format!("there is no `{}`", pattern.as_str()));
        }
        self.notes
    }
}
