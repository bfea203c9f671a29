//! Plugins built with released SDKs load and plan for ever, and no released interface changes.
//!
//! `tests/fixtures/abi/VERSION` holds the contract of that version and a plugin of each kind, as they were released. Nothing
//! there is ever built again; a new version is a new folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use optimus_core::Limits;
use optimus_plugin::{PlanRequest, RequestFile, check_file};
use wit_parser::Resolve;

fn releases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/abi");
    let mut found: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    assert!(!found.is_empty());
    found
}

/// Each interface of a contract, as text without its comments: equal texts are equal types and functions.
fn interfaces(file: &Path) -> BTreeMap<String, String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(file).unwrap();
    let mut printer = wit_component::WitPrinter::default();
    printer.emit_docs(false);
    printer.print(&resolve, package, &[]).unwrap();
    let text = printer.output.to_string();
    let mut found = BTreeMap::new();
    for block in text.split("\ninterface ").skip(1) {
        let (name, rest) = block.split_once(" {").unwrap();
        let end = rest.find("\n}").unwrap();
        found.insert(name.to_owned(), rest[..end].to_owned());
    }
    assert!(found.contains_key("language") && found.contains_key("types"), "{text}");
    found
}

#[test]
fn no_released_interface_has_changed() {
    let now = interfaces(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/wit/plugin.wit"));
    for release in releases() {
        for (name, released) in interfaces(&release.join("plugin.wit")) {
            let advice = "a new ability is a new optional interface; see docs/plugins.md";
            assert_eq!(now.get(&name), Some(&released), "`{name}` of {} changed: {advice}", release.display());
        }
    }
}

#[test]
fn the_comparison_sees_a_field_and_a_function() {
    let released = releases()[0].join("plugin.wit");
    let text = std::fs::read_to_string(&released).unwrap();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("plugin.wit");
    for (from, to, same) in [
        ("/// Required.", "/// Another comment.", true),
        ("record env-var { name: string, value: string }", "record env-var { name: string }", false),
        ("describe: func() -> descriptor;", "describe: func() -> descriptor;\n  more: func();", false),
        ("memory-kib: u32,", "memory-kib: u64,", false),
    ] {
        assert!(text.contains(from));
        std::fs::write(&file, text.replacen(from, to, 1)).unwrap();
        assert_eq!(interfaces(&file) == interfaces(&released), same, "{from} → {to}");
    }
}

#[tokio::test]
async fn every_released_plugin_loads_and_plans() {
    for release in releases() {
        for (file, id, source, plans) in [
            ("rust.wasm", "bash", "main.sh", &["bash -n main.sh", "bash main.sh a"][..]),
            ("toml.wasm", "lua", "main.lua", &["luac5.4 -p main.lua", "lua5.4 main.lua a"]),
        ] {
            let plugin = check_file(&release.join(file)).unwrap();
            assert_eq!(plugin.descriptor().id, id);
            let request = PlanRequest {
                files: vec![RequestFile { path: source.into(), size: 2, head: Bytes::from_static(b"#\n") }],
                entry: None,
                args: vec!["a".to_owned()],
                options: serde_json::Map::new(),
                limits: Limits::DEFAULT,
            };
            let plan = plugin.plan(&request).await.unwrap();
            let steps: Vec<String> = plan.compile.iter().chain([&plan.run]).map(|step| step.argv.join(" ")).collect();
            assert_eq!(steps, plans, "{}", release.join(file).display());
        }
    }
}
