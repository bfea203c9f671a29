//! The files that a job asks for, by patterns: the search of the agent, in memory.

use std::collections::BTreeSet;
use std::rc::Rc;

use optimus_core::BoxPath;
use optimus_core::collect::{MAX_COLLECTED_FILES, Pattern, Positions};

use super::node::{Body, Content, Node};
use super::stage::Stage;

/// The names that one search looks at.
const MAX_NAMES: usize = 10_000;
const MAX_DEPTH: usize = 32;
const MAX_NOTES: usize = 8;

/// The files below `root` that match, together at most `cap` bytes, and the reasons why others are missing.
pub(crate) fn gather(root: &Rc<Node>, patterns: &[Pattern], cap: u64) -> (Stage, Vec<String>) {
    let mut search = Search {
        patterns,
        gathered: Stage::default(),
        left: cap,
        files: 0,
        names: 0,
        found: vec![false; patterns.len()],
        notes: Vec::new(),
    };
    let start: Vec<_> = patterns.iter().map(Pattern::start).collect();
    search.directory("", root, &start, 0);
    let is_complete = search.names < MAX_NAMES && search.files <= MAX_COLLECTED_FILES;
    for (pattern, _) in patterns.iter().zip(search.found.clone()).filter(|(_, found)| is_complete && !found) {
        search.note(format!("there is no `{}`", pattern.as_str()));
    }
    (search.gathered, search.notes)
}

struct Search<'a> {
    patterns: &'a [Pattern],
    gathered: Stage,
    left: u64,
    files: usize,
    names: usize,
    /// Whether each pattern has matched something.
    found: Vec<bool>,
    notes: Vec<String>,
}

impl Search<'_> {
    fn note(&mut self, note: String) {
        if self.notes.len() < MAX_NOTES && !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Looks at what is in a directory; `at` has the positions of all patterns.
    fn directory(&mut self, path: &str, node: &Node, at: &[Positions], depth: usize) {
        let Body::Directory(entries) = &*node.body.borrow() else { return };
        let each = || self.patterns.iter().zip(at);
        let plain = || each().flat_map(|(pattern, at)| pattern.plain_names(*at)).map(str::to_owned);
        let mut names = BTreeSet::new();
        let lists = each().any(|(pattern, at)| pattern.takes_other_names(*at));
        let room = MAX_NAMES - self.names;
        let is_too_much = lists && entries.len() > room;
        if lists {
            names.extend(entries.keys().take(room).cloned());
            self.names += names.len();
        }
        if !lists || is_too_much {
            names.extend(plain());
        }
        if is_too_much {
            self.names = MAX_NAMES;
            self.note(format!("there are more than {MAX_NAMES} names to look at"));
        }
        for name in names {
            let at: Vec<_> = self.patterns.iter().zip(at).map(|(pattern, at)| pattern.step(*at, &name)).collect();
            if self.files > MAX_COLLECTED_FILES {
                return;
            }
            if let (Some(node), true) = (entries.get(&name), at.iter().any(|at| !at.is_empty())) {
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                self.entry(&path, node, &at, depth);
            }
        }
    }

    fn entry(&mut self, path: &str, node: &Node, at: &[Positions], depth: usize) {
        let is_meant: Vec<_> = self.patterns.iter().zip(at).map(|(pattern, at)| pattern.is_match(*at)).collect();
        self.found.iter_mut().zip(&is_meant).for_each(|(found, is_meant)| *found |= is_meant);
        if let Err(why) = BoxPath::new(path) {
            return self.note(format!("`{}` {why}", path.escape_debug()));
        }
        let is_wanted = is_meant.contains(&true);
        match &*node.body.borrow() {
            Body::Directory(_) if depth == MAX_DEPTH => {
                self.note(format!("`{}` is more than {MAX_DEPTH} directories deep", path.escape_debug()));
            }
            Body::Directory(_) => self.directory(path, node, at, depth + 1),
            Body::File(content) if is_wanted => self.file(path, content, node.is_executable),
            Body::Link(_) if is_wanted => self.note(format!("`{}` is a symlink, not a file", path.escape_debug())),
            Body::File(_) | Body::Link(_) => {}
        }
    }

    fn file(&mut self, path: &str, content: &Content, is_executable: bool) {
        self.files += 1;
        if self.files > MAX_COLLECTED_FILES {
            return self.note(format!("there are more than {MAX_COLLECTED_FILES} files"));
        }
        let size = content.bytes().len() as u64;
        let Some(left) = self.left.checked_sub(size) else {
            let (name, left) = (path.escape_debug(), self.left);
            return self
                .note(format!("`{name}` has {size} bytes, more than the {left} that are left for the job's files"));
        };
        self.left = left;
        self.gathered.put(path.to_owned(), content.to_bytes(), is_executable);
    }
}
