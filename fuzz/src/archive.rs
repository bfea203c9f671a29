//! Problem packages as archives that a stranger made, byte by byte.

use optimus_package::{Caps, Tree, import};

use crate::job::submitted;

/// Small, so that the fuzzer finds out what happens beyond.
pub(crate) const CAPS: Caps = Caps { entries: 64, bytes: 1 << 20, depth: 6 };

/// Unpacks it, and reads what is in it.
pub fn fuzz(bytes: &[u8]) {
    match Tree::of_zip(bytes, CAPS) {
        Ok(tree) => read(tree),
        Err(error) => assert!(!error.to_string().chars().any(|c| c == '\u{1b}'), "{error}"),
    }
}

/// A package whose files are read is a problem that can be submitted to, or refused.
pub(crate) fn read(tree: Tree) {
    if let Ok(problem) = import(tree) {
        assert!(!problem.tests.is_empty());
        submitted(&problem);
    }
}
