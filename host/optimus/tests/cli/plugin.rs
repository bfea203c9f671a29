//! `optimus plugin`, as a language's author and an operator use it. No toolchain is needed here, and no sandbox.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::server::Server;
use crate::support::{command, command_in, json, root, stderr, stdout, until};

fn plugin(place: &Path, args: &[&str]) -> Output {
    let dir = place.join("plugins");
    command(&[&["plugin"], args].concat()).current_dir(place).env("OPTIMUS_PLUGINS", dir).output().unwrap()
}

#[test]
fn from_nothing_to_a_plugin_that_would_be_loaded() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    assert!(plugin(place, &["new", "lua"]).status.success());
    let again = plugin(place, &["new", "lua"]);
    assert_eq!(again.status.code(), Some(2));
    assert!(stderr(&again).contains("never overwrites"));
    let built = json(&plugin(place, &["build", "lua", "--json"]));
    assert_eq!(built["id"], "lua");
    let inside = json(&plugin(place, &["inspect", "lua/lua.wasm", "--json"]));
    assert_eq!((&inside["digest"], &inside["bytes"]), (&built["digest"], &built["bytes"]));
    assert_eq!(inside["descriptor"]["samples"][0]["name"], "hello");
    assert!(!inside.to_string().contains("null"), "{inside}");
    let words = stdout(&plugin(place, &["inspect", "lua/lua.wasm"]));
    assert!(!words.contains("null") && !words.contains('{'), "{words}");
    assert!(stdout(&plugin(place, &["check", "lua/lua.wasm"])).starts_with("ok: lua"));
}

#[test]
fn a_language_that_nobody_knows_is_described_by_flags() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let lacking = plugin(place, &["new", "luaa"]);
    assert_eq!(lacking.status.code(), Some(2));
    assert!(stderr(&lacking).contains("did you mean `lua`?"), "{}", stderr(&lacking));
    let flags = ["new", "xl", "--extension", "xl", "--image", "me/xl:1", "--run", "xl {main}"];
    assert!(plugin(place, &flags).status.success());
    assert!(plugin(place, &["build", "xl"]).status.success());
    for name in ["../x", "X", "", "a b"] {
        assert_eq!(plugin(place, &["new", name]).status.code(), Some(2), "{name}");
    }
}

#[test]
fn what_is_wrong_is_told_with_file_line_field_and_remedy() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    assert!(plugin(place, &["new", "lua"]).status.success());
    let toml = fs::read_to_string(place.join("lua/language.toml")).unwrap();
    for (from, to, message, remedy) in [
        ("{main}", "{mian}", "`run` has a slot `{mian}`", "did you mean `{main}`?"),
        ("image =", "imaeg =", "`imaeg` is not a field", "did you mean `image`?"),
        ("image =", "#image =", "`image` is missing", "name the image"),
        ("id = \"lua\"", "id = \"L u a\"", "`id` `L u a` does not match", "lowercase"),
        ("id = \"lua\"", "id = lua", "line 1", "quotes"),
    ] {
        fs::write(place.join("lua/language.toml"), toml.replace(from, to)).unwrap();
        let refused = stderr(&plugin(place, &["build", "lua"]));
        assert!(refused.contains(message) && refused.contains(remedy) && refused.contains("lua"), "{refused}");
        assert!(!place.join("lua/lua.wasm").exists());
    }
}

#[test]
fn what_is_probably_not_meant_builds_with_a_warning() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    let flags = ["new", "xl", "--extension", ".xl", "--image", "me/xl:1", "--compile", "xlc -o prog {sources}"];
    assert!(plugin(place, &[&flags[..], &["--run", "./prog"]].concat()).status.success());
    let quiet = plugin(place, &["build", "xl"]);
    assert!(quiet.status.success() && stderr(&quiet).is_empty(), "{quiet:?}");
    let toml = fs::read_to_string(place.join("xl/language.toml")).unwrap();
    assert!(toml.contains("extensions = [\"xl\"]") && !toml.contains("install"), "{toml}");
    for (text, message, remedy) in [
        (toml.replace(", collect = \"prog {data}\"", ""), "`run` uses `prog`", "collect = \"prog {data}\""),
        (toml.replace("./prog", "./prog | cat"), "`run` passes `|` to `./prog`", "\"sh\", \"-c\""),
    ] {
        fs::write(place.join("xl/language.toml"), text).unwrap();
        let built = plugin(place, &["build", "xl"]);
        assert!(built.status.success() && stdout(&built).contains("xl.wasm"), "{built:?}");
        let said = stderr(&built);
        assert!(said.contains("warning: ") && said.contains(message) && said.contains(remedy), "{said}");
        let remarks = json(&plugin(place, &["build", "xl", "--json"]))["remarks"].clone();
        assert!(remarks[0]["message"].as_str().unwrap().contains(message), "{remarks}");
    }
    for (extension, image, word) in [("5c", "x:1", "`5c`"), ("x", "", "is empty")] {
        let refused = plugin(place, &["new", "y", "--extension", extension, "--image", image, "--run", "x {main}"]);
        assert!(refused.status.code() == Some(2) && stderr(&refused).contains(word), "{refused:?}");
        assert!(!place.join("y").exists());
    }
}

#[test]
fn a_broken_file_is_refused_in_the_servers_words() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    for (bytes, message) in [
        (&b""[..], "is cut off"),
        (b"not wasm", "is not a WebAssembly component"),
        (b"\0asm\x01\0\0\0", "is a core WebAssembly module"),
        (b"\x7fELF\x02\x01", "is precompiled code"),
        (b"\0asm\x0d\0\x01\0\x01", "is cut off"),
        (b"\0asm\x0d\0\x01\0", "it exports nothing"),
    ] {
        fs::write(place.join("x.wasm"), bytes).unwrap();
        for verb in ["check", "install"] {
            let refused = plugin(place, &[verb, "x.wasm"]);
            assert_eq!(refused.status.code(), Some(2));
            assert!(stderr(&refused).contains(message), "{}", stderr(&refused));
            assert!(stderr(&refused).contains("hint: "), "{}", stderr(&refused));
        }
    }
}

#[test]
fn the_plugins_directory_is_kept_by_hand() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    fs::create_dir(place.join("plugins")).unwrap();
    assert!(plugin(place, &["add", "lua", "perl"]).status.success());
    let listed = json(&plugin(place, &["list", "--json"]));
    assert_eq!((&listed[0]["id"], &listed[1]["state"]), (&"lua".into(), &"active".into()));
    let first = listed[0]["digest"].as_str().unwrap().to_owned();

    plugin(place, &["new", "lua"]);
    let toml = fs::read_to_string(place.join("lua/language.toml")).unwrap();
    fs::write(place.join("lua/language.toml"), toml.replace("image = \"", "image = \"other/")).unwrap();
    plugin(place, &["build", "lua"]);
    let more = plugin(place, &["install", "lua/lua.wasm"]);
    assert!(stderr(&more).contains("may ask for the image other/"), "{}", stderr(&more));
    assert!(plugin(place, &["install", "lua/lua.wasm", "--yes"]).status.success());
    assert_ne!(json(&plugin(place, &["list", "--json"]))[0]["digest"], *first);
    assert!(plugin(place, &["rollback", "lua"]).status.success());
    assert_eq!(json(&plugin(place, &["list", "--json"]))[0]["digest"], *first);

    assert!(plugin(place, &["remove", "lua"]).status.success());
    assert_eq!(plugin(place, &["remove", "lua"]).status.code(), Some(2));
    assert_eq!(plugin(place, &["remove", "../perl"]).status.code(), Some(2));
    let unpinned = stderr(&plugin(place, &["install", "https://127.0.0.1:1/x.wasm"]));
    assert!(unpinned.contains("#sha256="), "{unpinned}");
    let lock = fs::read_to_string(place.join("plugins/optimus.lock")).unwrap();
    assert!(lock.contains("[plugins.perl]") && !lock.contains("[plugins.lua]"), "{lock}");
}

/// Where crates that tests begin are built, so that their dependencies are built once.
fn build_crate(place: &Path, folder: &str) -> Output {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("crates");
    // The very versions that this workspace was built with are there, also without a network.
    fs::copy(root().join("Cargo.lock"), place.join(folder).join("Cargo.lock")).unwrap();
    let mut command = command(&["plugin", "build", folder, "--json"]);
    command.current_dir(place).env("CARGO_TARGET_DIR", target).env("CARGO_NET_OFFLINE", "true").output().unwrap()
}

#[test]
fn a_language_can_be_begun_in_rust_and_from_toml_go_on_in_rust() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    assert!(plugin(place, &["new", "java", "--kind", "rust"]).status.success());
    let built = json(&build_crate(place, "java"));
    assert_eq!(built["id"], "java", "{built}");

    assert!(plugin(place, &["new", "lua"]).status.success());
    assert!(plugin(place, &["build", "lua", "-o", "as_toml.wasm"]).status.success());
    assert!(plugin(place, &["eject", "lua"]).status.success());
    let again = plugin(place, &["eject", "lua"]);
    assert_eq!(again.status.code(), Some(2), "{}", stderr(&again));
    assert_eq!(json(&build_crate(place, "lua"))["id"], "lua");
    let inside = |file: &str| json(&plugin(place, &["inspect", file, "--json"]))["descriptor"].clone();
    assert_eq!(inside("lua/lua.wasm"), inside("as_toml.wasm"));
    let files = json(&plugin(place, &["new", "ruby", "--kind", "rust", "--json"]))["files"].clone();
    assert!(files.as_array().unwrap().contains(&"src/lib.rs".into()), "{files}");
    assert!(!place.join("ruby/language.toml").exists());
}

#[test]
fn what_rust_lacks_is_told_with_the_command_that_brings_it() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    assert!(plugin(place, &["new", "lua", "--kind", "rust"]).status.success());
    let build = |variables: &[(&str, &Path)]| {
        let mut command = command(&["plugin", "build", "lua"]);
        stderr(&command.current_dir(place).envs(variables.iter().copied()).output().unwrap())
    };
    let nowhere = place.join("nowhere");
    let refused = build(&[("RUSTC", nowhere.as_path())]);
    assert!(refused.contains("https://rustup.rs") && refused.contains("cannot start rustc"), "{refused}");
    // Some rustc without the target.
    let rustc = place.join("rustc");
    fs::write(&rustc, "#!/bin/sh\necho /nowhere\n").unwrap();
    fs::set_permissions(&rustc, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let refused = build(&[("RUSTC", rustc.as_path())]);
    assert!(refused.contains("hint: rustup target add wasm32-unknown-unknown"), "{refused}");
}

#[test]
fn plugins_are_compiled_by_a_child_with_bounds() {
    let place = tempfile::tempdir().unwrap();
    let place = place.path();
    assert!(plugin(place, &["add", "lua", "bash"]).status.success());
    let list = |mib: &str| {
        let mut command = command_in(place, &["plugin", "list", "--json"]);
        json(&command.env("OPTIMUS_COMPILER_MIB", mib).output().unwrap())
    };
    // Too little to compile anything: the child dies, and nobody else.
    for status in list("1").as_array().unwrap() {
        assert_eq!(status["state"], "rejected", "{status}");
        let message = status["error"]["message"].as_str().unwrap();
        assert!(message.contains("cannot be compiled: the compiler failed"), "{message}");
        assert!(status["error"]["hint"].as_str().unwrap().contains("giant function"), "{status}");
    }
    for status in list("2048").as_array().unwrap() {
        assert_eq!(status["state"], "active", "{status}");
    }
    let entries = |name: &str| fs::read_dir(place.join("state/code").join(name)).unwrap().count();
    assert_eq!((entries("adopted"), entries("scratch")), (2, 0));
    // What is in the cache needs no compiler.
    assert_eq!(list("1")[0]["state"], "active");
}

#[test]
fn a_compiler_ends_with_its_server_and_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let code = place.path().join("code");
    let apart = ["--sandbox", "fake", "--code-cache", code.to_str().unwrap()];
    let server = Server::start_as(&place.path().join("state"), &apart);
    let compilers = |count| (fs::read_dir(code.join("scratch")).map_or(0, Iterator::count) == count).then_some(());
    until("a compiler begins", || compilers(1));
    server.kill();
    until("it ends", || compilers(0));
}
