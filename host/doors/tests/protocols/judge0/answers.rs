//! What a submission becomes, and what its report comes to.

use optimus_core::outcome::Excerpt;
use optimus_core::report::CompileReport;
use optimus_core::{Comparer, Exit, LimitHit, Verdict};
use serde_json::{Value, json};

use super::house;
use crate::support::{echo, excerpt, failed_compile, report};

#[tokio::test]
async fn a_submission_is_a_job_with_its_limits_and_runs() {
    let house = house(echo);
    let submission = json!({
        "source_code": "print", "language_id": 71, "stdin": "4", "expected_output": "4\n", "number_of_runs": 3,
        "cpu_time_limit": 2.5, "wall_time_limit": 4, "memory_limit": 65536, "max_file_size": 64,
        "max_processes_and_or_threads": 7, "command_line_arguments": "-n 'two words' `ls`; $x",
        "an unknown field": true,
    });
    let answer = house.post("/submissions", &submission).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(answer.json().as_object().unwrap().keys().collect::<Vec<_>>(), ["token"]);
    let job = house.job();
    assert_eq!((job.language.as_str(), job.files[0].path.as_str(), job.tests.len()), ("toy", "main.toy", 3));
    assert_eq!(job.files[0].content.as_bytes(), b"print");
    assert_eq!(job.args, ["-n", "two words", "ls", "x"]);
    assert_eq!((job.limits.cpu_ms, job.limits.wall_ms, job.limits.memory_bytes), (2_500, 4_000, 64 << 20));
    assert_eq!((job.limits.processes, job.limits.file_bytes, job.limits.output_bytes), (7, 64 << 10, 64 << 10));
    assert!(job.compare == Some(Comparer::Judge0) && job.exact_limits && job.stop_at_first_failure);
    // No limit of CPU time leaves that of the clock; one above it is never reached.
    for cpu in [0, 12] {
        let submission = json!({"source_code": "x", "language_id": 71, "cpu_time_limit": cpu, "wall_time_limit": 3});
        assert_eq!(house.post("/submissions", &submission).await.status, 201);
        assert_eq!(house.job().limits.cpu_ms, 3_000);
    }
}

#[tokio::test]
async fn base64_is_read_leniently_and_written_with_rubys_line_breaks() {
    let house = house(echo);
    // `print` and `hello`, with a line break and without padding.
    let submission = json!({"source_code": "cHJp\nbnQ", "language_id": 71, "stdin": "aGVsbG8="});
    let answer = house.post("/submissions?base64_encoded=true&wait=true&fields=stdout,source_code,stderr", &submission);
    let answer = answer.await.json();
    assert_eq!(answer, json!({"stdout": "aGVsbG8=\n", "source_code": "cHJpbnQ=\n", "stderr": null}));
    let long = json!({"source_code": "cHJpbnQ=", "language_id": 71, "stdin": "A".repeat(124)});
    let answer = house.post("/submissions?base64_encoded=true&wait=true", &long).await.json();
    assert_eq!(answer["stdout"], format!("{0}\n{0}\nAAAA\n", "A".repeat(60)));
}

#[tokio::test]
async fn without_base64_what_is_no_text_is_refused() {
    let house = house(|job| Some(report(job, Verdict::Accepted, |test| test.stdout = excerpt(b"\xff"))));
    let submission = json!({"source_code": "x", "language_id": 71});
    let waited = house.post("/submissions?wait=true", &submission).await;
    let said = waited.json()["error"].as_str().unwrap().to_owned();
    assert_eq!(waited.status, 201);
    assert!(said.starts_with("some attributes for this submission cannot be converted to UTF-8"), "{said}");
    let token = waited.json()["token"].as_str().unwrap().to_owned();
    let answer = house.get(&format!("/submissions/{token}")).await;
    assert_eq!((answer.status, answer.json()["error"].as_str()), (400, Some(said.as_str())));
    let answer = house.get(&format!("/submissions/batch?tokens={token}")).await;
    assert!(answer.status == 400 && answer.text().contains("one or more submissions"), "{}", answer.text());
    let answer = house.get(&format!("/submissions/{token}?base64_encoded=true")).await;
    assert_eq!((answer.status, answer.json()["stdout"].as_str()), (200, Some("/w==\n")));
}

#[tokio::test]
async fn every_verdict_has_its_status() {
    use Verdict::{
        IdlenessLimitExceeded, MemoryLimitExceeded, OutputLimitExceeded, PresentationError, RuntimeError,
        SecurityViolation, TimeLimitExceeded, WrongAnswer,
    };
    let (code, signal) = (Exit::Code, Exit::Signal);
    for (verdict, exit, limit, status, message) in [
        (Verdict::Accepted, code(0), None, 3, Value::Null),
        (WrongAnswer, code(0), None, 4, Value::Null),
        (PresentationError, code(0), None, 4, Value::Null),
        (TimeLimitExceeded, signal(9), Some(LimitHit::CpuTime), 5, json!("Time limit exceeded")),
        (IdlenessLimitExceeded, signal(9), Some(LimitHit::WallTime), 5, json!("Time limit exceeded")),
        (RuntimeError, signal(11), None, 7, json!("Caught fatal signal 11")),
        (OutputLimitExceeded, signal(25), Some(LimitHit::Output), 8, json!("what it was")),
        (RuntimeError, signal(8), None, 9, json!("Caught fatal signal 8")),
        (RuntimeError, signal(6), None, 10, json!("Caught fatal signal 6")),
        (RuntimeError, code(3), None, 11, json!("Exited with error status 3")),
        (RuntimeError, signal(15), None, 12, json!("Caught fatal signal 15")),
        (MemoryLimitExceeded, signal(9), Some(LimitHit::Memory), 12, json!("what it was")),
        (SecurityViolation, signal(31), Some(LimitHit::ForbiddenCall), 12, json!("what it was")),
    ] {
        let exits = exit.clone();
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit, test.message) = (Some(exits.clone()), limit, Some("what it was".to_owned()));
            }))
        });
        let fields = "status,message,exit_code,exit_signal,verdict,time,memory,wall_time";
        let path = format!("/submissions?wait=true&fields={fields}");
        let answer = house.post(&path, &json!({"source_code": "x", "language_id": 71})).await.json();
        assert_eq!((&answer["status"]["id"], &answer["message"]), (&json!(status), &message), "{verdict} {exit:?}");
        assert_eq!(answer["verdict"], verdict.as_str());
        assert_eq!((&answer["time"], &answer["wall_time"]), (&json!("0.012"), &json!("0.034")));
        assert_eq!(answer["memory"], 2_048);
        let shown = match (exit, limit) {
            (Exit::Code(code), _) => (json!(code), Value::Null),
            (Exit::Signal(signal), None) => (Value::Null, json!(signal)),
            _ => (Value::Null, Value::Null),
        };
        assert_eq!((answer["exit_code"].clone(), answer["exit_signal"].clone()), shown, "{verdict}");
    }
}

#[tokio::test]
async fn a_compile_error_has_the_compilers_words() {
    for (printed, message, wanted) in [
        ("x.c:1: error", "the compiler exited with code 1", "x.c:1: error"),
        ("half", "compiling took longer than 30000 ms (step `build`)", "Compilation time limit exceeded."),
    ] {
        let house = house(move |job| {
            let mut report = report(job, Verdict::CompileError, |test| test.exit = None);
            report.compile =
                Some(CompileReport { output: excerpt(printed.as_bytes()), ..failed_compile(Some(message)) });
            Some(report)
        });
        let submission = json!({"source_code": "x", "language_id": 50, "compiler_options": "-O3 -Wall"});
        let answer = house.post("/submissions?wait=true", &submission).await.json();
        assert_eq!((&answer["status"]["id"], &answer["compile_output"]), (&json!(6), &json!(wanted)));
        assert_eq!((&answer["time"], &answer["stdout"]), (&Value::Null, &Value::Null));
        assert_eq!(house.job().options["flags"], json!(["-O3", "-Wall"]));
    }
}

#[tokio::test]
async fn runs_are_averaged_and_the_last_one_decides() {
    let house = house(|job| {
        let mut report = report(job, Verdict::RuntimeError, |_| {});
        let figures = [(10.0, Verdict::Accepted, 0), (20.0, Verdict::RuntimeError, 1)];
        for (test, (cpu_ms, verdict, code)) in report.tests.iter_mut().zip(figures) {
            (test.cpu_ms, test.verdict, test.exit) = (cpu_ms, verdict, Some(Exit::Code(code)));
        }
        (report.tests[2].verdict, report.tests[2].exit) = (Verdict::Skipped, None);
        Some(report)
    });
    let submission = json!({"source_code": "x", "language_id": 71, "number_of_runs": 3});
    let answer = house.post("/submissions?wait=true", &submission).await.json();
    assert_eq!((&answer["time"], &answer["status"]["id"]), (&json!("0.015"), &json!(11)));
}

#[tokio::test]
async fn no_output_is_not_the_blank_output_that_was_expected() {
    for (expected, printed, status) in [("", "", 4), (" \n", "", 4), ("", "\n", 3), ("x", "x", 3)] {
        let house =
            house(move |job| Some(report(job, Verdict::Accepted, |test| test.stdout = excerpt(printed.as_bytes()))));
        let submission = json!({"source_code": "x", "language_id": 71, "expected_output": expected});
        let answer = house.post("/submissions?wait=true", &submission).await.json();
        assert_eq!(answer["status"]["id"], status, "{expected:?} {printed:?}");
    }
}

#[tokio::test]
async fn stderr_follows_stdout_where_it_is_redirected() {
    let house = house(|job| {
        Some(report(job, Verdict::Accepted, |test| {
            (test.stdout, test.stderr) = (excerpt(b"out\n"), excerpt(b"err\n"));
        }))
    });
    let submission = json!({"source_code": "x", "language_id": 71, "redirect_stderr_to_stdout": true});
    let answer = house.post("/submissions?wait=true", &submission).await.json();
    assert_eq!((&answer["stdout"], &answer["stderr"]), (&json!("out\nerr\n"), &Value::Null));
}

#[tokio::test]
async fn our_failure_is_status_13_with_its_reason() {
    let house = house(|job| {
        let mut report = report(job, Verdict::InternalError, |test| test.exit = None);
        report.tests.iter_mut().for_each(|test| test.stdout = Excerpt::default());
        report.error = Some(optimus_core::Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let answer = house.post("/submissions?wait=true", &json!({"source_code": "x", "language_id": 71})).await.json();
    assert_eq!((&answer["status"]["id"], &answer["message"]), (&json!(13), &json!("the box broke")));
}

#[tokio::test]
async fn a_callback_is_the_default_columns_in_base64() {
    let house = house(echo);
    let submission = json!({
        "source_code": "x", "language_id": 71, "stdin": "hello", "callback_url": "https://example.org/done",
    });
    assert_eq!(house.post("/submissions", &submission).await.status, 201);
    let job = house.job();
    let callback = optimus_doors::callback(&echo(&job).unwrap()).unwrap();
    assert_eq!((&callback["stdout"], &callback["status"]["id"]), (&json!("aGVsbG8=\n"), &json!(3)));
    assert_eq!(callback.as_object().unwrap().len(), 8);
    let native = optimus_core::Job { labels: Default::default(), ..job };
    assert_eq!(optimus_doors::callback(&echo(&native).unwrap()), None, "a native job has none");
}
