//! ScaleBox' `POST /common_evaluate_batch`.

use optimus_core::{Exit, Job, Report, Verdict};
use serde_json::{Value, json};

use super::data::{batch, passed, program};
use super::house;
use crate::support::report;

const BATCH: &str = "/common_evaluate_batch";

/// The submission answers with its input; the judge, another program, accepts where input and answer are `right`.
fn judged(right: &'static str) -> impl Fn(&Job) -> Option<Report> {
    let submission = program(str::to_owned);
    move |job| {
        if job.files[0].content.as_bytes() != b"judge" {
            return submission(job);
        }
        let file = |at: usize, name: &str| {
            let files = &job.tests[at].files;
            files.iter().find(|file| file.path.as_str() == name).unwrap().content.as_bytes().to_vec()
        };
        let mut ended = report(job, Verdict::Accepted, |_| {});
        for (at, test) in ended.tests.iter_mut().enumerate() {
            assert_eq!((file(at, "stdin.txt"), file(at, "stdout.txt")), (file(at, "answer.txt"), b"expected".to_vec()));
            if file(at, "answer.txt") != right.as_bytes() {
                (test.verdict, test.exit) = (Verdict::RuntimeError, Some(Exit::Code(1)));
            }
        }
        Some(ended)
    }
}

#[tokio::test]
async fn all_tests_of_a_batch_are_one_job() {
    let house = house(program(str::to_owned));
    let cases = [("1", "1"), ("2", "x"), ("3", "3")];
    let answer = house.post(BATCH, &batch(&cases, &json!({"run_all_cases": true}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!((passed(&answer), &answer["accepted"]), (vec![true, false, true], &json!(false)));
    assert_eq!(
        (&answer["extracted_code"], &answer["tests"][1]["exec_info"]["status"]),
        (&json!("print"), &json!("Success"))
    );
    assert_eq!((house.jobs(), house.job().tests.len(), house.job().limits.wall_ms), (1, 3, 3_000));
    let answer = house.post(BATCH, &batch(&cases, &json!({}))).await.json();
    assert_eq!(passed(&answer), [true, false]);
    let right = house.post(BATCH, &batch(&cases[..1], &json!({}))).await.json();
    assert_eq!((&right["accepted"], passed(&right)), (&json!(true), vec![true]));
}

#[tokio::test]
async fn a_special_judge_is_asked_about_outputs_that_differ() {
    let judge = |more: Value| {
        let mut extra =
            json!({"special_judge_program": "judge", "special_judge_language": "built", "run_all_cases": true});
        extra.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        extra
    };
    let cases = [("expected", "expected"), ("good", "expected"), ("bad", "expected"), ("crash", "expected")];
    let house = house(judged("good"));
    let answer = house.post(BATCH, &batch(&cases, &judge(json!({})))).await.json();
    assert_eq!((passed(&answer), house.jobs()), (vec![true, true, false, false], 2));
    let job = house.job();
    assert_eq!((job.language.as_str(), job.tests.len(), job.limits.wall_ms), ("built", 2, 10_000));
    assert_eq!(job.files[0].path.as_str(), "main.built");
    let answer = house.post(BATCH, &batch(&cases, &judge(json!({"force_special_judge": true})))).await.json();
    assert_eq!((passed(&answer), house.job().tests.len()), (vec![false, true, false, false], 3));
    let answer = house.post(BATCH, &batch(&cases[1..], &judge(json!({"run_all_cases": false})))).await.json();
    assert_eq!(passed(&answer), [true, false]);
    let equal = house.post(BATCH, &batch(&cases[..1], &judge(json!({})))).await.json();
    assert_eq!(equal["accepted"], true);
}

#[tokio::test]
async fn a_judge_that_cannot_judge_makes_nothing_wrong() {
    let extra = |language: &str| json!({"special_judge_program": "judge", "special_judge_language": language});
    let of = |verdict: Verdict| {
        house(move |job| match job.files[0].content.as_bytes() {
            b"judge" => Some(report(job, verdict, |test| test.exit = None)),
            _ => program(str::to_owned)(job),
        })
    };
    let cases = [("a", "b")];
    for (verdict, status, part) in [
        (Verdict::CompileError, 400, "special_judge_program does not compile"),
        (Verdict::InternalError, 500, "the special judge was not run"),
    ] {
        let answer = of(verdict).post(BATCH, &batch(&cases, &extra("toy"))).await;
        assert!(answer.status == status && answer.text().contains(part), "{}", answer.text());
    }
    let house = house(program(str::to_owned));
    for (extra, part) in [
        (extra("nosuch"), "special_judge_language should be 'built', 'celled', 'toy'"),
        (json!({"special_judge_program": 1}), "special_judge_program is not a text"),
    ] {
        let answer = house.post(BATCH, &batch(&cases, &extra)).await;
        assert!(answer.status == 400 && answer.text().contains(part), "{}", answer.text());
    }
}

#[tokio::test]
async fn what_a_batch_cannot_hold_is_refused_by_name() {
    let house = house(program(str::to_owned));
    let with = |cases: Value| {
        let mut body = batch(&[], &json!({}));
        body["config"]["provided_data"] = cases;
        body
    };
    for (data, part) in [
        (
            json!({"test_cases": {"type": "function_call", "fn_name": "f", "input": [], "output": []}}),
            "`function_call`",
        ),
        (json!({"test_cases": {"fn_name": "f", "input": [], "output": []}}), "`function_call`"),
        (json!({"test_cases": {"type": "assert", "input": [], "output": []}}), "`assert`"),
        (json!({"test_cases": []}), "test_cases is missing, or not a dict"),
        (json!({"test_cases": {"input": ["1"]}}), "test_cases.output is not a list"),
        (json!({"test_cases": {"input": ["1"], "output": []}}), "1 entries of input and 0 of output"),
        (json!({"test_cases": {"input": [[1]], "output": ["1"]}}), "input[0] is not a text"),
        (json!({"test_cases": {"input": [], "output": []}}), "input is empty"),
        (Value::Null, "provided_data is missing"),
    ] {
        let answer = house.post(BATCH, &with(data)).await;
        assert!(answer.status == 400 && answer.text().contains(part), "{part}: {}", answer.text());
    }
    let mut body = batch(&[("1", "1")], &json!({}));
    body["config"]["language"] = Value::Null;
    let answer = house.post(BATCH, &body).await;
    let detail = json!({"detail": "config.language field must exist, got None"});
    assert_eq!((answer.status, answer.json(), house.jobs()), (400, detail, 0));
}

#[tokio::test]
async fn a_batch_is_held_for_its_total_timeout() {
    let never = house(|_| None);
    let begun = std::time::Instant::now();
    let answer = never.post(BATCH, &batch(&[("1", "1")], &json!({"total_timeout": 0.02}))).await;
    assert_eq!((answer.status, never.jobs()), (504, 0));
    assert!(begun.elapsed() < std::time::Duration::from_millis(190), "{:?}", begun.elapsed());
}
