//! Builds this very crate and the languages that are crates for WebAssembly, so that they can be embedded, and lists the
//! known languages and the SDK.
//! Only with the feature `author`: the plugin itself needs neither.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if env::var_os("CARGO_FEATURE_AUTHOR").is_none() {
        return;
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let room = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let built = build(&room, &out);
    let template = built.join("optimus_declarative.wasm");
    if let Err(error) = fs::copy(&template, out.join("template.wasm")) {
        panic!("cannot copy the prebuilt plugin from `{}`: {error}", template.display());
    }
    known(&room, &built, &out.join("known.rs"));
    sdk(&room, &out.join("sdk.rs"));
}

/// This crate and those of the languages.
fn build(room: &Path, out: &Path) -> PathBuf {
    for watched in ["src", "Cargo.toml", "../rust/src", "../rust/Cargo.toml", "../wit", "../../Cargo.toml"] {
        println!("cargo::rerun-if-changed={}", room.join(watched).display());
    }
    let mut packages = vec!["optimus-declarative".to_owned()];
    for folder in entries(&room.join("../../languages")) {
        if folder.join("Cargo.toml").is_file() {
            println!("cargo::rerun-if-changed={}", folder.display());
            packages.push(format!("optimus-language-{}", name(&folder)));
        }
    }
    let root = room.ancestors().nth(2).unwrap_or(room);
    optimus_prebuilt::plugins(root, &optimus_prebuilt::beside(out, "plugins"), &packages)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Every language of this repository with its samples, as Rust. `known/` has those that are not among the languages that
/// ship, and short forms of those that are written in Rust, whose sources and samples are beside the plugin.
fn known(room: &Path, plugins: &Path, to: &Path) {
    let (shipped, short) = (room.join("../../languages"), room.join("known"));
    let mut found = Vec::new();
    for root in [&shipped, &short] {
        println!("cargo::rerun-if-changed={}", root.display());
        for folder in entries(root) {
            let toml = folder.join("language.toml");
            if !toml.is_file() {
                continue;
            }
            let id = name(&folder);
            let (own, crates) = (folder.join("samples"), shipped.join(&id));
            let ships = root == &shipped || crates.join("Cargo.toml").is_file();
            let mut known = Entry { toml, ships, ..Entry::default() };
            collect(&if own.is_dir() { own } else { crates.join("samples") }, "", &mut known.samples);
            if crates.join("Cargo.toml").is_file() {
                collect(&crates.join("src"), "", &mut known.rust);
                collect(&crates.join("samples"), "", &mut known.rust_samples);
                known.plugin = Some(plugins.join(format!("optimus_language_{}.wasm", id.replace('-', "_"))));
            }
            found.push((id, known));
        }
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let mut code = String::from("&[\n");
    for (id, Entry { toml, samples, rust, rust_samples, plugin, ships }) in found {
        let _ = write!(code, "Known {{ id: {id:?}, ships: {ships}, toml: include_str!({toml:?}), samples: ");
        texts(&mut code, &samples);
        code.push_str(", rust: ");
        texts(&mut code, &rust);
        code.push_str(", rust_samples: ");
        texts(&mut code, &rust_samples);
        let _ = match plugin {
            Some(plugin) => writeln!(code, ", plugin: Some(include_bytes!({plugin:?})) }},"),
            None => writeln!(code, ", plugin: None }},"),
        };
    }
    code.push_str("]\n");
    fs::write(to, code).expect("OUT_DIR can be written");
}

#[derive(Default)]
struct Entry {
    toml: PathBuf,
    samples: Vec<(String, PathBuf)>,
    rust: Vec<(String, PathBuf)>,
    rust_samples: Vec<(String, PathBuf)>,
    plugin: Option<PathBuf>,
    ships: bool,
}

/// The SDK as it is planted beside a language in Rust, and how its dependency is written.
fn sdk(room: &Path, to: &Path) {
    let mut files = Vec::new();
    collect(&room.join("../rust/src"), "rust/src/", &mut files);
    collect(&room.join("../wit"), "wit/", &mut files);
    let mut code = String::new();
    texts(&mut code, &files);
    fs::write(to, code).expect("OUT_DIR can be written");
    let workspace = fs::read_to_string(room.join("../../Cargo.toml")).expect("the workspace has a Cargo.toml");
    let line = workspace.lines().find(|line| line.starts_with("wit-bindgen = "));
    println!("cargo::rustc-env=OPTIMUS_WIT_BINDGEN={}", line.expect("the SDK's dependency is the workspace's"));
}

fn texts(code: &mut String, files: &[(String, PathBuf)]) {
    code.push_str("&[");
    for (path, file) in files {
        let _ = write!(code, "({path:?}, include_str!({file:?})), ");
    }
    code.push(']');
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) {
    for path in entries(folder) {
        let inner = format!("{prefix}{}", name(&path));
        match path.is_dir() {
            true => collect(&path, &format!("{inner}/"), files),
            false => files.push((inner, path)),
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries.map(|entry| entry.path()).collect();
    entries.sort();
    entries
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
