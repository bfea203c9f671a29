//! Finds a problem's tests in a directory, in the layouts that people have.
//!
//! Each file is taken by its name alone: a word in it (`in`, `output`, `ans`) says what the file is, as its ending, as its
//! beginning or end, or as its folder; what is left when the word is taken away pairs an input with its answer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

/// Folders below the directory that are looked into.
const DEPTH: usize = 3;

/// Tests, and which layout they are in.
pub(super) struct Layout {
    /// The name, the input and the answer of each, in natural order.
    pub(super) tests: Vec<(String, PathBuf, PathBuf)>,
    /// For the person who named the directory: `NAME.in with NAME.out`.
    pub(super) told: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Input,
    Answer,
}
use Role::{Answer, Input};

/// As file endings. An answer that comes first counts for more.
const ENDINGS: [(&str, Role); 8] = [
    ("in", Input),
    ("out", Answer),
    ("ans", Answer),
    ("expect", Answer),
    ("expected", Answer),
    ("ok", Answer),
    ("a", Answer),
    ("sol", Answer),
];

/// As words in a name, or as folders. Longer words come first: `input` begins with `in`.
const WORDS: [(&str, Role); 10] = [
    ("inputs", Input),
    ("input", Input),
    ("in", Input),
    ("outputs", Answer),
    ("output", Answer),
    ("out", Answer),
    ("expected", Answer),
    ("answers", Answer),
    ("answer", Answer),
    ("ans", Answer),
];

/// A file's role, the name of its test, and the pattern of its name.
struct File {
    role: Role,
    key: String,
    pattern: String,
    rank: usize,
}

/// Finds the tests of a directory.
///
/// # Errors
/// There are none, or an input has no answer.
pub(super) fn find(dir: &Path) -> anyhow::Result<Layout> {
    let mut paths = Vec::new();
    walk(dir, "", DEPTH, &mut paths)?;
    let mut inputs: BTreeMap<String, (String, String)> = BTreeMap::new();
    let mut answers: BTreeMap<String, (usize, String, String)> = BTreeMap::new();
    for path in &paths {
        let Some(File { role, key, pattern, rank }) = file(path) else { continue };
        match role {
            Input => drop(inputs.entry(key).or_insert((path.clone(), pattern))),
            Answer if answers.get(&key).is_none_or(|(known, ..)| rank < *known) => {
                answers.insert(key, (rank, path.clone(), pattern));
            }
            Answer => {}
        }
    }
    // Polygon: the input is `01`, the answer `01.a`.
    for path in paths.iter().filter(|path| answers.contains_key(*path)) {
        inputs.entry(path.clone()).or_insert((path.clone(), "NAME".to_owned()));
    }
    let mut tests = Vec::new();
    let mut told = String::new();
    for (key, (input, pattern)) in inputs {
        let Some((_, answer, by)) = answers.get(&key) else {
            bail!("`{}` has no answer next to it: {LAYOUTS}", dir.join(&input).display());
        };
        if told.is_empty() {
            told = format!("{pattern} with {by}");
        }
        tests.push((key, dir.join(input), dir.join(answer)));
    }
    if tests.is_empty() {
        bail!("`{}` holds no test: {LAYOUTS}", dir.display());
    }
    tests.sort_by_key(|(key, ..)| natural(key));
    Ok(Layout { tests, told })
}

const LAYOUTS: &str = "a test is NAME.in with NAME.out (.ans, .ok, .expect), inputN.txt with outputN.txt, in/NAME with out/NAME, or N with \
                       N.a, in the directory or in folders of it such as sample/ and secret/";

/// The files below a directory, relative to it, without hidden ones.
fn walk(dir: &Path, prefix: &str, depth: usize, found: &mut Vec<String>) -> anyhow::Result<()> {
    let unread = || format!("cannot read `{}`", dir.display());
    for entry in std::fs::read_dir(dir).with_context(unread)? {
        let path = entry.with_context(unread)?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.starts_with('.')) else {
            continue;
        };
        match path.is_dir() {
            true if depth > 1 => walk(&path, &format!("{prefix}{name}/"), depth - 1, found)?,
            true => {}
            false => found.push(format!("{prefix}{name}")),
        }
    }
    found.sort();
    Ok(())
}

fn file(path: &str) -> Option<File> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let is_role = |folder: &&str| WORDS.iter().any(|(word, _)| folder.eq_ignore_ascii_case(word));
    let others: Vec<&str> = folders.split('/').filter(|folder| !folder.is_empty() && !is_role(folder)).collect();
    let key = |rest: &str| {
        let rest = rest.trim_matches(['-', '_', '.', ' ']);
        others.iter().copied().chain((!rest.is_empty()).then_some(rest)).collect::<Vec<_>>().join("/")
    };
    // `1.in.txt` is `1.in`.
    let plain = name.strip_suffix(".txt").unwrap_or(name);
    let (stem, ending) = plain.rsplit_once('.').unwrap_or((plain, ""));
    let by_ending = ENDINGS.iter().enumerate().find(|(_, (known, _))| ending.eq_ignore_ascii_case(known));
    if let Some((rank, (known, role))) = by_ending.filter(|_| !stem.is_empty()) {
        return Some(File { role: *role, key: key(stem), pattern: format!("NAME.{known}"), rank });
    }
    // A source may be called `input.py`.
    if !(ending.is_empty() || plain.len() < name.len() || ending.eq_ignore_ascii_case("dat")) {
        return None;
    }
    let lower = plain.to_ascii_lowercase();
    for (rank, (word, role)) in WORDS.iter().enumerate() {
        let ends = |c: char| c.is_ascii_digit() || "-_. ".contains(c);
        let (pattern, rest) =
            if let Some(rest) = lower.strip_prefix(word).filter(|rest| rest.is_empty() || rest.starts_with(ends)) {
                (format!("{word}NAME"), &plain[plain.len() - rest.len()..])
            } else if let Some(rest) = lower.strip_suffix(word).filter(|rest| rest.ends_with(['-', '_', '.', ' '])) {
                (format!("NAME{}{word}", &rest[rest.len() - 1..]), &plain[..rest.len()])
            } else {
                continue;
            };
        let key = match key(rest) {
            key if key.is_empty() => "1".to_owned(),
            key => key,
        };
        return Some(File { role: *role, key, pattern, rank: ENDINGS.len() + rank });
    }
    let folder = folders.rsplit('/').find(is_role)?;
    let (rank, (_, role)) = WORDS.iter().enumerate().find(|(_, (word, _))| folder.eq_ignore_ascii_case(word))?;
    Some(File { role: *role, key: key(plain), pattern: format!("{folder}/NAME"), rank: ENDINGS.len() + rank })
}

/// `2` comes before `10`, also behind a folder.
fn natural(key: &str) -> (String, u64, String) {
    let start = key.len() - key.chars().rev().take_while(char::is_ascii_digit).count();
    (key[..start].to_owned(), key[start..].parse().unwrap_or(0), key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(files: &[&str]) -> anyhow::Result<(Vec<String>, String)> {
        let dir = tempfile::tempdir().unwrap();
        for file in files {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, file).unwrap();
        }
        let Layout { tests, told } = find(dir.path())?;
        let shown = |path: &Path| path.strip_prefix(dir.path()).unwrap().display().to_string();
        Ok((tests.iter().map(|(key, a, b)| format!("{key}: {} {}", shown(a), shown(b))).collect(), told))
    }

    #[test]
    fn the_layouts_that_people_have_are_known() {
        for (files, tests, told) in [
            (
                &["2.in", "10.out", "10.in", "2.ans", "sum.py"][..],
                &["2: 2.in 2.ans", "10: 10.in 10.out"][..],
                "NAME.in with NAME.out",
            ),
            (
                &["sample/1.in", "sample/1.ans", "secret/1.in", "secret/1.ans"],
                &["sample/1: sample/1.in sample/1.ans", "secret/1: secret/1.in secret/1.ans"],
                "NAME.in with NAME.ans",
            ),
            (&["in/1.txt", "out/1.txt"], &["1: in/1.txt out/1.txt"], "in/NAME with out/NAME"),
            (&["input01.txt", "output01.txt"], &["01: input01.txt output01.txt"], "inputNAME with outputNAME"),
            (&["input.txt", "output.txt", "main.cpp"], &["1: input.txt output.txt"], "inputNAME with outputNAME"),
            (&["01", "01.a", "02", "02.a"], &["01: 01 01.a", "02: 02 02.a"], "NAME with NAME.a"),
            (
                &["input/input00.txt", "output/output00.txt"],
                &["00: input/input00.txt output/output00.txt"],
                "inputNAME with outputNAME",
            ),
            (&["a.in", "a.ok"], &["a: a.in a.ok"], "NAME.in with NAME.ok"),
            (&["1.in.txt", "1.out.txt"], &["1: 1.in.txt 1.out.txt"], "NAME.in with NAME.out"),
            (&["1_input.txt", "1_output.txt"], &["1: 1_input.txt 1_output.txt"], "NAME_input with NAME_output"),
            (&["x.in", "x.ans", "x.out"], &["x: x.in x.out"], "NAME.in with NAME.out"),
        ] {
            let found = layout(files).unwrap_or_else(|error| panic!("{files:?}: {error}"));
            assert_eq!(
                (found.0, found.1.as_str()),
                (tests.iter().map(|&test| test.to_owned()).collect(), told),
                "{files:?}"
            );
        }
    }

    #[test]
    fn what_is_no_test_is_said() {
        assert!(layout(&["1.in"]).unwrap_err().to_string().contains("1.in` has no answer"));
        assert!(layout(&["input.py", "notes.txt"]).unwrap_err().to_string().contains("holds no test"));
    }
}
