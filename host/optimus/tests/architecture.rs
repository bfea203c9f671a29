//! The diagram of ARCHITECTURE.md as tests: who may import whom, where `unsafe` compiles, and that no language is known
//! to the host.

#![expect(clippy::unwrap_used, reason = "a test whose world cannot be set up must fail")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rust_files(dir: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        match path.is_dir() {
            true if !path.ends_with("target") && !path.ends_with("tests") => rust_files(&path, found),
            false if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") => found.push(path),
            _ => {}
        }
    }
}

/// Each line of code under `dir` (a crate's `src`, or a room's folder), without comments and without inline tests.
fn code(dir: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    if dir.is_dir() {
        rust_files(dir, &mut files);
    }
    let door = dir.with_extension("rs");
    files.extend(door.is_file().then_some(door));
    assert!(!files.is_empty(), "nothing to look at under {}", dir.display());
    let mut lines = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let body = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in body.lines().enumerate() {
            let line = line.split("//").next().unwrap_or_default();
            lines.push((format!("{}:{}", file.display(), number + 1), line.to_owned()));
        }
    }
    lines
}

fn words(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty())
}

/// Paths like `crate::judge` or `optimus_queue` that appear in a line; `use crate::{a, b}` counts for both.
fn mentions(line: &str, target: &str) -> bool {
    match target.strip_prefix("crate::") {
        Some(room) => {
            line.contains(&format!("crate::{room}"))
                || (line.contains("crate::{") && words(line).any(|word| word == room))
        }
        None => words(line).any(|word| word == target),
    }
}

/// A line without what stands in its string literals (those that begin and end in it).
fn outside_strings(line: &str) -> String {
    line.replace("\\\"", "").split('"').step_by(2).collect::<Vec<_>>().join("\"")
}

fn assert_never(room: &str, forbidden: &[&str]) {
    let found = code(&root().join(room)).into_iter().flat_map(|(place, line)| {
        let line = outside_strings(&line);
        let hits = forbidden
            .iter()
            .filter(|target| mentions(&line, target))
            .map(|target| format!("{place}: `{room}` must not know `{target}`: {}", line.trim()));
        hits.collect::<Vec<_>>()
    });
    let found: Vec<String> = found.collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn rooms_import_only_what_is_before_them() {
    let rooms = "host/optimus/src";
    let api =
        ["crate::judge", "crate::worker", "crate::engine", "crate::commands", "optimus_plugin", "optimus_sandbox"];
    assert_never(&format!("{rooms}/api"), &api);
    let judge = ["crate::api", "crate::worker", "crate::commands", "crate::engine", "optimus_queue", "axum"];
    assert_never(&format!("{rooms}/judge"), &judge);
    let worker = ["crate::api", "crate::commands", "crate::engine", "optimus_plugin", "optimus_sandbox", "axum"];
    assert_never(&format!("{rooms}/worker"), &worker);
    let webhooks = ["crate::api", "crate::judge", "crate::worker", "crate::commands", "crate::engine", "axum"];
    assert_never(&format!("{rooms}/webhooks"), &webhooks);
    let tokens =
        ["crate::api", "crate::judge", "crate::worker", "crate::commands", "crate::engine", "optimus_queue", "axum"];
    assert_never(&format!("{rooms}/tokens"), &tokens);
    assert_never(
        "host/core/src",
        &["tokio", "async", "fs", "net", "optimus_plugin", "optimus_sandbox", "optimus_queue"],
    );
    assert_never("host/plugin/src", &["optimus_sandbox", "optimus_queue"]);
    assert_never("host/package/src", &["tokio", "optimus_plugin", "optimus_sandbox", "optimus_queue"]);
    assert_never("host/sandbox/src", &["optimus_plugin", "optimus_queue", "Verdict", "Report", "Job"]);
    assert_never("host/queue/src", &["optimus_plugin", "optimus_sandbox", "axum"]);
    assert_never("host/agent/src", &["optimus_sandbox", "optimus_queue", "tokio"]);
}

#[test]
fn crates_depend_only_downwards() {
    for (manifest, forbidden) in [
        ("host/core", &["tokio", "optimus-plugin", "optimus-sandbox", "optimus-queue", "optimus-agent"][..]),
        ("host/package", &["tokio", "optimus-plugin", "optimus-sandbox", "optimus-queue"]),
        ("host/plugin", &["optimus-sandbox", "optimus-queue", "optimus-agent", "bollard"]),
        ("host/sandbox", &["optimus-plugin", "optimus-queue", "wasmtime"]),
        ("host/queue", &["optimus-plugin", "optimus-sandbox", "wasmtime", "axum"]),
        ("host/agent", &["optimus-sandbox", "optimus-queue", "tokio"]),
        ("host/optimus", &["wasmtime", "wasmtime-wasi", "rustix", "bollard", "redb"]),
    ] {
        let text = fs::read_to_string(root().join(manifest).join("Cargo.toml")).unwrap();
        let manifest_toml: toml::Table = toml::from_str(&text).unwrap();
        let dependencies = manifest_toml["dependencies"].as_table().unwrap();
        for name in forbidden {
            assert!(!dependencies.contains_key(*name), "{manifest} must not depend on {name}");
        }
    }
}

#[test]
fn unsafe_compiles_in_two_crates_only() {
    for dir in ["host/core", "host/package", "host/plugin", "host/queue", "host/optimus", "sdk/rust", "xtask"] {
        for (place, line) in code(&root().join(dir).join("src")) {
            // The stamp's section is an attribute that only names a section; there is no block to get wrong.
            let line = line.replace("#[unsafe(link_section", "");
            let found = words(&outside_strings(&line)).any(|word| word == "unsafe" || word == "unsafe_code");
            assert!(!found, "{place}: `unsafe` belongs to host/sandbox and host/agent: {}", line.trim());
        }
    }
    let workspace: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml")).unwrap()).unwrap();
    assert_eq!(workspace["workspace"]["lints"]["rust"]["unsafe_code"].as_str(), Some("deny"));
}

/// Where plugins are written, as one file of data or as a crate.
const AUTHORING: [&str; 2] = ["optimus/src/cli/plugin.rs", "optimus/src/commands/plugin/"];

#[test]
fn the_host_knows_no_language() {
    let entries = fs::read_dir(root().join("languages")).unwrap().map(Result::unwrap);
    let ids: Vec<String> = entries
        .filter(|entry| entry.path().join("Cargo.toml").is_file() || entry.path().join("language.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    assert!(ids.len() >= 8, "the languages are somewhere else: {ids:?}");
    let mut found = Vec::new();
    for crate_dir in ["core", "package", "plugin", "sandbox", "agent", "queue", "optimus"] {
        for (place, line) in code(&root().join("host").join(crate_dir).join("src")) {
            for id in &ids {
                let quoted = line.contains(&format!("\"{id}\""));
                // `go` and `c` are also English and a variable; longer ids are nothing but languages.
                let named = id.len() > 3 && words(&line).any(|word| word.eq_ignore_ascii_case(id));
                // What a plugin may be written in is not what it judges.
                let written_in = id == "rust" && AUTHORING.iter().any(|room| place.contains(room));
                if (quoted || named) && !written_in {
                    found.push(format!("{place}: the host must not know `{id}`: {}", line.trim()));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_checks_bite() {
    assert!(mentions("use crate::{report, judge};", "crate::judge"));
    assert!(mentions("    crate::judge::Judge::new()", "crate::judge"));
    assert!(!mentions("use crate::judgement;", "optimus_queue"));
    assert!(mentions("use optimus_queue::Queue;", "optimus_queue"));
}
