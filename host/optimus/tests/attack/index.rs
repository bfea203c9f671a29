//! The index of attacks: every test it names exists, every attack is named by it, and `docs/security.md` says the same.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use crate::root;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Index {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    id: u8,
    title: String,
    wall: String,
    tests: Vec<String>,
}

fn index() -> Index {
    toml::from_str(&text("host/optimus/tests/attack/index.toml")).unwrap()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_index_names_tests_that_exist_and_leaves_none_out() {
    let index = index();
    assert!(index.group.windows(2).all(|pair| pair[0].id < pair[1].id), "ids ascend");
    let sources = sources();
    for group in &index.group {
        assert!(!group.tests.is_empty(), "group {} is not tried", group.id);
        for test in &group.tests {
            assert!(exists(test, &sources), "group {}: no test `{test}`", group.id);
        }
    }
    let named: BTreeSet<_> = index.group.iter().flat_map(|group| &group.tests).map(String::as_str).collect();
    let jobs = stems("host/optimus/tests/attack/jobs", "toml").map(|name| format!("attack/{name}"));
    let helpers = ["launcher", "page_cache", "probe", "witness"];
    let programs = stems("host/sandbox/tests/hostile/attacks", "c").filter(|name| !helpers.contains(&&**name));
    let programs = programs.map(|name| format!("hostile/{name}"));
    let forgotten: Vec<_> = jobs.chain(programs).filter(|name| !named.contains(name.as_str())).collect();
    assert!(forgotten.is_empty(), "in no group: {forgotten:?}");
}

#[test]
fn the_page_has_the_index_s_table() {
    let rows = |group: &Group| {
        let tests: Vec<_> = group.tests.iter().map(|test| format!("`{test}`")).collect();
        format!("| {} | {} | {} | {} |", group.id, group.title, group.wall, tests.join(", "))
    };
    let page = text("docs/security.md");
    for group in &index().group {
        let row = rows(group);
        assert!(page.lines().any(|line| line == row), "docs/security.md lacks this row:\n{row}");
    }
    let many = page.lines().filter(|line| line.starts_with("| ") && line.as_bytes()[2].is_ascii_digit()).count();
    assert_eq!(many, index().group.len(), "docs/security.md has rows that the index has not");
}

#[test]
fn the_page_has_the_table_of_the_witnesses() {
    let page = text("docs/security.md");
    let table = page.split_once("<!-- Written by `cargo xtask attack --write`. -->").unwrap().1;
    let table = table.split_once("<!-- The end of what is written. -->").unwrap().0;
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let head = cells(table.trim().lines().next().unwrap());
    let programs = stems("host/sandbox/tests/hostile/attacks", "c");
    for program in programs.filter_map(|name| name.strip_prefix("held_").map(str::to_owned)) {
        assert!(head.contains(&program), "no column for `held_{program}`: cargo xtask attack --write");
    }
    let source = text("host/sandbox/tests/hostile/attacks/witness.c");
    let works = source.lines().find_map(|line| line.strip_prefix(" * works: ")).unwrap().trim_end_matches("*/");
    let rows: BTreeSet<_> = table.lines().filter_map(|line| cells(line).get(1).cloned()).collect();
    for work in works.split_whitespace().chain(["new_box", "six_languages"]) {
        assert!(rows.contains(&work.replace('_', " ")), "no row for `{work}`: cargo xtask attack --write");
    }
}

/// Every Rust file of the host, in one text for each.
fn sources() -> Vec<String> {
    fn walk(folder: &Path, into: &mut Vec<String>) {
        for entry in folder.read_dir().unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, into);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                into.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut all = Vec::new();
    walk(&root().join("host"), &mut all);
    all
}

fn exists(test: &str, sources: &[String]) -> bool {
    let file = |folder: &str, name: &str, extension: &str| root().join(folder).join(name).with_extension(extension);
    match test.split_once('/') {
        Some(("hostile", name)) => file("host/sandbox/tests/hostile/attacks", name, "c").is_file(),
        Some(("attack", name)) => file("host/optimus/tests/attack/jobs", name, "toml").is_file(),
        Some(_) => false,
        None => {
            let name = test.rsplit("::").next().unwrap_or_default();
            let [plain, generic] = [format!("fn {name}("), format!("fn {name}<")];
            sources.iter().any(|source| source.contains(&plain) || source.contains(&generic))
        }
    }
}

fn stems(folder: &str, extension: &'static str) -> impl Iterator<Item = String> {
    let paths = root().join(folder).read_dir().unwrap().map(|entry| entry.unwrap().path());
    let files = paths.filter(move |path| path.extension().is_some_and(|found| found == extension));
    files.map(|path| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
}
