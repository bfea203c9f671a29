//! Whether the suite bites: in a copy of the sources one wall is torn down at a time, and the test that stands for it
//! must fail. Nothing in the product can be switched off for this; the holes are made in the text.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail, ensure};

use crate::built::{Built, programs};
use crate::checkout;
use crate::shell::{cargo, say};

/// A wall to tear down.
struct Hole {
    name: &'static str,
    file: &'static str,
    /// Stands there exactly once.
    text: &'static str,
    instead: &'static str,
    /// What must notice.
    notices: Suite,
}

enum Suite {
    /// A program of the hostile suite, on the native backend.
    Attack(&'static str),
    /// A case of the queue's contract, on the embedded backend.
    Queue(&'static str),
}

const HOLES: [Hole; 8] = [
    Hole {
        name: "seccomp",
        file: "host/agent/src/step/seccomp.rs",
        text: "    apply_filter(filter).or_else(",
        instead: "    if true {\n        return Ok(());\n    }\n    apply_filter(filter).or_else(",
        notices: Suite::Attack("kernel_calls"),
    },
    Hole {
        name: "pid-namespace",
        file: "host/agent/src/step/prepare.rs",
        text: "libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC;",
        instead: "libc::CLONE_NEWNS | libc::CLONE_NEWIPC;",
        notices: Suite::Attack("setsid_orphans"),
    },
    Hole {
        name: "ipc-namespace",
        file: "host/agent/src/step/prepare.rs",
        text: "libc::CLONE_NEWPID | libc::CLONE_NEWNS | libc::CLONE_NEWIPC;",
        instead: "libc::CLONE_NEWPID | libc::CLONE_NEWNS;",
        notices: Suite::Attack("leftovers"),
    },
    Hole {
        name: "network-namespace",
        file: "host/agent/src/wall.rs",
        text: " | libc::CLONE_NEWNET;",
        instead: ";",
        notices: Suite::Attack("network"),
    },
    Hole {
        name: "output-cap",
        file: "host/agent/src/step/supervise/streams.rs",
        text: "Self { pipe: Some(pipe), kind, limit, kept: 0, truncated: false }",
        instead: "Self { pipe: Some(pipe), kind, limit: limit.max(u64::MAX / 2), kept: 0, truncated: false }",
        notices: Suite::Attack("flood_then_exit"),
    },
    Hole {
        name: "symlinks",
        file: "host/agent/src/files/collect.rs",
        text: "            ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS | ResolveFlags::NO_XDEV;",
        instead: "            ResolveFlags::empty();",
        notices: Suite::Attack("collect_parent_symlink"),
    },
    Hole {
        name: "bounding-set",
        file: "host/agent/src/step/prepare.rs",
        text: "CapabilitySet::all().iter()",
        instead: "CapabilitySet::empty().iter()",
        notices: Suite::Attack("privileges"),
    },
    Hole {
        name: "fence",
        file: "host/queue/src/embedded/index.rs",
        text: "live.record.fence == fence && ",
        instead: "(live.record.fence == fence || true) && ",
        notices: Suite::Queue("a_lost_lease_cannot_finish"),
    },
];

/// Plants the holes named, or all; fails when one goes unnoticed.
pub(crate) fn planted(root: &Path, only: &[String]) -> anyhow::Result<()> {
    if let Some(unknown) = only.iter().find(|name| HOLES.iter().all(|hole| hole.name != name.as_str())) {
        bail!("no hole is called `{unknown}`; there are: {}", HOLES.map(|hole| hole.name).join(", "));
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

/// What the suite said, if it failed as it must.
fn plant(root: &Path, copy: &Path, hole: &Hole) -> anyhow::Result<Option<String>> {
    let file = copy.join(hole.file);
    let sound = std::fs::read_to_string(&file).with_context(|| hole.file)?;
    ensure!(sound.matches(hole.text).count() == 1, "`{}` has to stand once in {}", hole.text, hole.file);
    std::fs::write(&file, sound.replace(hole.text, hole.instead))?;
    let tried = try_out(root, copy, &hole.notices);
    std::fs::write(&file, sound)?;
    tried
}

fn try_out(root: &Path, copy: &Path, suite: &Suite) -> anyhow::Result<Option<String>> {
    let (package, test) = match suite {
        Suite::Attack(_) => ("optimus-sandbox", "hostile"),
        Suite::Queue(_) => ("optimus-queue", "contract"),
    };
    // Never beside what is built from the checkout: cargo tells packages apart by where they are in their workspace, and
    // would take what has a hole for what has none.
    let mut build = cargo(copy);
    build.env("CARGO_TARGET_DIR", root.join("target/planted/build")).args(["test", "-p", package, "--test", test]);
    let built = programs(build.args(["--no-run", "--quiet"]))?;
    let suite_of = |built: &&Built| built.name == test;
    let built = built.iter().find(suite_of).with_context(|| format!("no test `{test}` in `{package}`"))?;
    let mut command = Command::new(&built.program);
    command.current_dir(&built.room).env("OPTIMUS_TEST_STRICT", "1").stdin(Stdio::null());
    let what = match suite {
        Suite::Attack(name) => {
            command.env("OPTIMUS_TEST_ATTACK", name).arg("the_native_backend_holds");
            (*name).to_owned()
        }
        Suite::Queue(case) => {
            command.arg(format!("embedded_queue::{case}"));
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
    fn what_each_hole_replaces_stands_there_once() {
        for hole in &HOLES {
            let source = std::fs::read_to_string(crate::shell::root().join(hole.file)).unwrap();
            assert_eq!(source.matches(hole.text).count(), 1, "{}: `{}`", hole.name, hole.text);
        }
    }
}
