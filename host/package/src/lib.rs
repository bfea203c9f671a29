//! Problem packages, as contests have them, made into one value: [`Problem`].
//!
//! In: a zip archive or a directory, of any of the formats that stand here, a module each. Out: a problem, or an error that
//! names the file and what is wrong with it. An archive is a stranger's: what would leave it, swell, or lead elsewhere is
//! refused. So is every feature of a package that could not be honoured: nobody's rules are changed in silence.

mod archive;
mod cms;
mod dmoj;
mod error;
mod fields;
mod format;
mod fps;
mod hydro;
mod kattis;
mod labels;
mod polygon;
mod program;
mod qduoj;
mod several;
mod tree;
mod units;

use std::collections::BTreeSet;
use std::path::Path;

use optimus_core::Problem;

pub use archive::archive;
pub use error::PackageError;
pub use tree::{Caps, Tree};

use format::FORMATS;
use several::Place;

/// Reads a package: a zip archive, or a directory. `FILE#PROBLEM` is one problem of a file that holds several, by its number
/// or its title.
///
/// # Errors
/// It cannot be read, or not be honoured; what, and where. It holds several problems, and none is named.
pub fn open(path: &Path) -> Result<Problem, PackageError> {
    let place = Place::of(path);
    let mut problem = read(&several::only(place.read()?, place.problem)?)?;
    if problem.name.is_empty() {
        problem.name = place.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    Ok(problem)
}

/// Reads a package from its files.
///
/// # Errors
/// As [`open`].
pub fn import(tree: Tree) -> Result<Problem, PackageError> {
    read(&several::only(tree, None)?)
}

fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let Some(format) = format::find(tree) else { return Err(unknown(tree)) };
    let mut problem = (format.read)(tree)?;
    problem.remarks.extend_from_slice(tree.remarks());
    // A package's limits are the package's, whatever the language.
    problem.exact_limits = true;
    if problem.tests.is_empty() {
        return Err(PackageError::bad(format.marker, format!("the package has no tests: {}", format.tests)));
    }
    contents_are_there(&problem)?;
    Ok(problem)
}

/// How many names of files a message lists.
const LISTED: usize = 8;

fn unknown(tree: &Tree) -> PackageError {
    let markers: Vec<String> = FORMATS.iter().map(|format| format!("`{}` ({})", format.marker, format.name)).collect();
    let tops: BTreeSet<&str> = tree.paths().map(|path| path.find('/').map_or(path, |at| &path[..=at])).collect();
    let mut found: Vec<String> = tops.iter().take(LISTED).map(|top| format!("`{top}`")).collect();
    if tops.len() > LISTED {
        found.push(format!("and {} others", tops.len() - LISTED));
    }
    let found = if found.is_empty() { "nothing".to_owned() } else { found.join(", ") };
    PackageError::Unknown { markers: markers.join(", "), found }
}

/// A clone without Git LFS has a few lines of text in the place of each large file, and would be judged by them.
fn contents_are_there(problem: &Problem) -> Result<(), PackageError> {
    for test in &problem.tests {
        if tree::is_pointer(test.stdin.as_bytes())
            || test.expect.as_ref().is_some_and(|expect| tree::is_pointer(expect.as_bytes()))
        {
            let name = test.name.as_deref().unwrap_or_default();
            return Err(PackageError::bad(format!("test {name}"), tree::POINTER));
        }
    }
    Ok(())
}
