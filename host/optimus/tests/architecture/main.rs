//! The diagram of ARCHITECTURE.md as tests: who may import whom, that no files import each other in a circle, where
//! `unsafe` compiles, and that no language is known to the host.

#![expect(clippy::unwrap_used, reason = "a test whose world cannot be set up must fail")]

mod circles;
mod imports;
mod planted;
mod rooms;
mod sizes;
mod source;

use std::fs;
use std::path::{Path, PathBuf};

use source::{Module, modules};

/// The crates of the host, bottom first.
const CRATES: [&str; 13] = [
    "core",
    "agent",
    "plugin",
    "package",
    "schedules",
    "sandbox",
    "queue",
    "judge",
    "doors",
    "console",
    "server",
    "wasm",
    "optimus",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn of(name: &str) -> Vec<Module> {
    modules(&root().join("host").join(name))
}

/// Each identifier and literal of a crate outside its tests, with its place.
fn tokens(modules: &[Module]) -> impl Iterator<Item = (String, &str)> {
    modules.iter().flat_map(|module| {
        let place = |line: &usize| format!("{}:{line}", module.file.display());
        module.tokens.iter().map(move |(line, token)| (place(line), token.as_str()))
    })
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

#[test]
fn rooms_import_only_what_is_listed() {
    let wrong: Vec<String> = CRATES.iter().flat_map(|name| rooms::violations(name, &of(name))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let wrong: Vec<String> = CRATES.iter().flat_map(|name| rooms::circles(name, &of(name))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_and_functions_are_short() {
    let wrong = sizes::too_long(&root());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_long_function_is_found_wherever_it_stands() {
    let function = |indent: &str, lines: usize| {
        format!("{indent}pub async fn f() {{\n{}{indent}}}\n", format!("{indent}    x();\n").repeat(lines - 2))
    };
    let found = |text: &str, is_test: bool| sizes::long_functions(text, is_test).collect::<Vec<_>>();
    assert_eq!(found(&function("", 61), false), [(1, 61)]);
    assert_eq!(found(&format!("impl X {{\n{}}}\n", function("    ", 61)), false), [(2, 61)]);
    assert_eq!(found(&function("", 60), false), []);
    assert_eq!(found(&function("", 90), true), []);
    assert_eq!(found(&format!("mod tests {{\n{}}}\n", function("    ", 91)), false), [(2, 91)]);
    let declared = format!("trait X {{\n    fn a(&self);\n{}}}\n", function("    ", 60));
    assert_eq!(found(&declared, false), []);
    // The last one, whose next brace of the same depth stands in something else.
    let last = format!("trait X {{\n    fn a(&self);\n}}\n{}impl Y {{\n    fn b() {{\n    }}\n}}\n", "\n".repeat(61));
    assert_eq!(found(&last, false), []);
}

#[test]
fn the_vocabulary_does_no_io_and_the_sandbox_knows_no_jobs() {
    for (name, forbidden) in [
        ("core", &["tokio", "async", "fs", "net"][..]),
        ("sandbox", &["Verdict", "Report", "Job"]),
        ("package", &["tokio"]),
        ("agent", &["tokio"]),
        ("queue", &["axum"]),
        ("judge", &["axum"]),
    ] {
        let modules = of(name);
        let found: Vec<_> = tokens(&modules).filter(|(_, token)| forbidden.contains(token)).collect();
        assert!(found.is_empty(), "host/{name} must not know these: {found:?}");
    }
}

#[test]
fn crates_depend_only_downwards() {
    for (name, forbidden) in [
        ("core", &["tokio"][..]),
        ("package", &["tokio"]),
        ("plugin", &["bollard"]),
        ("schedules", &["tokio", "chrono", "optimus-queue"]),
        ("sandbox", &["wasmtime"]),
        ("queue", &["wasmtime", "axum"]),
        ("agent", &["tokio"]),
        ("judge", &["axum", "redis", "tokio-postgres", "hyper", "bollard"]),
        ("console", &["optimus-core", "axum", "tokio"]),
        ("doors", &["optimus-queue", "optimus-sandbox", "optimus-plugin", "optimus-judge"]),
        ("server", &["wasmtime", "bollard", "redis", "tokio-postgres", "redb"]),
        ("optimus", &["wasmtime", "wasmtime-wasi", "rustix", "bollard", "redb", "redis", "tokio-postgres"]),
    ] {
        let text = fs::read_to_string(root().join("host").join(name).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        for forbidden in forbidden {
            assert!(!dependencies.contains_key(*forbidden), "host/{name} must not depend on {forbidden}");
        }
    }
}

#[test]
fn unsafe_compiles_in_two_crates_only() {
    let hosts = CRATES.iter().filter(|name| !["agent", "sandbox"].contains(name)).map(|name| format!("host/{name}"));
    for dir in hosts.chain(["sdk/rust".to_owned(), "xtask".to_owned()]) {
        let modules = modules(&root().join(&dir));
        for (place, token) in tokens(&modules) {
            assert!(
                token != "unsafe" && token != "unsafe_code",
                "{place}: `unsafe` belongs to host/sandbox and host/agent"
            );
        }
    }
    let workspace: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
}

/// Where plugins are written, as one file of data or as a crate.
const AUTHORING: [&str; 2] = ["optimus/src/cli/plugin.rs", "optimus/src/commands/plugin/"];

/// Which programs need a call of the kernel: reasons, as text that is printed.
const REASONS: &str = "agent/src/inventory/";

#[test]
fn the_host_knows_no_language() {
    let entries = fs::read_dir(root().join("languages")).unwrap().map(Result::unwrap);
    let ids: Vec<String> = entries
        .filter(|entry| entry.path().join("Cargo.toml").is_file() || entry.path().join("language.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(ids.len() >= 8, "the languages are somewhere else: {ids:?}");
    let mut found = Vec::new();
    for modules in CRATES.map(of) {
        for (place, token) in tokens(&modules) {
            for id in &ids {
                let quoted = token == format!("\"{id}\"");
                // `go` and `c` are also English and a variable; longer ids are nothing but languages.
                let named = id.len() > 3 && words(token).any(|word| word.eq_ignore_ascii_case(id));
                // What a plugin may be written in is not what it judges.
                let written_in = id == "rust" && AUTHORING.iter().any(|room| place.contains(room));
                let reason = place.contains(REASONS) && token.contains(' ');
                let media_type = token.starts_with("\"text/");
                if (quoted || named) && !written_in && !reason && !media_type {
                    found.push(format!("{place}: the host must not know `{id}`: {token}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
