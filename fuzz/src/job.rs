//! Jobs and problems as JSON: what is taken keeps the server's caps and survives being stored.

use optimus_core::job::Policy;
use optimus_core::{Descriptor, Event, Job, JobRequest, Limits, Problem, Report};

use crate::same::survives_json;

/// The same text as each of the things that come as JSON.
pub fn fuzz(bytes: &[u8]) {
    if let Ok(request) = serde_json::from_slice::<JobRequest>(bytes) {
        survives_json(&request);
        taken(request);
    }
    if let Ok(problem) = serde_json::from_slice::<Problem>(bytes) {
        submitted(&problem);
    }
    if let Ok(job) = serde_json::from_slice::<Job>(bytes) {
        survives_json(&job);
    }
    if let Ok(report) = serde_json::from_slice::<Report>(bytes) {
        survives_json(&report);
    }
    if let Ok(event) = serde_json::from_slice::<Event>(bytes) {
        survives_json(&event);
    }
}

/// A submission to a problem is a job like any other, or refused.
pub(crate) fn submitted(problem: &Problem) {
    survives_json(problem);
    let toy: Descriptor = serde_json::from_value(serde_json::json!({
        "id": "toy", "name": "Toy", "version": "1", "aliases": [], "extensions": ["toy"], "images": [],
        "probe": [], "install_hint": "", "time_multiplier": 1.0, "memory_multiplier": 1.0, "minimum": {},
        "options_schema": null, "judge0_ids": [], "piston_names": [], "samples": []
    }))
    .expect("a descriptor");
    let own = JobRequest { language: "toy".to_owned(), source: Some("own".into()), ..JobRequest::default() };
    if let Ok(request) = problem.job(own, &toy) {
        taken(request);
    }
}

fn taken(request: JobRequest) {
    let policy = Policy::default();
    let job = match request.into_job("toy", "toy", &policy) {
        Ok(job) => job,
        Err(invalid) => {
            assert!(!invalid.field.is_empty(), "{invalid:?}");
            return;
        }
    };
    assert!((1..=policy.max_tests).contains(&job.tests.len()));
    assert!((1..=policy.max_files).contains(&job.files.len()));
    assert!(job.capture_bytes <= policy.max_capture_bytes);
    let Limits { cpu_ms, wall_ms, memory_bytes, output_bytes, processes, open_files, file_bytes, work_bytes, fuel } =
        job.limits;
    assert_ne!(fuel, Some(0));
    let all = [cpu_ms, wall_ms, memory_bytes, output_bytes, processes, open_files, file_bytes, work_bytes];
    assert!(all.iter().all(|limit| *limit > 0), "{:?}", job.limits);
    assert_eq!(job.limits, job.limits.clamp(&policy.cap));
    survives_json(&job);
}
