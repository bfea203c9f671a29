//! Programs in a package: checkers, interactors, submissions.

use bytes::Bytes;
use optimus_core::SourceFile;
use optimus_core::checker::Protocol;
use optimus_core::job::FileRequest;
use optimus_core::{BoxPath, Checker, Content};

use crate::{PackageError, Tree};

/// The files of a program: one file, or all of a directory. The first is the one to start with.
pub(crate) fn files(tree: &Tree, path: &str) -> Result<Vec<SourceFile>, PackageError> {
    let mut found: Vec<(String, Bytes)> = match tree.get(path) {
        Some(bytes) => vec![(last(path).to_owned(), bytes)],
        None => tree.under(path).map(|(name, bytes)| (name.to_owned(), bytes.clone())).collect(),
    };
    if found.len() > 1 || !tree.has(path) {
        if found.iter().any(|(name, _)| name == "build" || name == "run") {
            found.insert(0, (BUILD_AND_RUN.0.to_owned(), Bytes::from_static(BUILD_AND_RUN.1.as_bytes())));
        } else if let Some(entry) = entry(&found) {
            let first = found.remove(entry);
            found.insert(0, first);
        }
    }
    found.into_iter().map(|(name, bytes)| source(&name, bytes, path)).collect()
}

/// Runs a program that brings its own `build` and `run`: it is built where it lies, and `run` gets all arguments.
/// <https://www.kattis.com/problem-package-format/spec/2025-09#other-programs>
const BUILD_AND_RUN: (&str, &str) = (
    "optimus_build_and_run.sh",
    "#!/bin/sh\n\
     if [ -f build ]; then\n\
     \x20 chmod +x build && ./build >&2 || { echo \"the package's build script failed\" >&2; exit 1; }\n\
     fi\n\
     chmod +x run 2>/dev/null\n\
     exec ./run \"$@\"\n",
);

/// The file to start with, of several: of the extension that most sources have, the one called `main` (or `__main__`, as
/// Python has it), and otherwise the first by name. So the Kattis formats have it, in the table of languages and in
/// problemtools' `languages.yaml`.
fn entry(files: &[(String, Bytes)]) -> Option<usize> {
    let extension = |name: &str| last(name).rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    let sources: Vec<usize> = (0..files.len()).filter(|i| is_source(&files[*i].0)).collect();
    let count =
        |i: &usize| sources.iter().filter(|other| extension(&files[**other].0) == extension(&files[*i].0)).count();
    let most = sources.iter().map(count).max()?;
    let is_main = |i: &&usize| ["main", "__main__"].contains(&stem(&files[**i].0).to_ascii_lowercase().as_str());
    let common = || sources.iter().filter(|i| count(i) == most);
    // A `main` in a language of its own says more than the number of files.
    common().find(is_main).or_else(|| sources.iter().find(is_main)).or_else(|| common().next()).copied()
}

/// What lies right in a directory: each file and each directory is a program.
pub(crate) fn programs(tree: &Tree, dir: &str) -> Vec<String> {
    tree.children(dir).into_iter().map(|child| format!("{dir}/{child}")).collect()
}

/// Whether a file can be a program's source, by its name: no header, no note, no data, and nothing compiled.
pub(crate) fn is_source(path: &str) -> bool {
    const OTHERS: [&str; 31] = [
        "txt", "md", "rst", "tex", "pdf", "html", "png", "jpg", "svg", "yaml", "yml", "json", "xml", "ini", "cfg",
        "toml", "in", "ans", "out", "class", "o", "exe", "jar", "zip", "log", "csv", "pyc", "orig", "rej", "bak",
        "old",
    ];
    let extension = last(path).rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| !OTHERS.contains(&extension.as_str()) && !is_header(path))
}

/// One of them.
pub(crate) fn source(name: &str, bytes: Bytes, file: &str) -> Result<SourceFile, PackageError> {
    let path = BoxPath::new(name).map_err(|why| PackageError::bad(file, format!("`{name}` {why}")))?;
    Ok(SourceFile { path, content: Content::from(bytes) })
}

/// A checker out of files; its language is told by them.
pub(crate) fn checker(files: Vec<SourceFile>, protocol: Protocol) -> Checker {
    let request = |file: SourceFile| FileRequest { path: file.path.as_str().to_owned(), content: file.content };
    Checker { protocol, files: files.into_iter().map(request).collect(), ..Checker::default() }
}

/// A checker in one file, with the headers that it may want from beside it.
pub(crate) fn checker_at(tree: &Tree, path: &str, protocol: Protocol) -> Result<Checker, PackageError> {
    let mut all = vec![source(last(path), tree.need(path, path)?, path)?];
    let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
    for header in tree.paths().filter(|other| is_header(other)) {
        let near = header.rsplit_once('/').map_or("", |(dir, _)| dir) == dir || last(header) == "testlib.h";
        if near && all.iter().all(|file| file.path.as_str() != last(header)) {
            all.push(source(last(header), tree.need(header, path)?, header)?);
        }
    }
    Ok(checker(all, protocol))
}

/// Whether a file is a header.
pub(crate) fn is_header(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| ["h", "hpp", "hh", "hxx"].contains(&extension))
}

/// A path's last part.
pub(crate) fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// That without its extension.
pub(crate) fn stem(path: &str) -> &str {
    last(path).rsplit_once('.').map_or(last(path), |(stem, _)| stem)
}

/// `2` comes before `10`.
pub(crate) fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let text_end = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, tail) = rest.split_at(text_end);
        let number_end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
        let (number, tail) = tail.split_at(number_end);
        parts.push((text.to_owned(), number.parse().unwrap_or(0)));
        rest = tail;
    }
    parts
}
