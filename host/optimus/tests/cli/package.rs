//! `optimus judge` and `optimus verify`, as a problem setter uses them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{can_judge, json, optimus, root, stdout};

pub(crate) fn sample(name: &str) -> PathBuf {
    root().join("tests/packages").join(name)
}

/// Time by the clock is no part of what is tested, and machines are busy.
pub(crate) fn verify(package: &Path, wall_ms: &str, more: &[&str]) -> (Option<i32>, Value) {
    let package = package.to_str().unwrap();
    let output = optimus(&[&["verify", package, "--json", "--wall-ms", wall_ms][..], more].concat());
    (output.status.code(), json(&output))
}

#[test]
fn one_submission_is_judged_by_an_archive() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let archive = dir.path().join("sum.zip");
    std::fs::write(&archive, optimus_package::archive(&sample("dmoj")).unwrap()).unwrap();
    let submission = sample("dmoj/submissions/partial/small.py");
    let args = ["judge", archive.to_str().unwrap(), submission.to_str().unwrap(), "--wall-ms", "30000"];
    let output = optimus(&args);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.contains("partial  10 of 100 points"), "{text}");
    assert!(text.contains("3  0 of 40 points"), "{text}");
    let report = json(&optimus(&[&args[..], &["--json"]].concat()));
    assert_eq!((&report["score"]["points"], &report["score"]["max"]), (&10.0.into(), &100.0.into()));
    assert_eq!(report["tests"][4]["verdict"], "skipped");
}

/// A limit above the operator's cap is an error that names both, not a silently lower limit.
#[test]
fn the_operators_caps_hold_for_packages() {
    if !can_judge() {
        return;
    }
    let (package, submission) = (sample("dmoj"), sample("dmoj/submissions/partial/small.py"));
    let (package, submission) = (package.to_str().unwrap(), submission.to_str().unwrap());
    let output = optimus(&["judge", package, submission, "--cpu-ms", "2000", "--max-cpu-ms", "500", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    let message = json(&output)["error"]["message"].to_string();
    assert!(message.contains("limits.cpu_ms") && message.contains("above this server's cap of 500"), "{message}");
}

#[test]
fn a_table_shows_what_does_not_come_to_what_it_should() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("problem.yaml", "name: Sum\nlimits: {time_limit: 1, memory: 256}\n"),
        ("data/secret/1.in", "1 2\n"),
        ("data/secret/1.ans", "3\n"),
        ("submissions/accepted/good.py", "print(3)\n"),
        ("submissions/accepted/bad.py", "print(4)\n"),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let output = optimus(&["verify", dir.path().to_str().unwrap(), "--wall-ms", "30000"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    for line in ["! accepted/bad.py", "  accepted/good.py", "1 of 2 submissions got what was expected"] {
        assert!(text.contains(line), "{text}");
    }
    assert!(text.contains("test `secret/1` is wrong_answer (") && text.contains("permitted is accepted"), "{text}");
}

/// Five times the slowest that is right, in whole seconds.
#[test]
fn a_time_limit_follows_from_what_is_right() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let busy = "import time\nwhile time.process_time() < {}: pass\nprint(3)\n";
    for (path, text) in [
        ("problem.yaml", "name: Sum\nlimits: {memory: 256}\n".to_owned()),
        ("data/secret/1.in", "1 2\n".to_owned()),
        ("data/secret/1.ans", "3\n".to_owned()),
        ("submissions/accepted/fast.py", "print(3)\n".to_owned()),
        ("submissions/accepted/busy.py", busy.replace("{}", "0.3")),
        ("submissions/time_limit_exceeded/slow.py", busy.replace("{}", "600")),
    ] {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let (code, verification) = verify(dir.path(), "60000", &[]);
    assert_eq!((code, &verification["ok"]), (Some(0), &true.into()), "{verification:#}");
    let remark = verification["remarks"][0].as_str().unwrap();
    assert!(remark.starts_with("the time limit is ") && remark.contains("000 ms: 5 times the "), "{remark}");
    assert!(remark.ends_with("`accepted/busy.py`"), "{remark}");
    std::fs::write(dir.path().join("submissions/accepted/fast.py"), "print(4)\n").unwrap();
    let (code, refused) = verify(dir.path(), "60000", &[]);
    assert_eq!((code, &refused["ok"]), (Some(1), &false.into()), "one that is wrong ends nothing: {refused:#}");
    let row = &refused["submissions"][1];
    let message = row["mismatch"].as_str().unwrap();
    assert!(row["submission"] == "accepted/fast.py" && message.contains("test `secret/1` is wrong_answer"), "{row:#}");
}

#[test]
fn a_checker_that_says_nonsense_is_ours_to_tell() {
    if !can_judge() {
        return;
    }
    let (code, verification) = verify(&sample("broken-checker"), "30000", &[]);
    assert_eq!(code, Some(1));
    let report = &verification["submissions"][0]["report"];
    assert_eq!(report["verdict"], "internal_error", "{report:#}");
    assert_eq!(report["error"]["code"], "checker_failed");
    assert!(report["error"]["message"].as_str().unwrap().contains("zero.py"), "{report:#}");
}

#[test]
fn both_sides_of_a_conversation_are_shown() {
    if !can_judge() {
        return;
    }
    let (package, submission) =
        (sample("kattis-interactive"), sample("kattis-interactive/submissions/accepted/halves.py"));
    let paths = [package.to_str().unwrap(), submission.to_str().unwrap()];
    let report = json(&optimus(&["judge", paths[0], paths[1], "--json", "--wall-ms", "30000"]));
    assert_eq!(report["verdict"], "accepted", "{report:#}");
    let turns = report["tests"][0]["transcript"]["turns"].as_array().unwrap();
    assert_eq!((&turns[0]["by"], &turns[0]["said"]), (&"program".into(), &"500\n".into()));
    assert_eq!((&turns[1]["by"], &turns[1]["said"]), (&"interactor".into(), &"lower\n".into()));
    assert_eq!(turns.last().unwrap()["said"], "correct\n");
}

#[test]
fn what_is_no_package_is_a_usage_error() {
    let dir = tempfile::tempdir().unwrap();
    let output = optimus(&["verify", dir.path().to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(json(&output)["error"]["hint"].as_str().unwrap().contains("init.yml"));
}
