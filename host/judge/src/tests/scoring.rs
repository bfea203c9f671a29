//! Points: what runs, what is skipped, and what it all comes to.

use optimus_core::Verdict::*;

use super::*;
use crate::conclude;

fn scored(scoring: &Value, tests: &[(&str, &str, &str)]) -> Job {
    let tests: Vec<Value> =
        tests.iter().map(|(group, stdin, expect)| json!({"group": group, "stdin": stdin, "expect": expect})).collect();
    job(json!({"tests": tests, "scoring": scoring}))
}

async fn judged(job: &Job, config: JudgeConfig) -> (Verdict, f64, Vec<Verdict>) {
    let execution = Toys::new(config).execute(job, &interpreted()).await.unwrap();
    let score = execution.score.clone().unwrap();
    let verdicts = execution.tests.iter().map(|test| test.verdict).collect();
    (conclude(execution.ending, &execution.tests, Some(&score)).0, score.points, verdicts)
}

#[tokio::test]
async fn a_group_that_failed_costs_those_that_require_it() {
    let scoring = json!({"groups": [
        {"name": "a", "points": 40, "score": "all", "stop": "group"},
        {"name": "b", "points": 60, "requires": ["a"]},
        {"name": "c", "points": 10},
    ]});
    let tests = [("a", "1", "1"), ("a", "2", "3"), ("a", "3", "3"), ("b", "4", "4"), ("c", "5", "5")];
    let parallel = JudgeConfig { slots: 4, parallel_tests: true, ..JudgeConfig::default() };
    for config in [JudgeConfig::default(), parallel] {
        let (verdict, points, verdicts) = judged(&scored(&scoring, &tests), config).await;
        assert_eq!((verdict, points), (Partial, 10.0));
        assert_eq!(verdicts, [Accepted, WrongAnswer, Skipped, Skipped, Accepted]);
    }
}

#[tokio::test]
async fn all_points_are_accepted_and_none_leave_the_first_failure() {
    let scoring = json!({"groups": [{"name": "a", "points": 7, "score": "max"}]});
    let full = scored(&scoring, &[("a", "exit 1", "1"), ("a", "2", "2")]);
    assert_eq!(judged(&full, JudgeConfig::default()).await, (Accepted, 7.0, vec![RuntimeError, Accepted]));
    let none = scored(&scoring, &[("a", "1", "2"), ("a", "exit 1", "2")]);
    assert_eq!(judged(&none, JudgeConfig::default()).await, (WrongAnswer, 0.0, vec![WrongAnswer, RuntimeError]));
}

#[tokio::test]
async fn lazy_judging_skips_what_changes_nothing() {
    let scoring = json!({"groups": [{"name": "a", "points": 1, "score": "min"}], "lazy": true});
    let job = scored(&scoring, &[("a", "1", "2"), ("a", "2", "2")]);
    assert_eq!(judged(&job, JudgeConfig::default()).await.2, [WrongAnswer, Skipped]);
}

#[tokio::test]
async fn a_test_that_was_too_slow_is_run_again_as_often_as_the_job_says() {
    let toys = Toys::default();
    let job = job(json!({"tests": [{"stdin": "limit cpu_time"}, {"stdin": "1"}], "rerun_on_time_limit": 2}));
    let execution = toys.execute(&job, &interpreted()).await.unwrap();
    assert_eq!(execution.tests[0].verdict, TimeLimitExceeded);
    assert_eq!(toys.ran.lock().unwrap().len(), 4, "three times, and the other test once");
}

#[tokio::test]
async fn answers_that_are_submitted_are_compared_and_nothing_is_run() {
    let toys = Toys::default();
    let tests = json!([
        {"submitted": "1.out", "expect": "42"},
        {"submitted": "2.out", "expect": "42"},
        {"submitted": "3.out", "expect": "42"},
    ]);
    let files = json!([{"path": "1.out", "content": "42\n"}, {"path": "2.out", "content": "41"}]);
    let execution = toys.execute(&job(json!({"files": files, "tests": tests})), &interpreted()).await.unwrap();
    let verdicts: Vec<Verdict> = execution.tests.iter().map(|test| test.verdict).collect();
    assert_eq!(verdicts, [Accepted, WrongAnswer, WrongAnswer]);
    assert_eq!(execution.tests[2].message.as_deref(), Some("`3.out` was not submitted"));
    assert!(toys.ran.lock().unwrap().is_empty());
}
