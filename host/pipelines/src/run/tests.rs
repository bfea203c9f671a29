use optimus_core::JobId;
use serde_json::json;

use super::*;
use crate::definition::Definition;

const NOW: Timestamp = Timestamp(1_000_000);

fn pipeline(steps: &Value) -> Pipeline {
    let definition: Definition =
        serde_json::from_value(json!({"inputs": {"sizes": [1, 2, 3], "strict": true}, "steps": steps})).unwrap();
    definition.check().unwrap()
}

/// Compile, run on each size, compare, and a step that only a lenient run has.
fn grading() -> Pipeline {
    pipeline(&json!([
        {"name": "report", "needs": ["judge", "style"], "with": {"source": "${steps.judge.results}"}},
        {"name": "judge", "needs": ["build"], "for_each": "inputs.sizes", "max_parallel": 2,
         "with": {"source": "${steps.build.result.out} ${item} ${index}"}},
        {"name": "build", "with": {"source": "x"}},
        {"name": "style", "if": "!inputs.strict", "needs": ["build"], "with": {"source": "y"}}
    ]))
}

fn run(pipeline: &Pipeline) -> Run {
    Run::new(pipeline.inputs(&Map::new()).unwrap())
}

fn good(result: Value) -> Outcome {
    Outcome { is_accepted: true, result }
}

fn names(starts: &[Start]) -> Vec<String> {
    starts.iter().map(|start| format!("{}{}={}", start.step, start.index, start.with["source"])).collect()
}

#[test]
fn steps_start_once_their_needs_are_over_and_see_their_results() {
    let pipeline = grading();
    let mut run = run(&pipeline);
    assert_eq!(names(&run.advance(&pipeline, NOW).starts), ["build0=\"x\""]);
    assert!(run.enter(&pipeline, ("build", 0, 1), good(json!({"out": "a.out"})), NOW));
    assert_eq!(names(&run.advance(&pipeline, NOW).starts), ["judge0=\"a.out 1 0\"", "judge1=\"a.out 2 1\""]);
    assert_eq!(run.steps["style"].state, StepState::Skipped);
    assert!(run.enter(&pipeline, ("judge", 1, 1), good(json!("second")), NOW));
    assert_eq!(names(&run.advance(&pipeline, NOW).starts), ["judge0=\"a.out 1 0\"", "judge2=\"a.out 3 2\""]);
    assert!(
        run.enter(&pipeline, ("judge", 0, 1), good(json!("first")), NOW)
            && run.enter(&pipeline, ("judge", 2, 1), good(json!("third")), NOW)
    );
    assert_eq!(names(&run.advance(&pipeline, NOW).starts), ["report0=[\"first\",\"second\",\"third\"]"]);
    assert_eq!(run.ended(&pipeline), None);
    assert!(run.enter(&pipeline, ("report", 0, 1), good(json!(null)), NOW));
    assert_eq!((run.advance(&pipeline, NOW).starts, run.ended(&pipeline)), (Vec::new(), Some(Ended::Succeeded)));
}

#[test]
fn a_run_that_was_stored_anywhere_goes_on_the_same_way() {
    let pipeline = grading();
    let mut plain = run(&pipeline);
    let mut stored = plain.clone();
    for _ in 0..10 {
        let starts = plain.advance(&pipeline, NOW).starts;
        // Killed after the decision, and again after the submission: the same jobs are wanted.
        assert_eq!(stored.advance(&pipeline, NOW).starts, starts);
        stored = serde_json::from_value(serde_json::to_value(&stored).unwrap()).unwrap();
        assert_eq!(stored.advance(&pipeline, NOW).starts, starts);
        for start in starts {
            let outcome = good(json!({"out": start.index}));
            assert!(plain.enter(&pipeline, (&start.step, start.index, 1), outcome.clone(), NOW));
            assert!(stored.enter(&pipeline, (&start.step, start.index, 1), outcome.clone(), NOW));
            assert!(
                !stored.enter(&pipeline, (&start.step, start.index, 1), good(json!("again")), NOW),
                "each result is entered once"
            );
        }
        assert_eq!(plain, stored);
    }
    assert_eq!(stored.ended(&pipeline), Some(Ended::Succeeded));
}

#[test]
fn what_fails_blocks_what_needs_it_and_nothing_else() {
    let steps = json!([
        {"name": "bad", "with": {}},
        {"name": "after", "needs": ["bad"], "with": {}},
        {"name": "later", "needs": ["after"], "with": {}},
        {"name": "apart", "with": {"source": "${inputs.sizes[9]}"}},
        {"name": "none", "for_each": "inputs.sizes.filter(s, s > 9)", "with": {}},
        {"name": "single", "for_each": "inputs.strict", "with": {}}
    ]);
    let pipeline = pipeline(&steps);
    let mut run = run(&pipeline);
    assert_eq!(names(&run.advance(&pipeline, NOW).starts), ["bad0=null"]);
    assert!(run.enter(&pipeline, ("bad", 0, 1), Outcome { is_accepted: false, result: json!({}) }, NOW));
    assert!(run.advance(&pipeline, NOW).starts.is_empty());
    let states: Vec<StepState> =
        ["bad", "after", "later", "apart", "none", "single"].map(|name| run.steps[name].state).into();
    use StepState::{Blocked, Failed, Succeeded};
    assert_eq!(states, [Failed, Blocked, Blocked, Failed, Succeeded, Failed]);
    assert!(run.steps["apart"].error.is_some() && run.steps["single"].error.is_some());
    assert_eq!(run.ended(&pipeline), Some(Ended::Failed));
}

#[test]
fn what_does_not_fit_together_is_refused_by_name() {
    let refused = |steps: Value| {
        let definition: Definition = serde_json::from_value(json!({"steps": steps})).unwrap();
        definition.check().unwrap_err().to_string()
    };
    let step = |name: &str, needs: &[&str]| json!({"name": name, "needs": needs, "with": {}});
    let cycle = refused(json!([step("a", &["c"]), step("b", &["a"]), step("c", &["b"])]));
    assert!(cycle.contains("a needs c needs b needs a"), "{cycle}");
    assert!(refused(json!([step("a", &["a"])])).contains("a needs a"));
    assert!(refused(json!([step("a", &["b"])])).contains("`steps[0].needs[0]`: there is no step `b`"));
    assert!(refused(json!([step("a", &[]), step("a", &[])])).contains("twice"));
    assert!(refused(json!([step("A-1", &[])])).contains("no name"));
    assert!(refused(json!([])).contains("0 steps"));
    assert!(refused(json!([{"name": "a", "with": {"x": "${y}"}}])).contains("steps[0].with.x"));
    assert!(refused(json!([{"name": "a", "max_parallel": 0, "with": {}}])).contains("max_parallel"));
    assert!(refused(json!([{"name": "a", "with": 1}])).contains("no object"));
}

#[test]
fn a_run_has_the_inputs_of_its_pipeline() {
    let definition: Definition =
        serde_json::from_value(json!({"inputs": {"n": null, "m": 2}, "steps": [{"name": "a", "with": {}}]})).unwrap();
    let pipeline = definition.check().unwrap();
    let given = |value: Value| pipeline.inputs(value.as_object().unwrap());
    assert_eq!(given(json!({"n": 1})), Ok(json!({"n": 1, "m": 2})));
    assert!(given(json!({})).unwrap_err().to_string().contains("`inputs.n`: is missing"));
    assert!(given(json!({"n": 1, "o": 1})).unwrap_err().to_string().contains("`inputs.o`"));
}

#[test]
fn a_job_that_failed_is_tried_again_after_twice_the_time() {
    let retry = json!({"attempts": 3, "backoff_s": 2});
    let pipeline = pipeline(&json!([{"name": "a", "retry": retry, "timeout_s": 5, "with": {}}]));
    let mut run = run(&pipeline);
    let bad = || Outcome { is_accepted: false, result: json!("bad") };
    for (attempt, at, wait) in [(1, 0, 2_000), (2, 2_000, 4_000)] {
        let now = Timestamp(NOW.0 + at);
        let starts = run.advance(&pipeline, now).starts;
        assert_eq!(starts[0].attempt, attempt);
        let job = Started::Job(JobId::new());
        run.started(&starts[0], job.clone(), now);
        let next = run.advance(&pipeline, Timestamp(now.0 + 4_999));
        assert_eq!((next.starts.len(), next.running[0].started.clone(), next.running[0].is_late), (0, job, false));
        assert!(run.advance(&pipeline, Timestamp(now.0 + 5_000)).running[0].is_late);
        assert!(run.enter(&pipeline, ("a", 0, attempt), bad(), now));
        assert!(!run.enter(&pipeline, ("a", 0, attempt), bad(), now), "each attempt ends once");
        assert_eq!(run.advance(&pipeline, Timestamp(now.0 + wait - 1)), Next::default());
    }
    assert!(run.enter(&pipeline, ("a", 0, 3), bad(), NOW));
    assert_eq!(run.ended(&pipeline), Some(Ended::Failed));
}

#[test]
fn a_failure_blocks_continues_or_stops_as_its_step_says() {
    let ended = |on_failure: &str| {
        let pipeline = pipeline(&json!([
            {"name": "bad", "on_failure": on_failure, "with": {}},
            {"name": "after", "needs": ["bad"], "if": "steps.bad.state == 'failed'", "with": {}},
            {"name": "apart", "with": {}}
        ]));
        let mut run = run(&pipeline);
        let job = Started::Job(JobId::new());
        for start in run.advance(&pipeline, NOW).starts {
            run.started(&start, job.clone(), NOW);
        }
        assert!(run.enter(&pipeline, ("bad", 0, 1), Outcome { is_accepted: false, result: json!({}) }, NOW));
        let next = run.advance(&pipeline, NOW);
        for step in ["after", "apart"] {
            run.enter(&pipeline, (step, 0, 1), good(json!(1)), NOW);
        }
        let states = ["after", "apart"].map(|name| run.steps[name].state);
        (states, next.cancel == [job], run.ended(&pipeline).unwrap())
    };
    use StepState::{Blocked, Cancelled, Succeeded};
    assert_eq!(ended("block"), ([Blocked, Succeeded], false, Ended::Failed));
    assert_eq!(ended("continue"), ([Succeeded, Succeeded], false, Ended::Succeeded));
    assert_eq!(ended("stop"), ([Blocked, Cancelled], true, Ended::Failed));
}

#[test]
fn a_cancelled_run_starts_nothing_more() {
    let pipeline = grading();
    let mut run = run(&pipeline);
    let start = run.advance(&pipeline, NOW).starts.remove(0);
    let job = Started::Job(JobId::new());
    run.started(&start, job.clone(), NOW);
    assert_eq!(run.cancel(&pipeline), [job]);
    assert!(!run.enter(&pipeline, ("build", 0, 1), good(json!(1)), NOW));
    assert_eq!((run.advance(&pipeline, NOW), run.ended(&pipeline)), (Next::default(), Some(Ended::Cancelled)));
}

#[test]
fn a_run_is_replayed_from_a_step_and_rehearsed_without_running() {
    let pipeline = grading();
    let results = json!({"build": {"out": "a"}, "judge": ["x", "y", "z"]});
    let (run, jobs) = run(&pipeline).rehearse(&pipeline, results.as_object().unwrap(), NOW);
    let sources: Vec<String> = jobs.iter().map(|start| start.with["source"].to_string()).collect();
    assert_eq!(sources, ["\"x\"", "\"a 1 0\"", "\"a 2 1\"", "\"a 3 2\"", "[\"x\",\"y\",\"z\"]"]);
    let again = run.replay(&pipeline, "judge").unwrap();
    assert_eq!(again.steps.keys().collect::<Vec<_>>(), ["build", "style"]);
    assert!(run.replay(&pipeline, "nope").unwrap_err().to_string().contains("`nope`"));
}

#[test]
fn results_that_are_too_large_fail_their_step() {
    let pipeline = pipeline(&json!([{"name": "a", "for_each": "inputs.sizes", "with": {}}]));
    let mut run = run(&pipeline);
    run.advance(&pipeline, NOW);
    for index in 0..3 {
        assert!(run.enter(&pipeline, ("a", index, 1), good(json!("x".repeat(2 << 20))), NOW));
    }
    assert_eq!(run.ended(&pipeline), Some(Ended::Failed));
    let last = run.steps["a"].places[2].outcome.clone().unwrap();
    assert_eq!(last.result["error"]["code"], "results_too_large");
}

#[test]
fn tools_and_numbers_that_do_not_exist_are_refused_by_name() {
    let refused = |field: &str, value: Value| {
        let mut step = json!({"name": "a", "with": {}});
        step[field] = value;
        let definition: Definition = serde_json::from_value(json!({"steps": [step]})).unwrap();
        definition.check().unwrap_err().to_string()
    };
    for (field, value, wanted) in [
        ("uses", json!("http"), "`steps[0].with.url`: is missing"),
        ("uses", json!("pipeline"), "`steps[0].with.id`: is missing"),
        ("uses", json!("mcp"), "`steps[0].uses`: steps that use `mcp` are not supported"),
        ("uses", json!("shell"), "no tool `shell`"),
        ("timeout_s", json!(0), "`steps[0].timeout_s`: is 0"),
        ("retry", json!({"attempts": 11}), "`steps[0].retry.attempts`: is 11"),
        ("retry", json!({"attempts": 2, "backoff_s": 3_601}), "`steps[0].retry.backoff_s`"),
    ] {
        let refusal = refused(field, value);
        assert!(refusal.contains(wanted), "{refusal}");
    }
}
