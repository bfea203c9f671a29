//! `run_jupyter`: cells of a notebook as a job, and what the kernel told as the answer.

use optimus_core::collect::CollectedFile;
use optimus_core::{Exit, Fault, LimitHit, Verdict};
use serde_json::{Value, json};

use super::house;
use crate::support::{excerpt, report};

const RUN: &str = "/run_jupyter";

/// What a kernel prints for two cells.
const TOLD: &str = concat!(
    "{\"type\": \"ready\"}\n",
    "{\"type\": \"stream\", \"name\": \"stdout\", \"text\": \"a\\n\"}\n",
    "{\"type\": \"display\", \"data\": {\"text/plain\": \"1\"}}\n",
    "{\"type\": \"end\", \"cell\": 1, \"wall_ms\": 1.5, \"truncated\": false, \"status\": \"ok\", \"alive\": true}\n",
    "{\"type\": \"error\", \"ename\": \"E\", \"evalue\": \"v\", \"traceback\": [\"E: v\"]}\n",
    "{\"type\": \"end\", \"cell\": 2, \"wall_ms\": 2, \"truncated\": false, \"status\": \"error\", \"alive\": true}\n",
);

#[tokio::test]
async fn cells_become_a_job_and_what_the_kernel_told_the_answer() {
    let house = house(|job| {
        Some(report(job, Verdict::Accepted, |test| {
            test.stdout = excerpt(TOLD.as_bytes());
            let sha256 = "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824".parse().unwrap();
            let (path, content) = ("out.txt".to_owned(), Some(b"hello".to_vec().into()));
            test.files = vec![CollectedFile { path, bytes: 5, sha256, executable: false, content }].into();
        }))
    });
    let request = json!({
        "cells": ["a\nb", "c"], "cell_timeout": 1.5, "total_timeout": 20, "memory_limit_MB": 64, "kernel": "celled3",
        "files": {"./in.txt": "aGVsbG8="}, "fetch_files": ["out.txt", "missing"], "an unknown field": 1,
    });
    let answer = house.post(RUN, &request).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let driver = json!({"status": "Finished", "execution_time": 0.034, "return_code": 0, "stdout": "", "stderr": ""});
    let cells = json!([
        {"stdout": "a\n", "stderr": "", "display": [{"text/plain": "1"}], "error": []},
        {"stdout": "", "stderr": "", "display": [], "error": [{"ename": "E", "evalue": "v", "traceback": ["E: v"]}]},
    ]);
    let wanted = json!({
        "status": "Success", "message": "", "driver": driver, "cells": cells, "executor_pod_name": null,
        "files": {"out.txt": "aGVsbG8="},
    });
    assert_eq!(answer.json(), wanted);
    let job = house.job();
    let lines: Vec<Value> = std::str::from_utf8(job.tests[0].stdin.as_bytes())
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[1..], [json!({"source": "a\nb", "limit_ms": 1_500}), json!({"source": "c", "limit_ms": 1_500})]);
    assert!(lines[0]["output_bytes"].as_u64().unwrap() > 1 << 20, "{}", lines[0]);
    assert_eq!((job.limits.wall_ms, job.limits.memory_bytes), (20_000, 64 << 20));
    assert_eq!((&job.options["cells"], job.files[0].path.as_str()), (&json!(true), "in.txt"));
}

#[tokio::test]
async fn a_kernel_that_does_not_reach_the_last_cell_has_no_cells() {
    let died =
        "{\"type\": \"end\", \"cell\": 1, \"wall_ms\": 1, \"status\": \"died\", \"alive\": false, \"exit\": -9}\n";
    for (verdict, exit, limit, printed, status, code, stderr) in [
        (
            Verdict::TimeLimitExceeded,
            Exit::Signal(9),
            Some(LimitHit::WallTime),
            TOLD,
            "TimeLimitExceeded",
            Value::Null,
            "",
        ),
        (Verdict::MemoryLimitExceeded, Exit::Signal(9), Some(LimitHit::Memory), "", "Finished", json!(-9), ""),
        (
            Verdict::RuntimeError,
            Exit::Code(1),
            None,
            died,
            "Finished",
            json!(1),
            "the interpreter ended in cell 1: signal 9",
        ),
        (Verdict::Accepted, Exit::Code(0), None, "not of a kernel", "Finished", json!(0), ""),
    ] {
        let house = house(move |job| {
            Some(report(job, verdict, |test| {
                (test.exit, test.limit, test.stdout) = (Some(exit.clone()), limit, excerpt(printed.as_bytes()));
            }))
        });
        let answer = house.post(RUN, &json!({"cells": ["a", "b", "c"]})).await.json();
        assert_eq!((&answer["status"], &answer["cells"]), (&json!("Failed"), &json!([])), "{answer}");
        let driver = &answer["driver"];
        assert_eq!(
            (&driver["status"], &driver["return_code"], &driver["stderr"]),
            (&json!(status), &code, &json!(stderr))
        );
    }
    let house = house(|job| {
        let mut report = report(job, Verdict::InternalError, |test| test.exit = None);
        report.error = Some(Fault::new("sandbox_failed", "the box broke"));
        Some(report)
    });
    let answer = house.post(RUN, &json!({"cells": ["a"]})).await.json();
    assert_eq!((&answer["status"], &answer["message"]), (&json!("SandboxError"), &json!("the box broke")));
    assert_eq!((&answer["driver"], &answer["cells"]), (&Value::Null, &json!([])));
}

#[tokio::test]
async fn mistakes_are_pydantics() {
    let house = house(|_| None);
    for (change, place, kind) in [
        (json!({"cells": "a"}), "cells", "list_type"),
        (json!({"cells": ["a", 1]}), "cells", "string_type"),
        (json!({"cells": vec![""; 100_000]}), "cells", "value_error"),
        (json!({"kernel": "nosuch"}), "kernel", "literal_error"),
        (json!({"kernel": "toy"}), "kernel", "literal_error"),
        (json!({"kernel": 3}), "kernel", "string_type"),
        (json!({"total_timeout": "x"}), "total_timeout", "float_type"),
        (json!({"cell_timeout": []}), "cell_timeout", "float_type"),
        (json!({"files": {"../x": "eA=="}}), "files", "value_error"),
        (json!({"fetch_files": ["/etc/passwd"]}), "fetch_files", "value_error"),
    ] {
        let mut request = json!({"cells": ["a"]});
        request.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let answer = house.post(RUN, &request).await;
        let detail = answer.json()["detail"][0].clone();
        assert_eq!((answer.status, &detail["type"]), (422, &json!(kind)), "{place}: {detail}");
        assert_eq!((&detail["loc"][0], &detail["loc"][1]), (&json!("body"), &json!(place)));
    }
    let answer = house.post(RUN, &json!({"kernel": "celled"})).await;
    assert_eq!((answer.status, &answer.json()["detail"][0]["type"]), (422, &json!("missing")));
    assert_eq!(house.jobs(), 0);
}
