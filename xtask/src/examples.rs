//! `cargo xtask examples`: each client of `examples/` against a real server.

use std::path::Path;
use std::process::Command;

use anyhow::ensure;

use crate::process::Process;
use crate::shell::{build_program, has, is_strict, read, say};

/// A client, the program that runs it, and that program's arguments.
const CLIENTS: [(&str, &str, &[&str]); 5] = [
    ("Python", "python3", &["examples/python/client.py"]),
    ("JavaScript", "node", &["examples/javascript/client.mjs"]),
    ("Go", "go", &["run", "examples/go/client.go"]),
    ("Rust", "target/debug/optimus-example-client", &[]),
    ("shell", "bash", &["examples/shell/client.sh"]),
];

/// The output of each client after the line with the id of its job.
const EXPECTED: &str = "test 1: accepted
test 2: wrong_answer
done: wrong_answer
waited: accepted
webhook: accepted, signature verified
";

/// Runs all clients with the server and the plugins that are built already.
///
/// `cargo test` builds the programs that a test of their package starts. No test starts the Rust client: it is built here.
///
/// # Errors
/// The server does not start, or a client prints something else.
pub(crate) fn examples(root: &Path) -> anyhow::Result<()> {
    build_program(root, "optimus-example-client")?;
    let state = tempfile::tempdir()?;
    let mut command = Command::new(root.join("target/debug/optimus"));
    command.args(["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--webhook-allow", "127.0.0.1"]);
    command.arg("--plugins").arg(root.join("plugins")).arg("--state").arg(state.path());
    let (server, url) = Process::listening(&mut command)?;
    for (name, program, arguments) in CLIENTS {
        if !program.contains('/') && !has(program) {
            ensure!(!is_strict(), "`{program}` is not installed, and nothing may be skipped");
            say(&format!("skipped: the {name} client, because `{program}` is not installed"));
            continue;
        }
        let program = if program.contains('/') { root.join(program) } else { program.into() };
        let printed = read(Command::new(program).args(arguments).current_dir(root).env("OPTIMUS_URL", &url))?;
        let rest = printed.strip_prefix("submitted ").and_then(|rest| rest.split_once('\n'));
        ensure!(rest.is_some_and(|(_, rest)| rest == EXPECTED), "the {name} client printed:\n{printed}");
        say(&format!("ok  {name}"));
    }
    server.terminate()
}
