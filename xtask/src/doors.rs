//! `cargo xtask doors`: unmodified clients of other engines against a server of ours, each through its door. What has no
//! client in a registry is asked as its client asks, by a program that names the client's file.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::Context as _;

use crate::demo::Server;
use crate::shell::{cargo, has, is_strict, run, say};
use crate::tools;

/// From PyPI. `dify-sandbox` imports the last two, and does not name them.
const PYTHON: [&str; 8] = [
    "judge0==0.0.8",
    "piston-rspy==0.4.3",
    "sandbox-fusion==0.3.7",
    "go-judge==0.1.0",
    "mcp==2.3.0",
    "dify-sandbox==1.1.3",
    "aiohttp==3.14.5",
    "aiofiles==25.1.0",
];

/// From npm.
const NODE: [&str; 2] = ["piston-client@1.0.2", "node-fetch@2.7.0"];

/// What has to be installed, and Debian's package of it.
const NEEDED: [(&str, &str); 3] = [("pip3", "python3-pip"), ("node", "nodejs"), ("npm", "npm")];

/// A door, and the program in `tests/doors` that speaks to it.
const CLIENTS: [(&str, &str); 14] = [
    ("judge0", "judge0_client.py"),
    ("piston", "piston_client.py"),
    ("piston", "piston_client.mjs"),
    ("piston", "piston-rs"),
    ("piston", "piston_connect.py"),
    ("fusion", "fusion_client.py"),
    ("fusion", "reward_hacks.py"),
    ("go-judge", "go_judge_client.py"),
    ("code-judge", "code_judge_client.py"),
    ("dify", "dify_client.py"),
    ("jobe", "jobe_client.py"),
    ("nemo-skills", "nemo_client.py"),
    ("open-instruct", "open_instruct_client.py"),
    ("mcp", "mcp_client.py"),
];

/// With the binary and the plugins that are built already.
///
/// # Errors
/// A client does not get what it expects of its engine.
pub(crate) fn doors(root: &Path) -> anyhow::Result<()> {
    if let Some((program, package)) = NEEDED.into_iter().find(|(program, _)| !has(program)) {
        anyhow::ensure!(!is_strict(), "`{program}` is not installed, and nothing may be skipped");
        say(&format!("skipped: apt-get install {package}"));
        return Ok(());
    }
    let place = root.join("target/doors");
    let (python, node) = (place.join("python"), place.join("node"));
    tools::from_pypi(&python, &PYTHON)?;
    let mut npm = Command::new("npm");
    tools::once(&node, npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix", "."]).args(NODE))?;
    let manifest = root.join("tests/doors/piston-rs/Cargo.toml");
    run(cargo(root)
        .args(["build", "--quiet", "--locked", "--manifest-path"])
        .arg(manifest)
        .arg("--target-dir")
        .arg(&place))?;
    // go-judge's clients run commands.
    let server = Server::start_for_commands(root, &root.join("plugins"))?;
    server.versions()?;
    for (door, program) in CLIENTS {
        let began = Instant::now();
        let url = format!("{}/doors/{door}", server.base());
        let source = root.join("tests/doors").join(program);
        let mut client = match source.extension().and_then(|extension| extension.to_str()) {
            Some("py") => Command::new("python3"),
            Some("mjs") => Command::new("node"),
            _ => Command::new(place.join("debug/piston-rs-client")),
        };
        if source.is_file() {
            client.arg(source);
        }
        client.arg(url).env("PYTHONPATH", &python);
        match program {
            "piston_client.mjs" => client.arg(node.join("node_modules")),
            // MCP is spoken on a pipe, too, by the binary itself.
            _ => client.arg(root.join("target/debug/optimus")).arg(root.join("plugins")),
        };
        run(&mut client).with_context(|| format!("the client of {door}"))?;
        say(&format!("{door}: {:.1} s", began.elapsed().as_secs_f64()));
    }
    Ok(())
}
