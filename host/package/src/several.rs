//! Archives and files that hold several problems, of which one is chosen by its number or its title: exports of QDUOJ and
//! Hydro, and whole contests, have a directory for each problem; HUSTOJ's problem sets have an `item` for each.

use std::collections::BTreeSet;
use std::path::Path;

use crate::{Caps, PackageError, Tree, format, fps, program};

/// Where a package is: `FILE`, or `FILE#PROBLEM` where the file holds several problems.
pub(crate) struct Place<'a> {
    pub(crate) path: &'a Path,
    /// The number or the title of a problem.
    pub(crate) problem: Option<&'a str>,
}

impl<'a> Place<'a> {
    /// A file whose own name has a `#` is that file; otherwise what follows the first `#` behind a file's name is a problem.
    pub(crate) fn of(path: &'a Path) -> Self {
        let whole = Self { path, problem: None };
        let Some(text) = path.to_str().filter(|_| !path.exists()) else { return whole };
        let splits = text.match_indices('#').map(|(at, _)| (Path::new(&text[..at]), &text[at + 1..]));
        let mut files = splits.filter(|(path, problem)| path.exists() && !problem.is_empty());
        files.next().map_or(whole, |(path, problem)| Self { path, problem: Some(problem) })
    }

    /// All that is there.
    pub(crate) fn read(&self) -> Result<Tree, PackageError> {
        if self.path.is_dir() {
            return Tree::of_dir(self.path, Caps::default());
        }
        let read = |source| PackageError::Read { path: self.path.display().to_string(), source };
        Tree::of_file(&std::fs::read(self.path).map_err(read)?, Caps::default())
    }
}

/// One problem of several.
struct Part {
    number: String,
    tree: Tree,
}

/// The tree of the one problem that there is, or that is wanted.
///
/// # Errors
/// There are several and none is named, or there is none of this name.
pub(crate) fn only(tree: Tree, wanted: Option<&str>) -> Result<Tree, PackageError> {
    // Many archives hold one directory, and that the package.
    let tree = match format::find(&tree) {
        Some(_) => tree,
        None => Some(tree.without_top()).filter(|inner| inner.paths().next().is_some()).unwrap_or(tree),
    };
    let remarks = tree.remarks().to_vec();
    let mut parts = parts(&tree);
    let Some(wanted) = wanted else {
        return if parts.len() > 1 { Err(PackageError::Several { problems: list(&parts) }) } else { Ok(tree) };
    };
    if parts.len() < 2 {
        parts = vec![Part { number: "1".to_owned(), tree }];
    }
    if let Some(at) = parts.iter().position(|part| part.number == wanted) {
        return Ok(parts.swap_remove(at).tree.with_remarks(remarks));
    }
    let is_called = |part: &Part| part.title().trim().to_lowercase() == wanted.trim().to_lowercase();
    let (mut called, others): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(is_called);
    match called.len() {
        0 => Err(PackageError::NoSuchProblem { wanted: wanted.to_owned(), problems: list(&others) }),
        1 => Ok(called.swap_remove(0).tree.with_remarks(remarks)),
        _ => Err(PackageError::Several { problems: list(&called) }),
    }
}

/// The problems of a tree that holds several.
fn parts(tree: &Tree) -> Vec<Part> {
    if let Some(format) = format::find(tree) {
        let sets = if format.name == "fps" { fps::split(tree) } else { Vec::new() };
        let part = |(i, tree): (usize, Tree)| Part { number: (i + 1).to_string(), tree };
        return sets.into_iter().enumerate().map(part).collect();
    }
    let parts = directories(tree);
    // Polygon's archive of a contest has them one directory down.
    if parts.is_empty() { directories(&tree.subtree("problems")) } else { parts }
}

/// The directories that are packages.
fn directories(tree: &Tree) -> Vec<Part> {
    let tops: BTreeSet<&str> = tree.paths().filter_map(|path| Some(path.split_once('/')?.0)).collect();
    let part = |top: &&str| Part { number: (*top).to_owned(), tree: tree.subtree(top) };
    let mut parts: Vec<Part> = tops.iter().map(part).filter(|part| format::find(&part.tree).is_some()).collect();
    parts.sort_by_key(|part| program::natural(&part.number));
    parts
}

impl Part {
    /// What the package calls itself; nothing where it cannot be read.
    fn title(&self) -> String {
        let read = format::find(&self.tree).map(|format| (format.read)(&self.tree));
        read.and_then(Result::ok).map(|problem| problem.name).unwrap_or_default()
    }
}

/// How many of them a message names.
const LISTED: usize = 40;

fn list(parts: &[Part]) -> String {
    let name = |part: &Part| match part.title() {
        title if title.is_empty() => format!("`{}`", part.number),
        title => format!("`{}` ({title})", part.number),
    };
    let mut names: Vec<String> = parts.iter().take(LISTED).map(name).collect();
    if parts.len() > LISTED {
        names.push(format!("and {} others", parts.len() - LISTED));
    }
    names.join(", ")
}
