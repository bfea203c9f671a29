//! The first minute: the binary, an empty folder, and nothing installed.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{can_judge, json, stderr, stdout};

/// In a home of its own, as somebody has it who has just copied the binary.
fn bare(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_optimus"));
    command.args(args).current_dir(home).env("HOME", home).stdin(Stdio::null());
    for name in ["OPTIMUS_PLUGINS", "OPTIMUS_STATE", "OPTIMUS_CODE_CACHE"] {
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

/// Prints the sum of two numbers.
const SUM: &str = "a, b = map(int, input().split())\nprint(a + b)\n";

#[test]
fn what_is_piped_in_is_the_input() {
    if !can_judge() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("sum.py"), SUM).unwrap();
    let mut child = bare(home.path(), &["run", "sum.py"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"3 4\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success() && stdout(&output).contains("    7\n"), "{output:?}");
}

#[test]
fn tests_are_found_in_the_layouts_that_people_have() {
    if !can_judge() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = home.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("sum/main.py", SUM);
    for (path, text) in [("t/input/input00.txt", "1 2\n"), ("t/output/output00.txt", "3\n")] {
        write(path, text);
    }
    let output = run(home.path(), &["run", "sum", "--tests", "t", "--color", "always"]);
    assert!(
        stdout(&output).contains("\u{1b}[1m\u{1b}[32maccepted"),
        "a folder with a main, judged in green: {output:?}"
    );
    assert!(stderr(&output).contains("1 tests in `t`: inputNAME with outputNAME"), "{output:?}");
    let plain = run(home.path(), &["run", "sum", "--tests", "t"]);
    assert!(!stdout(&plain).contains('\u{1b}'), "{plain:?}");
}

#[test]
fn a_command_line_that_cannot_be_read_is_one_json_value_too() {
    let home = tempfile::tempdir().unwrap();
    for (args, word) in [(&["rnu", "--json"][..], "did you mean `run`?"), (&["run", "--json"], "FILE")] {
        let output = run(home.path(), args);
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        let error = json(&output)["error"].clone();
        assert_eq!(error["code"], "usage");
        assert!(error.to_string().contains(word), "{error}");
    }
    let typo = run(home.path(), &["rnu"]);
    assert!(stderr(&typo).contains("did you mean `run`?"), "{typo:?}");
}

#[test]
fn init_begins_what_run_accepts_and_overwrites_nothing() {
    if !can_judge() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let made = run(home.path(), &["init", "first"]);
    assert!(made.status.success(), "{made:?}");
    let judged = run(home.path(), &["run", "first/main.py", "--tests", "first/tests"]);
    assert!(judged.status.success(), "{judged:?}");
    let again = run(home.path(), &["init", "first", "--json"]);
    assert_eq!((again.status.code(), &json(&again)["error"]["code"]), (Some(2), &"exists".into()));
}

#[test]
fn the_doctor_judges_what_it_was_asked_for() {
    if !can_judge() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let asked = run(home.path(), &["doctor", "python"]);
    assert!(asked.status.success(), "{asked:?}");
    let text = stdout(&asked);
    assert!(text.contains("Languages: ") && text.contains("No problem found."), "{text}");
    let unknown = run(home.path(), &["doctor", "klingon"]);
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
}
