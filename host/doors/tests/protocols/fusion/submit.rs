//! `POST /submit` with the tests in `provided_data`.

use optimus_core::{Fault, Verdict};
use serde_json::{Value, json};

use super::data::{completion, passed, program, row, submission};
use super::house;
use crate::support::{failed_compile, report};

const SUBMIT: &str = "/submit";

#[tokio::test]
async fn a_completion_is_judged_by_all_tests_in_one_job() {
    let house = house(program(|stdin| format!(" {stdin}!  \n\n")));
    let answer = house.post(SUBMIT, &submission(&row(&[("a", "A!"), ("b", "b!\n")]), &json!({}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let test = |stdin: &str, stdout: &str| {
        let run = json!({
            "status": "Finished", "execution_time": 0.034, "return_code": 0,
            "stdout": format!(" {stdin}!  \n\n"), "stderr": "",
        });
        json!({
            "passed": true,
            "exec_info": {
                "status": "Success", "message": "", "compile_result": null, "run_result": run,
                "executor_pod_name": null, "files": {},
            },
            "test_info": {"input": {"stdin": stdin}, "output": {"stdout": stdout}},
        })
    };
    assert_eq!(
        answer.json(),
        json!({
            "id": 7, "accepted": true, "extracted_code": "print", "full_code": null, "test_code": null,
            "tests": [test("a", "A!"), test("b", "b!\n")], "extracted_type": "fenced", "extra": null,
        })
    );
    assert_eq!(house.jobs(), 1);
    let job = house.job();
    assert_eq!((job.limits.wall_ms, job.files[0].content.as_bytes()), (10_000, &b"print"[..]));
}

#[tokio::test]
async fn it_stops_at_the_first_failure_unless_all_cases_are_to_be_run() {
    let cases = row(&[("1", "1"), ("2", "x"), ("3", "3"), ("crash", "4"), ("5", "5")]);
    for (extra, wanted) in [
        (json!({}), &[true, false][..]),
        (json!({"run_all_cases": false}), &[true, false]),
        (json!({"run_all_cases": true}), &[true, false, true, false, true]),
    ] {
        let house = house(program(str::to_owned));
        let answer = house.post(SUBMIT, &submission(&cases, &extra)).await.json();
        assert_eq!((&answer["accepted"], passed(&answer)), (&json!(false), wanted.to_vec()), "{extra}");
        assert_eq!(house.jobs(), 1);
        assert_eq!(house.job().stop_at_first_failure, wanted.len() == 2);
    }
}

#[tokio::test]
async fn sandbox_fusions_comparison_decides_also_where_a_job_stopped_too_early() {
    let prints = |stdin: &str| if stdin == "1" { "\u{c9}T\u{c9} 1_0".to_owned() } else { stdin.to_owned() };
    let house = house(program(prints));
    let cases = [("1", "\u{e9}t\u{e9} 1_0"), ("2.000001", "2"), ("1  2", "1 2"), ("4", "4")];
    let answer = house.post(SUBMIT, &submission(&row(&cases), &json!({}))).await.json();
    assert_eq!((passed(&answer), house.jobs()), (vec![true, true, false], 2));
    assert!(house.job().compare.is_none() && house.job().tests.len() == 3);
    for (stdin, stdout, right) in [
        ("Yes", "YES", true),
        ("1\n2\n", "1\n2", true),
        ("1 2", "1\n2", false),
        ("0.333334", "0.333333333", true),
        ("0.33334", "0.333333333", false),
        ("1\n\n2", "1\n2", false),
    ] {
        let answer = house.post(SUBMIT, &submission(&row(&[(stdin, stdout)]), &json!({}))).await.json();
        assert_eq!(passed(&answer), [right], "{stdin:?} {stdout:?}");
        assert_eq!(answer["accepted"], right);
    }
}

#[tokio::test]
async fn long_texts_of_passed_tests_are_cut_unless_they_are_asked_for() {
    let long = format!("a{}z", "m".repeat(2_000));
    let house = house(program(str::to_owned));
    let answer = house.post(SUBMIT, &submission(&row(&[(&long, &long)]), &json!({}))).await.json();
    let shown = answer["tests"][0]["test_info"]["input"]["stdin"].as_str().unwrap();
    assert!(shown.len() < 1_100 && shown.starts_with("am") && shown.ends_with("mz"), "{shown}");
    assert_eq!(answer["tests"][0]["exec_info"]["run_result"]["stdout"], json!(long));
    let whole = json!({"return_full_case": true});
    let answer = house.post(SUBMIT, &submission(&row(&[(&long, &long)]), &whole)).await.json();
    assert_eq!(answer["tests"][0]["test_info"]["output"]["stdout"], json!(long));
}

#[tokio::test]
async fn an_output_is_kept_as_far_as_it_may_be_right_and_one_that_a_report_left_out_is_made_again() {
    let long = "9".repeat(2 << 20);
    let house = house(move |job| {
        let mut ended = program(str::to_owned)(job).unwrap();
        if let [_, second] = &mut ended.tests[..] {
            (second.stdout.content, second.stdout.truncated) = (b"".to_vec().into(), true);
        }
        Some(ended)
    });
    let answer = house.post(SUBMIT, &submission(&row(&[(&long, &long), ("2", "2")]), &json!({}))).await.json();
    assert_eq!((passed(&answer), &answer["accepted"], house.jobs()), (vec![true, true], &json!(true), 2));
    let job = house.job();
    assert!(job.capture_bytes > 2 << 20 && job.limits.output_bytes >= job.capture_bytes, "{}", job.capture_bytes);
}

#[tokio::test]
async fn the_program_is_found_as_sandbox_fusion_finds_it() {
    let house = house(program(str::to_owned));
    for (completion, code, kind) in [
        ("```built\nno\n```\n```toy-alias\nyes\n```", "yes", "fenced"),
        ("```sh\nfirst\n```\n```txt\nsecond\n```", "first", "fenced"),
        ("so: ```toy\nyes\n", "yes\n", "incomplete_fenced"),
        ("print(1)", "", "empty"),
    ] {
        let mut body = submission(&row(&[("", "")]), &json!({}));
        body["completion"] = json!(completion);
        let answer = house.post(SUBMIT, &body).await.json();
        assert_eq!((&answer["extracted_code"], &answer["extracted_type"]), (&json!(code), &json!(kind)));
        assert_eq!(house.job().files[0].content.as_bytes(), code.as_bytes());
    }
}

#[tokio::test]
async fn a_program_that_does_not_compile_passes_nothing_and_our_failure_is_500() {
    let broken = house(|job| {
        let mut report = report(job, Verdict::CompileError, |test| {
            (test.verdict, test.exit) = (Verdict::Skipped, None);
        });
        report.compile = Some(failed_compile(None));
        Some(report)
    });
    let cases = row(&[("1", "1"), ("2", "2")]);
    for (all, count) in [(false, 1), (true, 2)] {
        let answer = broken.post(SUBMIT, &submission(&cases, &json!({"run_all_cases": all}))).await.json();
        assert_eq!(passed(&answer), vec![false; count]);
        let info = &answer["tests"][0]["exec_info"];
        assert_eq!((&info["status"], &info["run_result"]), (&json!("Failed"), &Value::Null));
        assert_eq!(info["compile_result"]["return_code"], 1);
    }
    let failing = house(|job| {
        let mut report = report(job, Verdict::InternalError, |test| test.exit = None);
        report.error = Some(Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let answer = failing.post(SUBMIT, &submission(&cases, &json!({}))).await;
    let detail = "Failed to check stdio test case: the box broke";
    assert_eq!((answer.status, answer.json()), (500, json!({"detail": detail, "traceback": []})));
    let never = house(|_| None);
    assert_eq!((never.post(SUBMIT, &submission(&cases, &json!({}))).await.status, never.jobs()), (504, 0));
}

#[tokio::test]
async fn what_cannot_be_evaluated_is_400_and_what_cannot_be_read_422() {
    let house = house(program(str::to_owned));
    let good = submission(&row(&[("1", "1")]), &json!({}));
    let with = |path: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(path).unwrap() = value;
        body
    };
    let without_data = json!({"dataset": "humaneval_python", "id": 1, "completion": "", "config": {"language": "toy"}});
    for (body, part) in [
        (without_data, "no eval class found for dataset humaneval_python"),
        (with("/config/dataset_type", json!("MBPPDataset")), "eval class MBPPDataset not found"),
        (with("/config/language", Value::Null), "config.language field must exist for CommonOJDataset, got None"),
        (with("/config/provided_data", json!([{"id": 1}])), "should be a dict"),
        (with("/config/provided_data", json!({})), "provided_data is missing"),
        (with("/config/provided_data/test", json!([])), "test is empty"),
        (with("/config/provided_data/test/0/input", json!({})), "test[0].input.stdin is missing"),
        (with("/config/provided_data/test/0/output/stdout", json!(4)), "test[0].output.stdout is not a text"),
    ] {
        let answer = house.post(SUBMIT, &body).await;
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 400 && detail.contains(part), "{part}: {}", answer.text());
    }
    for (body, place, kind) in [
        (with("/completion", json!(1)), json!(["body", "completion"]), "string_type"),
        (with("/id", json!([])), json!(["body", "id"]), "int_type"),
        (with("/config", json!("x")), json!(["body", "config"]), "model_attributes_type"),
        (with("/config/language", json!("nosuch")), json!(["body", "config", "language"]), "literal_error"),
        (with("/config/extra", json!([])), json!(["body", "config", "extra"]), "dict_type"),
        (with("/config/provided_data", json!("x")), json!(["body", "config", "provided_data"]), "list_type"),
        (json!({"id": 1, "completion": completion(""), "config": {}}), json!(["body", "dataset"]), "missing"),
        (json!({"dataset": "x", "id": 1, "config": {}}), json!(["body", "completion"]), "missing"),
        (json!({"dataset": "x", "id": 1, "completion": ""}), json!(["body", "config"]), "missing"),
    ] {
        let answer = house.post(SUBMIT, &body).await;
        let detail = answer.json()["detail"][0].clone();
        assert_eq!((answer.status, &detail["loc"], &detail["type"]), (422, &place, &json!(kind)), "{}", answer.text());
    }
    let mut custom = good.clone();
    custom["config"]["custom_extract_logic"] = json!("submit_code_blocks([])");
    let answer = house.post(SUBMIT, &custom).await;
    assert!(answer.status == 400 && answer.text().contains("custom_extract_logic"), "{}", answer.text());
    // A row of a data set may hold its tests as JSON in a text.
    let folded = with("/config/provided_data/test", json!(good["config"]["provided_data"]["test"].to_string()));
    assert_eq!(house.post(SUBMIT, &folded).await.json()["accepted"], true);
    assert_eq!(house.jobs(), 1);
}
