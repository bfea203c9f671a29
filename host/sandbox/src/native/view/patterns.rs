//! Patterns of paths, and versions in them.

use std::cmp::Ordering;
use std::fs;
use std::path::{Path, PathBuf};

/// What a pattern matches, lowest version first.
pub(super) fn matches(pattern: &str) -> Vec<PathBuf> {
    let pattern = match (pattern.strip_prefix("~/"), std::env::var("HOME")) {
        (None, _) => pattern.to_owned(),
        (Some(rest), Ok(home)) if home.starts_with('/') => format!("{home}/{rest}"),
        (Some(_), _) => return Vec::new(),
    };
    let mut found = vec![PathBuf::from("/")];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        found = if part.contains('*') {
            found.iter().flat_map(|directory| children(directory, part)).collect()
        } else {
            found
                .into_iter()
                .map(|directory| directory.join(part))
                .filter(|path| path.symlink_metadata().is_ok())
                .collect()
        };
    }
    found.sort_by(|a, b| by_version(&a.to_string_lossy(), &b.to_string_lossy()));
    found
}

fn children(directory: &Path, pattern: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(directory) else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| !name.starts_with('.') && fits(name, pattern)))
        .map(|entry| entry.path())
        .collect()
}

/// `*` stands for anything.
fn fits(name: &str, pattern: &str) -> bool {
    match pattern.split_once('*') {
        None => name == pattern,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|skipped| tail.get(skipped..).is_some_and(|tail| fits(tail, rest)))
        }),
    }
}

/// `3.9` comes before `3.13`.
fn by_version(a: &str, b: &str) -> Ordering {
    let (mut a, mut b) = (a, b);
    loop {
        let (Some(x), Some(y)) = (a.chars().next(), b.chars().next()) else { return a.len().cmp(&b.len()) };
        if x.is_ascii_digit() && y.is_ascii_digit() {
            let number = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
            let (x, y) = (a.split_at(number(a)), b.split_at(number(b)));
            let order = x.0.trim_start_matches('0').len().cmp(&y.0.trim_start_matches('0').len());
            match order.then_with(|| x.0.trim_start_matches('0').cmp(y.0.trim_start_matches('0'))) {
                Ordering::Equal => (a, b) = (x.1, y.1),
                order => return order,
            }
        } else if x == y {
            (a, b) = (&a[x.len_utf8()..], &b[y.len_utf8()..]);
        } else {
            return x.cmp(&y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let mut names = ["3.13.0", "2.7.18", "3.9.18", "stable-x", "1.95.0-x", "3.10.1"];
        names.sort_by(|a, b| by_version(a, b));
        assert_eq!(names, ["1.95.0-x", "2.7.18", "3.9.18", "3.10.1", "3.13.0", "stable-x"]);
    }

    #[test]
    fn a_star_stands_for_anything() {
        for (name, pattern, expected) in
            [("abc", "*", true), ("a-jdk-17", "*jdk*", true), ("ld.so.cache", "ld.so.*", true), ("abc", "*d", false)]
        {
            assert_eq!(fits(name, pattern), expected, "{name} {pattern}");
        }
    }

    #[test]
    fn the_newest_toolchain_is_the_last_match() {
        let directory = tempfile::tempdir().unwrap();
        for version in ["9.1", "10.0"] {
            fs::create_dir_all(directory.path().join(version).join("bin")).unwrap();
        }
        let found = matches(&format!("{}/*", directory.path().display()));
        assert_eq!(found.last(), Some(&directory.path().join("10.0")));
    }
}
