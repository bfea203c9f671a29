//! `cargo xtask doors`: unmodified clients of other engines against a server of ours, each through its door.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;

use crate::demo::Server;
use crate::shell::{has, is_strict, run, say};
use crate::tools;

/// From PyPI.
const PYTHON: [&str; 5] =
    ["judge0==0.0.8", "piston-rspy==0.4.3", "sandbox-fusion==0.3.7", "go-judge==0.1.0", "mcp==2.3.0"];

/// A door, and the program in `tests/doors` that speaks to it with its engine's own client.
const CLIENTS: [(&str, &str); 6] = [
    ("judge0", "judge0_client.py"),
    ("piston", "piston_client.py"),
    ("fusion", "fusion_client.py"),
    ("fusion", "reward_hacks.py"),
    ("go-judge", "go_judge_client.py"),
    ("mcp", "mcp_client.py"),
];

/// With the binary and the plugins that are built already.
///
/// # Errors
/// A client does not get what it expects of its engine.
pub(crate) fn doors(root: &Path) -> anyhow::Result<()> {
    if !has("pip3") {
        anyhow::ensure!(!is_strict(), "`pip3` is not installed, and nothing may be skipped");
        say("skipped: apt-get install python3-pip");
        return Ok(());
    }
    let python = root.join("target/doors/python");
    tools::from_pypi(&python, &PYTHON)?;
    // go-judge's clients run commands.
    let server = Server::start_for_commands(root, &root.join("plugins"))?;
    server.versions()?;
    for (door, program) in CLIENTS {
        let began = Instant::now();
        let url = format!("{}/doors/{door}", server.base());
        let mut client = Command::new("python3");
        client.arg(root.join("tests/doors").join(program)).arg(url).env("PYTHONPATH", &python);
        // MCP is spoken on a pipe, too, by the binary itself.
        client.arg(root.join("target/debug/optimus")).arg(root.join("plugins"));
        run(&mut client).with_context(|| format!("the client of {door}"))?;
        say(&format!("{door}: {:.1} s", began.elapsed().as_secs_f64()));
    }
    Ok(())
}
