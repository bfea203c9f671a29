//! open-instruct's code API, route by route.

use optimus_core::{Exit, Fault, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, excerpt, failed_compile, report};

const STATEMENTS: &str = "/test_program";
const OUTPUTS: &str = "/test_program_stdio";

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::OpenInstruct, judge)
}

/// As the plugin does: repeats the token where the statements hold, and ends as they say.
fn runs(job: &Job) -> Option<Report> {
    let mut report = report(job, Verdict::Accepted, |_| {});
    for (test, ran) in job.tests.iter().zip(&mut report.tests) {
        let token = String::from_utf8_lossy(test.stdin.as_bytes()).trim().to_owned();
        match test.files[0].content.as_bytes() {
            b"assert True" => ran.stdout = excerpt(format!("{token} 0.25\n").as_bytes()),
            // It ends well before the statements do.
            b"exit(0)" => {}
            b"forged" => ran.stdout = excerpt(b"00000000000000000000000000000000 0.1\n"),
            _ => (ran.verdict, ran.exit) = (Verdict::RuntimeError, Some(Exit::Code(1))),
        }
    }
    report.verdict = Verdict::of_job(report.tests.iter().map(|test| test.verdict));
    Some(report)
}

#[tokio::test]
async fn a_test_is_passed_when_its_statements_came_to_their_end() {
    let house = house(runs);
    let tests = json!(["assert True", "assert False", "exit(0)", "assert True", "forged"]);
    let sent = json!({"program": "a = 1", "tests": tests, "max_execution_time": 0.5});
    let answer = house.post(STATEMENTS, &sent).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let wanted = json!({"results": [1, 0, 0, 1, 0], "runtimes": [0.25, -1.0, -1.0, 0.25, -1.0]});
    assert_eq!(answer.json(), wanted);
    let job = house.job();
    let file = &job.tests[1].files[0];
    assert_eq!((file.path.as_str(), file.content.as_bytes()), ("statements.py", &b"assert False"[..]));
    assert_eq!((job.files[0].content.as_bytes(), &job.options["statements"]), (&b"a = 1"[..], &json!("statements.py")));
    assert_eq!((job.limits.wall_ms, job.tests.len()), (500, 5));
    // The list as its JSON, too.
    let text = json!({"program": "a = 1", "tests": tests.to_string()});
    assert_eq!(house.post(STATEMENTS, &text).await.json(), wanted);
    assert_eq!(house.job().limits.wall_ms, 1_000);
    // Another token for each request.
    assert_ne!(house.job().tests[0].stdin, job.tests[0].stdin);
}

#[tokio::test]
async fn outputs_are_compared_and_each_run_has_its_time() {
    let house = house(|job| {
        let mut report = report(job, Verdict::Accepted, |_| {});
        for (test, ran) in job.tests.iter().zip(&mut report.tests) {
            ran.stdout = excerpt(test.stdin.as_bytes());
            if test.stdin.as_bytes() == b"slow" {
                (ran.verdict, ran.exit, ran.limit) =
                    (Verdict::TimeLimitExceeded, Some(Exit::Signal(9)), Some(LimitHit::WallTime));
            }
        }
        Some(report)
    });
    let case = |input: Value, output: &str| json!({"input": input, "output": output});
    let tests = json!([
        case(json!("8\n"), "8"),
        case(json!("8.0"), "8"),
        case(json!("9"), "8"),
        case(json!("slow"), "slow"),
        case(json!(["1", "2"]), "1\n2"),
    ]);
    let answer = house.post(OUTPUTS, &json!({"program": "p", "tests": tests, "max_execution_time": 1.2})).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let wanted = json!({"results": [1, 1, 0, 0, 1], "runtimes": [0.034, 0.034, 0.034, -1.0, 0.034]});
    assert_eq!(answer.json(), wanted);
    let job = house.job();
    assert_eq!((job.limits.wall_ms, job.tests[4].stdin.as_bytes()), (2_000, &b"1\n2"[..]));
    assert!(job.options.is_empty() && job.capture_bytes < 70_000, "{}", job.capture_bytes);
}

#[tokio::test]
async fn a_program_that_is_none_passes_nothing_and_no_tests_run_nothing() {
    let house = house(|job| {
        let mut report =
            report(job, Verdict::CompileError, |test| (test.exit, test.verdict) = (None, Verdict::Skipped));
        report.compile = Some(failed_compile(None));
        Some(report)
    });
    let answer = house.post(STATEMENTS, &json!({"program": "def f(:", "tests": vec!["assert True"; 2]})).await.json();
    assert_eq!(answer, json!({"results": [0, 0], "runtimes": [-1.0, -1.0]}));
    let case = json!({"input": "", "output": ""});
    let answer = house.post(OUTPUTS, &json!({"program": "def f(:", "tests": [case]})).await.json();
    assert_eq!(answer, json!({"results": [0], "runtimes": [-1.0]}));
    let jobs = house.jobs();
    for none in [json!([]), json!(""), json!("[]"), Value::Null, json!(0)] {
        for path in [STATEMENTS, OUTPUTS] {
            let answer = house.post(path, &json!({"program": "p", "tests": none})).await;
            assert_eq!((answer.status, answer.json()), (200, json!({"results": [], "runtimes": []})), "{none}");
        }
    }
    assert_eq!(house.jobs(), jobs);
    assert_eq!(house.get("/health").await.json(), json!({"status": "healthy"}));
}

#[tokio::test]
async fn mistakes_are_pydantics_and_a_pickle_is_not_read() {
    let house = house(runs);
    // base64(zlib(pickle)) of a list, as open-instruct packs tests.
    let pickle = "eJxrYJkqxAABsVN6uBOLi1OLShRCikpTpyTqAQBkRAgp";
    for (path, body, place, kind) in [
        (STATEMENTS, json!({"tests": []}), json!(["body", "program"]), "missing"),
        (STATEMENTS, json!({"program": "p"}), json!(["body", "tests"]), "missing"),
        (STATEMENTS, json!({"program": 7, "tests": []}), json!(["body", "program"]), "string_type"),
        (STATEMENTS, json!({"program": "p", "tests": pickle}), json!(["body", "tests"]), "value_error"),
        (OUTPUTS, json!({"program": "p", "tests": "{}"}), json!(["body", "tests"]), "value_error"),
        (STATEMENTS, json!({"program": "p", "tests": ["x", 1]}), json!(["body", "tests", 1]), "string_type"),
        (OUTPUTS, json!({"program": "p", "tests": ["x"]}), json!(["body", "tests", 0]), "value_error"),
        (OUTPUTS, json!({"program": "p", "tests": [{"input": "x"}]}), json!(["body", "tests", 0]), "value_error"),
        (
            OUTPUTS,
            json!({"program": "p", "tests": [{"input": 1, "output": ""}]}),
            json!(["body", "tests", 0]),
            "value_error",
        ),
        (
            STATEMENTS,
            json!({"program": "p", "tests": [], "max_execution_time": "x"}),
            json!(["body", "max_execution_time"]),
            "float_type",
        ),
        (
            STATEMENTS,
            json!({"program": "p", "tests": [], "max_execution_time": 0}),
            json!(["body", "max_execution_time"]),
            "greater_than",
        ),
    ] {
        let answer = house.post(path, &body).await;
        let detail = answer.json()["detail"][0].clone();
        assert_eq!((answer.status, &detail["type"], &detail["loc"]), (422, &json!(kind), &place), "{path} {body}");
    }
    assert_eq!(house.send("POST", OUTPUTS, &["content-type: application/json"], "{").await.status, 422);
    assert_eq!((house.jobs(), house.get(OUTPUTS).await.status, house.get("/x").await.status), (0, 405, 404));
}

#[tokio::test]
async fn a_failure_of_ours_fails_the_request_and_never_a_test() {
    let broken = house(|job| {
        let mut report = runs(job)?;
        report.tests[0].verdict = Verdict::InternalError;
        report.tests[0].error = Some(Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let sent = json!({"program": "p", "tests": ["assert True", "assert True"]});
    let answer = broken.post(STATEMENTS, &sent).await;
    assert_eq!((answer.status, answer.json()), (500, json!({"detail": "the box broke"})));
    let never = house(|_| None);
    assert_eq!((never.post(STATEMENTS, &sent).await.status, never.jobs()), (504, 0));
    let house = House::with_keys(Door::OpenInstruct, &[("one", "a", false)], runs);
    assert_eq!(house.post(STATEMENTS, &sent).await.status, 401);
    assert_eq!(house.post("/key/one/test_program", &sent).await.json()["results"], json!([1, 1]));
    assert_eq!(house.get("/health").await.status, 200);
}
