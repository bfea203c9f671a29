//! Jobe, route by route.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use optimus_core::{Exit, Fault, Job, LimitHit, Report, Verdict};
use optimus_doors::Door;
use serde_json::{Value, json};

use crate::support::{House, echo, excerpt, failed_compile, report};

const RUNS: &str = "/restapi/runs";

fn house(judge: impl Fn(&Job) -> Option<Report> + Send + Sync + 'static) -> House {
    House::new(Door::Jobe, judge)
}

fn with(changes: &Value) -> Value {
    let mut run = json!({"language_id": "toy", "sourcecode": "print"});
    run.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    json!({"run_spec": run})
}

#[tokio::test]
async fn what_coderunner_sends_runs_and_comes_back_as_it_reads_it() {
    let house = house(echo);
    let sent = with(&json!({
        "sourcefilename": "__tester__.toy-alias", "language_id": "toy-alias", "input": "4\n", "file_list": [],
        "parameters": {"cputime": 2.5, "memorylimit": "64", "numprocs": 20, "streamsize": 1, "disklimit": 3, "runargs": ["a", "'b c'"]},
        "debug": 1,
    }));
    // Where CodeRunner looks, with the slash of Jobe's own tester.
    let answer = house.post("/jobe/index.php/restapi/runs/", &sent).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut result = answer.json();
    assert!(result["run_id"].take().as_str().unwrap().len() > 20);
    assert_eq!(result, json!({"run_id": null, "outcome": 15, "cmpinfo": "", "stdout": "4\n", "stderr": ""}));
    let job = house.job();
    assert_eq!((job.files[0].path.as_str(), &*job.args), ("__tester__.toy", &["a".to_owned(), "b c".to_owned()][..]));
    let limits = job.limits;
    assert_eq!((limits.cpu_ms, limits.wall_ms, limits.memory_bytes), (2_500, 5_000, 64 * 1_024_000));
    assert_eq!((limits.processes, limits.file_bytes, job.capture_bytes), (20, 3 * 1_024_000, 1_024_000));
    for (name, path) in [("", "prog.toy"), ("x.toy", "x.toy"), ("x", "x.toy"), ("a.b", "a.b.toy")] {
        house.post(RUNS, &with(&json!({"sourcefilename": name, "parameters": []}))).await;
        assert_eq!(house.job().files[0].path.as_str(), path);
    }
    assert_eq!((house.job().limits.cpu_ms, house.job().limits.memory_bytes), (5_000, 400 * 1_024_000));
    let flags =
        json!({"language_id": "built", "parameters": {"compileargs": ["-Wall", "-std=c99"], "linkargs": ["-lm"]}});
    assert_eq!(house.post(RUNS, &with(&flags)).await.status, 200);
    assert_eq!(house.job().options["flags"], json!(["-Wall", "-std=c99", "-lm"]));
}

#[tokio::test]
async fn every_end_has_its_outcome() {
    use Verdict::{
        Accepted, MemoryLimitExceeded, OutputLimitExceeded, RuntimeError, SecurityViolation, TimeLimitExceeded,
    };
    let killed = Exit::Signal(9);
    for (verdict, exit, limit, printed, outcome, stderr) in [
        (Accepted, Exit::Code(0), None, "", 15, ""),
        (Accepted, Exit::Code(0), None, "warning", 12, "warning"),
        // As at Jobe, which looks at stderr alone.
        (RuntimeError, Exit::Code(3), None, "", 15, ""),
        (RuntimeError, Exit::Code(1), None, "Traceback", 12, "Traceback"),
        (RuntimeError, Exit::Signal(6), None, "x\n", 12, "x\ncommand terminated with signal 6 (SIGABRT)\n"),
        (TimeLimitExceeded, killed.clone(), Some(LimitHit::CpuTime), "half", 13, ""),
        (OutputLimitExceeded, killed.clone(), Some(LimitHit::Output), "half", 13, ""),
        (MemoryLimitExceeded, killed, Some(LimitHit::Memory), "", 17, ""),
        (SecurityViolation, Exit::Signal(31), Some(LimitHit::ForbiddenCall), "", 19, ""),
    ] {
        let exit = exit.clone();
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit) = (Some(exit.clone()), limit);
                (test.stdout, test.stderr) = (excerpt(b"\x01\xff\n"), excerpt(printed.as_bytes()));
            }))
        });
        let answer = house.post(RUNS, &with(&json!({}))).await.json();
        assert_eq!((&answer["outcome"], &answer["stderr"]), (&json!(outcome), &json!(stderr)), "{verdict} {printed}");
        assert_eq!((&answer["stdout"], &answer["cmpinfo"]), (&json!("\\x01\\xff\n"), &json!("")));
    }
    let broken = house(|job| {
        let mut report = report(job, Verdict::CompileError, |test| test.exit = None);
        report.compile = Some(failed_compile(None));
        Some(report)
    });
    let answer = broken.post(RUNS, &with(&json!({}))).await.json();
    assert_eq!((&answer["outcome"], &answer["cmpinfo"]), (&json!(11), &json!("x.c:1: error\n")));
}

#[tokio::test]
async fn files_are_sent_when_a_run_misses_them() {
    let house = House::with_keys(Door::Jobe, &[("one", "a", false), ("two", "b", false)], echo);
    let id = "9e107d9d372bb6826bd81d3542a419d6";
    let key = "x-api-key: one";
    let kind = "content-type: application/json";
    let run = with(&json!({"file_list": [[id, "data.txt"], [id, "copy_2-b.txt", true]]})).to_string();
    let missing = house.send("POST", RUNS, &[key, kind], run.clone()).await;
    let said = "One or more of the specified files is missing/unavailable";
    assert_eq!((missing.status, missing.json()), (404, json!(said)));
    let file = format!("/restapi/files/{id}");
    assert_eq!(house.send("HEAD", &file, &[key], "").await.status, 404);
    let content = json!({"file_contents": STANDARD.encode(b"\x00dog")}).to_string();
    assert_eq!(house.send("PUT", &file, &[key, kind], content.clone()).await.status, 204);
    assert_eq!(house.send("HEAD", &file, &[key], "").await.status, 204);
    assert_eq!(house.send("POST", RUNS, &[key, kind], run.clone()).await.status, 200);
    let job = house.job();
    let files: Vec<_> = job.files.iter().map(|file| (file.path.as_str(), file.content.as_bytes())).collect();
    assert_eq!(files, [("prog.toy", &b"print"[..]), ("data.txt", b"\x00dog"), ("copy_2-b.txt", b"\x00dog")]);
    // Another tenant has to send its own.
    assert_eq!(house.send("HEAD", &file, &["x-api-key: two"], "").await.status, 404);
    assert_eq!(house.send("POST", RUNS, &["x-api-key: two", kind], run).await.status, 404);
    let put = async |path: &str, body: &str| {
        let answer = house.send("PUT", path, &[key, kind], body.to_owned()).await;
        (answer.status, answer.text())
    };
    let invalid = format!("\"put: contents of file {id} are not valid base-64\"");
    assert_eq!(put(&file, r#"{"file_contents": "*"}"#).await, (400, invalid));
    for body in ["", "{}", "[]", r#"{"file_contents": 7}"#] {
        assert_eq!(put(&file, body).await, (400, "\"put: missing file_contents parameter\"".to_owned()), "{body}");
    }
    assert_eq!(put("/restapi/files/..%2Fx", &content).await.0, 404);
    let large = json!({"file_contents": STANDARD.encode(vec![0; (16 << 20) + 1])}).to_string();
    assert_eq!(put(&file, &large).await.0, 413);
}

#[tokio::test]
async fn mistakes_are_jobes() {
    let house = house(echo);
    let illegal = "The sourcefilename for the run_spec is illegal";
    for (body, message) in [
        (json!([]), "Non-JSON post data received"),
        (json!({}), "No run_spec attribute found in post data"),
        (json!({"run_spec": []}), "No run_spec attribute found in post data"),
        (json!({"run_spec": {"language_id": "toy"}}), "run_spec is missing the required attribute 'sourcecode'"),
        (json!({"run_spec": {"sourcecode": "x"}}), "run_spec is missing the required attribute 'language_id'"),
        (with(&json!({"sourcecode": 7})), "run_spec attribute 'sourcecode' is not a string"),
        (with(&json!({"input": []})), "run_spec attribute 'input' is not a string"),
        (with(&json!({"language_id": "nosuch"})), "Language 'nosuch' is not known"),
        (with(&json!({"language_id": "gone"})), "Language 'gone' is not known"),
        (with(&json!({"sourcefilename": "../x"})), illegal),
        (with(&json!({"sourcefilename": ".x"})), illegal),
        (with(&json!({"sourcefilename": "a;b"})), illegal),
        (with(&json!({"parameters": 7})), "run_spec attribute 'parameters' is not an object"),
        (
            with(&json!({"parameters": {"cputime": 121}})),
            "cputime exceeds maximum allowed on this Jobe server (120 secs)",
        ),
        (with(&json!({"parameters": {"runargs": "x"}})), "runargs is not a list"),
        (with(&json!({"parameters": {"runargs": [1]}})), "runargs is not a list of strings"),
        (with(&json!({"parameters": {"runargs": ["'x"]}})), "runargs has a quotation mark that is not closed"),
        (
            with(&json!({"parameters": {"interpreterargs": ["-BE"]}})),
            "interpreterargs is not supported on this server, whose plugins start programs",
        ),
        (
            with(&json!({"parameters": {"compileargs": ["-O3"]}})),
            "compileargs and linkargs are not supported on this server for this language",
        ),
    ] {
        let answer = house.post(RUNS, &body).await;
        assert_eq!((answer.status, answer.json()), (400, json!(message)), "{body}");
    }
    for file in
        [json!("x"), json!(["12345678"]), json!(["1234567", "x"]), json!(["../45678", "x"]), json!(["12345678", ".."])]
    {
        let answer = house.post(RUNS, &with(&json!({"file_list": [file]}))).await;
        assert!(answer.status == 400 && answer.text().starts_with("\"Invalid file specifier"), "{file}");
    }
    assert_eq!(house.send("POST", RUNS, &["content-type: application/json"], "{").await.status, 400);
    assert_eq!((house.jobs(), house.get("/restapi/nothing").await.status, house.get(RUNS).await.status), (0, 404, 404));
}

#[tokio::test]
async fn languages_are_listed_by_every_name() {
    let house = house(echo);
    let rows = json!([["built", "12.2.0"], ["built-alias", "12.2.0"], ["toy", "3.11.2"], ["toy-alias", "3.11.2"]]);
    for path in ["/restapi/languages/", "/jobe/index.php/restapi/languages"] {
        assert_eq!(house.get(path).await.json(), rows);
    }
}

#[tokio::test]
async fn a_failure_of_ours_is_no_outcome_and_no_room_an_overload() {
    let broken = house(|job| {
        let mut report = report(job, Verdict::InternalError, |test| test.exit = None);
        report.error = Some(Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let answer = broken.post(RUNS, &with(&json!({}))).await;
    assert_eq!((answer.status, answer.json()), (500, json!("Server exception (the box broke)")));
    let never = house(|_| None);
    let answer = never.post(RUNS, &with(&json!({}))).await;
    assert_eq!((answer.status, &answer.json()["outcome"], never.jobs()), (200, &json!(21), 0));
    let locked = House::with_keys(Door::Jobe, &[("one", "a", false)], echo);
    let refused = locked.post(RUNS, &with(&json!({}))).await;
    assert_eq!((refused.status, refused.json()), (403, json!("Missing or unknown API key")));
    assert_eq!(locked.post("/key/one/jobe/index.php/restapi/runs", &with(&json!({}))).await.status, 200);
}
