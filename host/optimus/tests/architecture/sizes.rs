//! Lengths of files and functions: what is longer is split.

use std::fs;
use std::path::{Path, PathBuf};

/// Maximum lines of a file, tests included.
const FILE_LINES: usize = 400;
/// Maximum lines of a function, from its `fn` to its closing brace.
const FUNCTION_LINES: usize = 60;
/// Maximum lines of a test: a table of cases may be longer than other code.
const TEST_LINES: usize = 90;
/// Where our Rust code is.
const FOLDERS: [&str; 6] = ["host", "sdk", "xtask", "languages", "fuzz", "examples"];

/// What is longer than allowed, each with its place and length.
pub(crate) fn too_long(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in FOLDERS.iter().flat_map(|folder| rust_files(&root.join(folder))) {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        let lines = text.lines().count();
        if lines > FILE_LINES {
            found.push(format!("{name}: {lines} lines, more than {FILE_LINES}: split the file"));
        }
        let is_test = name.contains("/tests/") || name.ends_with("/tests.rs");
        found.extend(long_functions(&text, is_test).map(|(line, lines)| {
            format!("{name}:{line}: a function of {lines} lines: split it into steps with names of their own")
        }));
    }
    found
}

/// The first line and the length of each function that is too long. rustfmt puts the closing brace of a function below
/// its `fn`, so indentation tells where it ends.
pub(crate) fn long_functions(text: &str, is_test: bool) -> impl Iterator<Item = (usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let tests = lines.iter().position(|line| line.starts_with("mod tests {")).unwrap_or(usize::MAX);
    let mut found = Vec::new();
    for (first, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        if !is_function(line.trim_start()) {
            continue;
        }
        let ends = |line: &str| line.len() == indent + 1 && line.ends_with('}');
        let length = lines[first..].iter().position(|line| ends(line)).map_or(0, |last| last + 1);
        // A declaration in a trait has no body: its signature ends with a semicolon.
        let signature_ends = |line: &&&str| ["{", "}", ";"].iter().any(|end| line.ends_with(end));
        let has_body = lines[first..].iter().find(signature_ends).is_some_and(|line| !line.ends_with(';'));
        let most = if is_test || first > tests { TEST_LINES } else { FUNCTION_LINES };
        if has_body && length > most {
            found.push((first + 1, length));
        }
    }
    found.into_iter()
}

fn is_function(code: &str) -> bool {
    const BEFORE: [&str; 7] = ["pub", "pub(crate)", "pub(super)", "const", "async", "unsafe", "default"];
    let mut words = code.split_whitespace().skip_while(|word| BEFORE.contains(word) || word.starts_with("pub("));
    words.next() == Some("fn")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        match path.is_dir() {
            true if entry.file_name() == "target" => {}
            true => files.extend(rust_files(&path)),
            false => files.extend(Some(path).filter(|path| path.extension().is_some_and(|end| end == "rs"))),
        }
    }
    files
}
