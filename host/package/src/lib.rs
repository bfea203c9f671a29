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
mod fps;
mod hydro;
mod kattis;
mod labels;
mod polygon;
mod program;
mod qduoj;
mod tree;
mod units;

use std::path::Path;

use optimus_core::Problem;

pub use archive::archive;
pub use error::PackageError;
pub use tree::{Caps, Tree};

/// A format: how it is told, and who reads it.
struct Format {
    name: &'static str,
    /// The file that tells it.
    marker: &'static str,
    is: fn(&Tree) -> bool,
    read: fn(&Tree) -> Result<Problem, PackageError>,
}

/// The first that fits is it: the more specific formats come first.
const FORMATS: &[Format] = &[
    Format { name: "polygon", marker: "problem.xml", is: |tree| tree.has("problem.xml"), read: polygon::read },
    Format { name: "dmoj", marker: "init.yml", is: |tree| tree.has("init.yml"), read: dmoj::read },
    Format { name: "cms", marker: "task.yaml", is: |tree| tree.has("task.yaml"), read: cms::read },
    Format { name: "hydro", marker: "testdata/config.yaml", is: hydro::is, read: hydro::read },
    Format { name: "kattis", marker: "problem.yaml", is: |tree| tree.has("problem.yaml"), read: kattis::read },
    Format {
        name: "domjudge",
        marker: "domjudge-problem.ini",
        is: |tree| tree.has("domjudge-problem.ini"),
        read: kattis::read,
    },
    Format { name: "qduoj", marker: "problem.json", is: qduoj::is, read: qduoj::read },
    Format { name: "fps", marker: "fps.xml", is: fps::is, read: fps::read },
];

/// Reads a package: a zip archive, or a directory.
///
/// # Errors
/// It cannot be read, or not be honoured; what, and where.
pub fn open(path: &Path) -> Result<Problem, PackageError> {
    let tree = if path.is_dir() {
        Tree::of_dir(path, Caps::default())?
    } else {
        let read = |source| PackageError::Read { path: path.display().to_string(), source };
        Tree::of_file(&std::fs::read(path).map_err(read)?, Caps::default())?
    };
    let mut problem = import(tree)?;
    if problem.name.is_empty() {
        problem.name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    }
    Ok(problem)
}

/// Reads a package from its files.
///
/// # Errors
/// As [`open`].
pub fn import(tree: Tree) -> Result<Problem, PackageError> {
    let find = |tree: &Tree| FORMATS.iter().find(|format| (format.is)(tree));
    let (tree, format) = match find(&tree) {
        Some(format) => (tree, Some(format)),
        // Many archives hold one directory, and that the package.
        None => {
            let inner = tree.without_top();
            let format = find(&inner);
            (inner, format)
        }
    };
    let Some(format) = format else {
        let markers: Vec<String> =
            FORMATS.iter().map(|format| format!("`{}` ({})", format.marker, format.name)).collect();
        return Err(PackageError::Unknown { markers: markers.join(", ") });
    };
    let mut problem = (format.read)(&tree)?;
    problem.remarks.extend_from_slice(tree.remarks());
    // A package's limits are the package's, whatever the language.
    problem.exact_limits = true;
    if problem.tests.is_empty() {
        return Err(PackageError::bad(format.marker, "the package has no tests"));
    }
    Ok(problem)
}
