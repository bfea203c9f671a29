//! The files that a job asks for, by patterns: the search of the agent, in memory.

use std::convert::Infallible;
use std::rc::Rc;

use optimus_core::BoxPath;
use optimus_core::collect::{Pattern, Positions, Search};

use super::node::{Body, Content, Node};
use super::stage::Stage;

/// The files below `root` that match, together at most `cap` bytes, and the reasons why others are missing.
pub(crate) fn gather(root: &Rc<Node>, patterns: &[Pattern], cap: u64) -> (Stage, Vec<String>) {
    let mut walk = Walk { gathered: Stage::default(), search: Search::new(patterns, cap) };
    walk.directory("", root, &walk.search.start(), 0);
    (walk.gathered, walk.search.finish())
}

struct Walk<'a> {
    gathered: Stage,
    search: Search<'a>,
}

impl Walk<'_> {
    /// Looks at what is in a directory; `at` has the positions of all patterns.
    fn directory(&mut self, path: &str, node: &Node, at: &[Positions], depth: usize) {
        let Body::Directory(entries) = &*node.body.borrow() else { return };
        let list = || Ok::<_, Infallible>(Some(entries.keys().cloned().map(Ok)));
        let Ok(names) = self.search.candidates(at, list);
        for name in names {
            if self.search.is_full() {
                return;
            }
            if let (Some(node), Some(at)) = (entries.get(&name), self.search.step(at, &name)) {
                let path = if path.is_empty() { name } else { format!("{path}/{name}") };
                self.entry(&path, node, &at, depth);
            }
        }
    }

    fn entry(&mut self, path: &str, node: &Node, at: &[Positions], depth: usize) {
        self.search.mark_found(at);
        if let Err(why) = BoxPath::new(path) {
            return self.search.note(format!("`{}` {why}", path.escape_debug()));
        }
        let is_wanted = self.search.is_wanted(at);
        match &*node.body.borrow() {
            Body::Directory(_) if self.search.enters(path, depth) => self.directory(path, node, at, depth + 1),
            Body::File(content) if is_wanted => self.file(path, content, node.is_executable),
            Body::Link(_) if is_wanted => {
                self.search.note(format!("`{}` is a symlink, not a file", path.escape_debug()))
            }
            Body::Directory(_) | Body::File(_) | Body::Link(_) => {}
        }
    }

    fn file(&mut self, path: &str, content: &Content, is_executable: bool) {
        if self.search.takes(path, content.bytes().len() as u64) {
            self.gathered.put(path.to_owned(), content.to_bytes(), is_executable);
        }
    }
}
