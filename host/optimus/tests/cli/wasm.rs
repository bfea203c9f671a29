//! Languages inside WebAssembly: what a server says where a runtime is missing, and how one is installed.

use std::path::Path;
use std::time::{Duration, Instant};

use optimus_testing::alone::Alone;
use serde_json::Value;

use crate::server::Server;
use crate::support::{json, optimus, optimus_in, skip, stderr, stdout};

/// A runtime that says hello, whatever it is given.
const HELLO: &str = r#"(module
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 1)
    (data (i32.const 0) "\10\00\00\00\06\00\00\00")
    (data (i32.const 16) "hello\n")
    (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))))"#;

/// Builds the plugin of a language with this image into `place/plugins`; its files end in its id.
fn language(place: &Path, id: &str, image: &str) {
    language_of(place, id, &[id], image);
}

fn language_of(place: &Path, id: &str, extensions: &[&str], image: &str) {
    let toml = format!(
        "id = \"{id}\"\nname = \"{id}\"\nversion = \"1.0.0\"\nextensions = {extensions:?}\nimage = \"{image}\"\nprobe = \
         \"hello\"\ninstall = \"optimus runtime install hello.wasm\"\nrun = \"hello {{main}}\"\n"
    );
    std::fs::create_dir_all(place.join("plugins")).unwrap();
    std::fs::write(place.join("language.toml"), toml).unwrap();
    let built = place.join("plugins").join(format!("{id}.wasm"));
    let output = optimus(&["plugin", "build", place.to_str().unwrap(), "-o", built.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

/// Installs the runtime in `place/state`; its image.
fn install(place: &Path) -> String {
    std::fs::write(place.join("hello.wasm"), wat::parse_str(HELLO).unwrap()).unwrap();
    let installed = optimus_in(place, &["runtime", "install", "hello.wasm", "--json"]);
    assert!(installed.status.success(), "{installed:?}");
    json(&installed)["image"].as_str().unwrap().to_owned()
}

/// What `GET /v1/languages` says of a language, once it has been asked.
fn availability(server: &Server, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let list = server.get("/v1/languages").unwrap();
        let found = list["languages"].as_array().unwrap().iter().find(|language| language["id"] == id).cloned();
        match found {
            Some(language) if language["availability"]["state"] != "unknown" => {
                return language["availability"].clone();
            }
            _ => assert!(Instant::now() < deadline, "`{id}` was not asked: {list}"),
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_language_says_what_it_lacks_and_how_to_get_it() {
    let place = tempfile::tempdir().unwrap();
    let image = install(place.path());
    language(place.path(), "here", &image);
    language(place.path(), "missing", &image.replace("hello", "other"));
    language(place.path(), "elsewhere", "python:3");
    let server = Server::start_in(&place.path().join("state"), &place.path().join("plugins"), &["--sandbox", "wasm"]);
    assert_eq!(availability(&server, "here"), serde_json::json!({"state": "available", "version": "hello"}));
    let missing = availability(&server, "missing");
    assert_eq!(missing["state"], "unavailable");
    assert!(missing["reason"].as_str().unwrap().contains("no runtime `wasm:other@sha256:"), "{missing}");
    assert_eq!(missing["hint"], "optimus runtime install hello.wasm");
    let elsewhere = availability(&server, "elsewhere");
    assert!(elsewhere["reason"].as_str().unwrap().contains("`python:3` do not run inside Wasm"), "{elsewhere}");
    assert!(elsewhere["hint"].as_str().unwrap().contains("--sandbox native"), "{elsewhere}");
    server.stop();
}

#[test]
fn a_runtime_is_installed_listed_used_and_removed() {
    let place = tempfile::tempdir().unwrap();
    let image = install(place.path());
    language(place.path(), "here", &image);
    assert!(stdout(&optimus_in(place.path(), &["runtime", "list"])).contains(&image));
    std::fs::write(place.path().join("a.here"), "").unwrap();
    let run = ["run", "a.here", "--sandbox", "wasm"];
    let judged = optimus_in(place.path(), &run);
    assert!(judged.status.success() && stdout(&judged).contains("    hello\n"), "{judged:?}");
    assert!(optimus_in(place.path(), &["runtime", "remove", "hello"]).status.success());
    let again = optimus_in(place.path(), &run);
    assert_eq!(again.status.code(), Some(2), "{again:?}");
    assert!(stderr(&again).contains("optimus runtime install"), "{again:?}");
}

#[test]
fn it_needs_nothing_of_the_machine() {
    let place = tempfile::tempdir().unwrap();
    let alone = match Alone::new(place.path(), Path::new(env!("CARGO_BIN_EXE_optimus"))) {
        Ok(alone) => alone,
        Err(why) => return skip(&why),
    };
    let home = alone.home();
    let image = install(&home);
    std::fs::remove_dir_all(home.join("state")).unwrap();
    language_of(&home, "inside", &["inside", "js"], &image);
    // Its files are rather this one's, but no program of this image can run here.
    language_of(&home, "elsewhere", &["js"], "node:22");
    std::fs::write(home.join("hello.js"), "").unwrap();
    let installed = alone.command(&["runtime", "install", "/home/hello.wasm"]).unwrap().output().unwrap();
    assert!(installed.status.success(), "{installed:?}");
    let run = ["run", "/home/hello.js", "--sandbox", "wasm", "--plugins", "/home/plugins"];
    let judged = alone.command(&run).unwrap().output().unwrap();
    assert!(judged.status.success() && stdout(&judged).contains("    hello\n"), "{judged:?}");
    let others =
        std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let others: Vec<_> = others.filter(|name| !name.starts_with("lib")).collect();
    assert_eq!(others.len(), 2, "a program and a home: {others:?}");
}

/// Writes a language whose programs are made by `compile` outside, and run inside WebAssembly.
fn compiled(place: &Path, compile: &str) {
    let toml = format!(
        "id = \"made\"\nname = \"made\"\nversion = \"1.0.0\"\nextensions = [\"made\"]\nimage = \"wasm+made:1\"\nprobe = \
         \"echo 1\"\ninstall = \"none\"\n{compile}\nrun = \"./main\"\n"
    );
    std::fs::create_dir_all(place.join("plugins")).unwrap();
    std::fs::write(place.join("language.toml"), toml).unwrap();
    let built = place.join("plugins/made.wasm");
    let output = optimus(&["plugin", "build", place.to_str().unwrap(), "-o", built.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn what_a_compiler_makes_outside_runs_inside() {
    let place = tempfile::tempdir().unwrap();
    compiled(place.path(), "compile = { argv = \"cp {main} main\", collect = \"main\" }");
    std::fs::write(place.path().join("a.made"), wat::parse_str(HELLO).unwrap()).unwrap();
    let judged = optimus_in(place.path(), &["run", "a.made", "--json"]);
    let report = json(&judged);
    assert_eq!((&report["verdict"], &report["sandbox"]), (&"accepted".into(), &"wasm".into()), "{report}");
    assert_eq!(report["tests"][0]["stdout"]["content"], "hello\n", "{report}");
    assert!(report["tests"][0]["fuel"].as_u64() > Some(0), "{report}");
    // The compiler leaves something else than a module.
    std::fs::write(place.path().join("a.made"), "no module").unwrap();
    let report = json(&optimus_in(place.path(), &["run", "a.made", "--json"]));
    assert_eq!(report["verdict"], "compile_error", "{report}");
    // A plan that compiles nothing would run its program outside.
    compiled(place.path(), "");
    let report = json(&optimus_in(place.path(), &["run", "a.made", "--json"]));
    assert!(report.to_string().contains("the program is not compiled"), "{report}");
}

#[test]
fn what_is_no_runtime_is_refused() {
    let place = tempfile::tempdir().unwrap();
    for (name, content) in [("text.wasm", &b"#!/bin/sh"[..]), ("cut.wasm", b"\0asm\x01\0\0\0\x01"), ("Name.wasm", b"")]
    {
        std::fs::write(place.path().join(name), content).unwrap();
        let refused = optimus_in(place.path(), &["runtime", "install", name]);
        assert_eq!(refused.status.code(), Some(2), "{name}: {refused:?}");
        assert!(stderr(&refused).contains("is no runtime: "), "{name}: {refused:?}");
    }
    assert_eq!(json(&optimus_in(place.path(), &["runtime", "list", "--json"])), serde_json::json!({"runtimes": []}));
}
