//! The first minute: the binary, an empty folder, and nothing installed.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{can_judge, json, stderr, stdout};

/// In a home of its own, as somebody has it who has just copied the binary.
fn bare(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_optimus"));
    command.args(args).current_dir(home).env("HOME", home).stdin(Stdio::null());
    for name in ["OPTIMUS_PLUGINS", "OPTIMUS_STATE"] {
        command.env_remove(name);
    }
    command
}

fn run(home: &Path, args: &[&str]) -> Output {
    bare(home, args).output().unwrap()
}

#[test]
fn one_binary_in_an_empty_folder_judges() {
    if !can_judge() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("a.py"), "print(1)\n").unwrap();
    let first = run(home.path(), &["run", "a.py"]);
    assert!(first.status.success(), "{first:?}");
    assert!(stdout(&first).contains("    1\n"), "{first:?}");
    assert!(stderr(&first).contains("`python`"), "it says what it prepares: {first:?}");
    assert_eq!(stderr(&first).lines().count(), 1, "and nothing else: {first:?}");
    assert_eq!(stderr(&run(home.path(), &["run", "a.py"])), "", "once");
    let other = run(home.path(), &["run", "a.zzz"]);
    assert!(stderr(&other).contains("no language here has files like `a.zzz`"), "{other:?}");
}

#[test]
fn a_plugin_that_is_added_makes_its_directory_and_the_others_stay() {
    let home = tempfile::tempdir().unwrap();
    let added = run(home.path(), &["plugin", "add", "tcsh"]);
    assert!(added.status.success(), "{added:?}");
    assert!(home.path().join(".local/share/optimus/plugins/tcsh.wasm").is_file());
    let list = run(home.path(), &["plugin", "list", "--json"]);
    let ids: Vec<String> =
        json(&list).as_array().unwrap().iter().map(|status| status["id"].as_str().unwrap().to_owned()).collect();
    assert!(ids.contains(&"tcsh".to_owned()) && ids.contains(&"python".to_owned()), "{ids:?}");
}

#[test]
fn a_server_takes_jobs_before_its_plugins_are_loaded() {
    let home = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let serve = ["serve", "--sandbox", "fake", "--listen", "127.0.0.1:0"];
    let mut server = bare(home.path(), &serve).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let base = line.trim().rsplit(' ').next().unwrap().to_owned();
    let submit = |language: &str| {
        let job = serde_json::json!({"language": language, "source": "x"});
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        let mut answer = agent.post(format!("{base}/v1/jobs")).send_json(job).unwrap();
        (answer.status().as_u16(), answer.body_mut().read_json::<serde_json::Value>().unwrap())
    };
    let accepted = submit("zsh");
    let took = began.elapsed();
    assert_eq!(accepted.0, 202, "{accepted:?}");
    let unknown = submit("klingon");
    assert_eq!((unknown.0, &unknown.1["error"]["code"]), (422, &"unknown_language".into()));
    let address = base.trim_start_matches("http://");
    let second = run(home.path(), &["serve", "--state", "other", "--listen", address]);
    let text = stderr(&second);
    assert!(second.status.code() == Some(2) && text.contains("is in use") && text.contains("--listen"), "{text}");
    server.kill().unwrap();
    server.wait().unwrap();
    // Half a second is the aim; a busy machine must not decide.
    assert!(took < Duration::from_secs(5), "{took:?}");
}
