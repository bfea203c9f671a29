//! What the server keeps is its owner's alone, whatever the umask.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{can_judge, command, root};

/// The command, run with a umask that takes nothing away.
fn unmasked(optimus: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "umask 0; exec \"$@\"", "sh"]).arg(optimus.get_program()).args(optimus.get_args());
    shell.envs(optimus.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).permissions().mode() & 0o777
}

#[test]
fn state_keys_queue_and_problems_are_private_without_a_umask() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("new/state");
    let mut serve = command(&["serve", "--listen", "127.0.0.1:0", "--slots", "1", "--log", "warn"]);
    serve.env("OPTIMUS_STATE", &state);
    let mut server = unmasked(&serve).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().strip_prefix("listening on ").expect("the server says where it listens");
    let package = optimus_package::archive(&root().join("tests/packages/dmoj")).unwrap();
    assert_eq!(ureq::post(format!("{base}/v1/problems")).send(&package[..]).unwrap().status(), 201);
    ureq::get(format!("{base}/v1/webhooks/secret")).call().unwrap();
    let mut create = command(&["keys", "create", "--tenant", "t", "--state", state.to_str().unwrap()]);
    create.stdout(Stdio::null());
    assert!(unmasked(&create).stdout(Stdio::null()).status().unwrap().success());
    Command::new("kill").arg(server.id().to_string()).status().unwrap();
    server.wait().unwrap();

    let problems = state.join("problems");
    assert_eq!((mode(&state), mode(&problems)), (0o700, 0o700));
    let mut files = vec![state.join("queue.redb"), state.join("keys.json"), state.join("webhook-secret")];
    files.extend(fs::read_dir(&problems).unwrap().map(|entry| entry.unwrap().path()));
    assert!(files.len() > 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
