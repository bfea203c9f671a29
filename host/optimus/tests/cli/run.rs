//! `optimus run`, and what the other verbs say.

use std::fs;

use crate::support::{can_judge, command, json, optimus, root, stdout};

fn sample(name: &str) -> String {
    root().join("languages/python/samples").join(name).to_str().unwrap().to_owned()
}

#[test]
fn each_kind_of_end_has_its_verdict_and_exit_code() {
    if !can_judge() {
        return;
    }
    for (name, verdict, code) in [
        ("hello.py", "accepted", 0),
        ("runtime_error.py", "runtime_error", 1),
        ("compile_error.py", "compile_error", 1),
        ("endless_loop.py", "time_limit_exceeded", 1),
        ("memory_hog.py", "memory_limit_exceeded", 1),
        ("output_flood.py", "output_limit_exceeded", 1),
    ] {
        // The clock on the wall is generous: a busy machine must not decide for the CPU.
        let output = optimus(&["run", &sample(name), "--json", "--cpu-ms", "2000", "--wall-ms", "60000"]);
        assert_eq!(json(&output)["verdict"], verdict, "{name}");
        assert_eq!(output.status.code(), Some(code), "{name}");
    }
}

#[test]
fn what_a_program_that_does_nothing_takes_is_measured() {
    if !can_judge() {
        return;
    }
    let output = optimus(&["calibrate", "python", "--runs", "5", "--json"]);
    let rows = json(&output);
    let row = &rows[0];
    assert_eq!((output.status.code(), &row["language"]), (Some(0), &"python".into()), "{rows}");
    let [cpu, wall] = ["cpu_ms", "wall_ms"].map(|of| [&row[of][0], &row[of][1]].map(|ms| ms.as_f64().unwrap()));
    assert!(cpu[0] > 0.0 && cpu[0] <= cpu[1] && wall[0] > 0.0 && wall[0] <= wall[1], "{row}");
    assert!(row["memory_bytes"].as_u64().unwrap() > 1 << 20, "{row}");
    let nothing = optimus(&["calibrate", "nosuch", "--json"]);
    assert_eq!((nothing.status.code(), &json(&nothing)["error"]["code"]), (Some(2), &"unknown_language".into()));
}

#[test]
fn a_directory_of_tests_is_judged_one_line_a_test() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(dir.path().join(name), text).unwrap();
    write("sum.py", "print(sum(map(int, input().split())))\n");
    for (name, text) in [("1.in", "1 2\n"), ("1.out", "3\n"), ("2.in", "2 2\n"), ("2.ans", "5\n")] {
        write(name, text);
    }
    let program = dir.path().join("sum.py");
    let path = program.to_str().unwrap();
    let output = optimus(&["run", path, "--tests", dir.path().to_str().unwrap()]);
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(1));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert!(lines[0].trim_start().starts_with("1  accepted"), "{text}");
    assert!(lines[1].contains("wrong_answer") && lines[1].contains("expected \"5\", found \"4\""), "{text}");
    assert!(lines[2].starts_with("wrong_answer  1 of 2 tests"), "{text}");

    let one = optimus(&["run", path, "--stdin", dir.path().join("1.in").to_str().unwrap()]);
    assert_eq!(one.status.code(), Some(0), "{one:?}");
    assert!(stdout(&one).contains("    3\n"), "{one:?}");
}

#[test]
fn what_cannot_be_judged_is_named_with_a_remedy() {
    if !can_judge() {
        return;
    }
    let hello = sample("hello.py");
    let cases: [(&[&str], &str, &str); 5] = [
        (&["run", &hello, "-l", "pyton"], "unknown language `pyton`", "did you mean `python`?"),
        (&["run", "nothing.xyz"], "no language here has files like `nothing.xyz`", "--language"),
        (&["run", &hello, "--cpu-ms", "0"], "`limits.cpu_ms`: 0 is not a limit", "from 1 to"),
        (&["run", &hello, "--plugins", "/nonexistent"], "/nonexistent", "it must exist"),
        (&["serve", "--listen", "0.0.0.0:0"], "will not listen on `0.0.0.0:0`", "127.0.0.1"),
    ];
    for (args, message, hint) in cases {
        let output = optimus(args);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {text}");
        assert!(text.contains(message) && text.contains(hint), "{args:?}: {text}");
        let with_json = optimus(&[args, &["--json"]].concat());
        let error = &json(&with_json)["error"];
        assert!(error["message"].as_str().unwrap().contains(message), "{error}");
    }
}

#[test]
fn a_usage_error_is_exit_code_2() {
    assert_eq!(optimus(&["run"]).status.code(), Some(2));
    assert_eq!(optimus(&["frobnicate"]).status.code(), Some(2));
}

#[test]
fn completions_and_help_go_to_stdout() {
    for args in [&["completions", "bash"][..], &["--help"], &["run", "--help"]] {
        let output = command(args).output().unwrap();
        assert!(output.status.success() && stdout(&output).contains("optimus"), "{output:?}");
    }
}

#[test]
fn bytes_of_any_kind_come_back_as_they_were() {
    if !can_judge() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (program, input) = (dir.path().join("cat.py"), dir.path().join("input"));
    fs::write(&program, "import sys\nsys.stdout.buffer.write(sys.stdin.buffer.read())\n").unwrap();
    let bytes: Vec<u8> = (0..=255u8).cycle().take(40_000).collect();
    fs::write(&input, &bytes).unwrap();
    let paths = [&program, &input].map(|path| path.to_str().unwrap());
    let args = ["run", paths[0], "--stdin", paths[1], "--expect", paths[1], "--compare", "exact", "--json"];
    let report = json(&optimus(&args));
    assert_eq!(report["verdict"], "accepted", "{report:.400}");
    let captured: optimus_core::Content =
        serde_json::from_value(report["tests"][0]["stdout"]["content"].clone()).unwrap();
    assert_eq!(captured.as_bytes(), bytes);
}
