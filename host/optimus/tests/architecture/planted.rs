//! Plants in copies of a crate what the rules forbid, and demands that they find it.

use std::fs;
use std::path::Path;

use super::source::modules;
use super::{rooms, root};

/// A copy of `host/<name>/src`, in which `plant` may change what it likes; the copy goes with the directory.
fn copy(name: &str, plant: impl FnOnce(&Path)) -> (tempfile::TempDir, Vec<super::Module>) {
    let dir = tempfile::tempdir().unwrap();
    copy_tree(&root().join("host").join(name).join("src"), &dir.path().join("src"));
    plant(&dir.path().join("src"));
    let modules = modules(dir.path());
    (dir, modules)
}

fn copy_tree(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => copy_tree(&entry.path(), &to),
            false => assert!(fs::copy(entry.path(), to).is_ok()),
        }
    }
}

fn append(file: &Path, code: &str) {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    fs::write(file, text + code).unwrap();
}

fn assert_found(wrong: &[String], parts: &[&str]) {
    let found = wrong.iter().any(|line| parts.iter().all(|part| line.contains(part)));
    assert!(found, "nothing says {parts:?}: {wrong:?}");
}

#[test]
fn a_forbidden_import_is_found_however_it_is_written() {
    for (file, code, parts) in [
        // Below a `mod tests;` that only tests see.
        ("tokens.rs", "\nuse crate::worker::Worker;\n", ["tokens.rs", "`worker`"]),
        (
            "tokens.rs",
            "\nuse crate::{\n    keys::Key as _,\n    worker::{\n        Worker,\n    },\n};\n",
            ["tokens.rs", "`worker`"],
        ),
        ("webhooks/post.rs", "\nuse super::super::api::ApiState;\n", ["webhooks/post.rs", "`api`"]),
        ("keys.rs", "\nfn planted() { drop(crate::api::paths()) }\n", ["keys.rs", "`api`"]),
        ("keys.rs", "\nfn planted() { println!(\"{:?}\", crate::api::paths()) }\n", ["keys.rs", "`api`"]),
        ("metrics.rs", "\nuse optimus_package::Tree;\n", ["metrics.rs", "`optimus_package`"]),
    ] {
        let (_dir, modules) = copy("server", |src| append(&src.join(file), code));
        assert_found(&rooms::violations("server", &modules), &parts);
    }
}

#[test]
fn a_room_that_is_not_listed_may_import_nothing() {
    let (_dir, modules) = copy("server", |src| {
        append(&src.join("lib.rs"), "\nmod planted;\n");
        fs::write(src.join("planted.rs"), "use crate::keys::Key;\n").unwrap();
    });
    assert_found(&rooms::violations("server", &modules), &["`planted`", "`keys`"]);
}

#[test]
fn what_only_tests_import_is_no_import() {
    let (_dir, modules) = copy("server", |src| {
        append(&src.join("tokens.rs"), "\n#[cfg(test)]\nmod planted {\n    use crate::worker::Worker;\n}\n");
    });
    assert_eq!(rooms::violations("server", &modules), Vec::<String>::new());
}

#[test]
fn a_circle_of_files_is_found() {
    let (_dir, modules) = copy("judge", |src| {
        append(&src.join("verdict.rs"), "\nfn planted() -> crate::compile::Compiled { todo!() }\n");
        append(&src.join("compile.rs"), "\nuse crate::verdict::VERDICT;\n");
    });
    assert_found(&rooms::circles("judge", &modules), &["verdict.rs", "compile.rs"]);
}
