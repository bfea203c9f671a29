//! Checks that the suite notices: in a copy of the sources one wall is removed at a time, and the test for it must
//! fail. Nothing in the product can be switched off for this; the holes are made in the text.

mod holes;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use crate::built::{Built, programs};
use crate::checkout;
use crate::shell::{cargo, say};
use holes::{HOLES, Hole, Suite};

/// Plants the holes named, or all; fails when one goes unnoticed.
pub(crate) fn planted(root: &Path, only: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = only.iter().find(|name| HOLES.iter().all(|hole| hole.name != name.as_str())) {
        bail!(
            "no hole is called `{unknown}`; there are: {}",
            HOLES.iter().map(|hole| hole.name).collect::<Vec<_>>().join(", ")
        );
    }
    let copy = root.join("target/planted/sources");
    checkout::copy(root, &copy)?;
    let mut unnoticed = Vec::new();
    for hole in HOLES.iter().filter(|hole| only.is_empty() || only.iter().any(|name| name == hole.name)) {
        match plant(root, &copy, hole).with_context(|| hole.name)? {
            Some(said) => say(&format!("{:<18} noticed: {said}", hole.name)),
            None => unnoticed.push(hole.name),
        }
    }
    ensure!(unnoticed.is_empty(), "nothing notices that these walls are gone: {}", unnoticed.join(", "));
    Ok(())
}

/// The output of the suite, if it failed as it must.
fn plant(root: &Path, copy: &Path, hole: &Hole) -> anyhow::Result<Option<String>> {
    let (file, place) = find(copy, hole)?;
    let sound = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    std::fs::write(&file, format!("{}{}{}", &sound[..place.start], hole.instead, &sound[place.end..]))?;
    let tried = try_out(root, copy, &hole.notices);
    std::fs::write(&file, sound)?;
    tried
}

/// The place of the text that the hole replaces: once, in any file of its room.
fn find(root: &Path, hole: &Hole) -> anyhow::Result<(PathBuf, Range<usize>)> {
    let mut all = Vec::new();
    for file in sources(&root.join(hole.room))? {
        let source = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        all.extend(occurrences(&source, hole.text).into_iter().map(|place| (file.clone(), place)));
    }
    let count = all.len();
    let found = all.pop().filter(|_| count == 1);
    found.with_context(|| {
        format!("{}: `{}` has to stand once in {}, not {count} times", hole.name, hole.text, hole.room)
    })
}

fn sources(room: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in room.read_dir().with_context(|| room.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(sources(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "json") {
            files.push(path);
        }
    }
    Ok(files)
}

/// The places of `text` in `source`, regardless of line breaks and indentation.
fn occurrences(source: &str, text: &str) -> Vec<Range<usize>> {
    let dense = |text: &str| text.char_indices().filter(|(_, c)| !c.is_whitespace()).collect::<Vec<_>>();
    let (source, text) = (dense(source), dense(text));
    let same = |window: &[(usize, char)]| window.iter().zip(&text).all(|((_, a), (_, b))| a == b);
    let ends = |window: &[(usize, char)]| Some(window.first()?.0..window.last().map(|(at, c)| at + c.len_utf8())?);
    if text.is_empty() {
        return Vec::new();
    }
    source.windows(text.len()).filter(|window| same(window)).filter_map(ends).collect()
}

fn try_out(root: &Path, copy: &Path, suite: &Suite) -> anyhow::Result<Option<String>> {
    let (package, test) = match suite {
        Suite::Shared(_) => ("optimus-sandbox", "shared"),
        Suite::Attack(_) | Suite::Warm(_) => ("optimus-sandbox", "hostile"),
        Suite::Queue(_) => ("optimus-queue", "contract"),
        Suite::Api(_) => ("optimus-server", "api"),
        Suite::Unit(package, _) => (*package, "lib"),
    };
    // Never beside what is built from the checkout: cargo tells packages apart by where they are in their workspace, and
    // would take what has a hole for what has none.
    let mut build = cargo(copy);
    build.env("CARGO_TARGET_DIR", root.join("target/planted/build")).args(["test", "-p", package]);
    match test {
        "lib" => build.arg("--lib"),
        test => build.args(["--test", test]),
    };
    let built = programs(build.args(["--no-run", "--quiet"]))?;
    let suite_of = |built: &&Built| test == "lib" || built.name == test;
    let built = built.iter().find(suite_of).with_context(|| format!("no test `{test}` in `{package}`"))?;
    let mut command = Command::new(&built.program);
    command.current_dir(&built.room).env("OPTIMUS_TEST_STRICT", "1").stdin(Stdio::null());
    let what = match suite {
        Suite::Attack(name) => {
            command.env("OPTIMUS_TEST_ATTACK", name).args(["--exact", "the_native_backend_holds"]);
            (*name).to_owned()
        }
        Suite::Warm(name) => {
            command.env("OPTIMUS_TEST_ATTACK", name).args(["--exact", "warm_children_hold"]);
            (*name).to_owned()
        }
        Suite::Shared(case) => {
            command.args(["--exact", case]);
            (*case).to_owned()
        }
        Suite::Queue(case) => {
            command.arg(format!("embedded_queue::{case}"));
            (*case).to_owned()
        }
        Suite::Api(case) | Suite::Unit(_, case) => {
            command.arg(case);
            (*case).to_owned()
        }
    };
    let output = command.output().with_context(|| format!("cannot start `{}`", built.program.display()))?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = said.contains("test result: FAILED");
    ensure!(failed || output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(!said.contains("running 0 tests"), "no test is called `{what}`");
    let line = said.lines().find(|line| line.starts_with(&what) || line.contains("BREACH")).unwrap_or(&what);
    Ok(failed.then(|| line.trim().chars().take(100).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The holes are made seldom, and the sources change often.
    #[test]
    fn what_each_hole_replaces_stands_once_in_its_room() {
        let missing: Vec<_> = HOLES.iter().filter_map(|hole| find(&crate::shell::root(), hole).err()).collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn a_text_is_found_however_it_is_broken() {
        let source = "fn f() {\n    call(\n        one,\n        two);\n}\n";
        let found = occurrences(source, "call(one, two)");
        assert_eq!(
            found.iter().map(|place| &source[place.clone()]).collect::<Vec<_>>(),
            ["call(\n        one,\n        two)"]
        );
        assert!(occurrences(source, "call(two)").is_empty() && occurrences(source, " ").is_empty());
    }
}
