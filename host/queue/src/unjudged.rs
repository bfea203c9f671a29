use optimus_core::report::Timing;
use optimus_core::{Fault, Job, JobId, Report, TestReport, Timestamp, Verdict};

/// The report of a job that ended without judging: it was cancelled while it waited, or given up.
pub fn unjudged(job: &Job, verdict: Verdict, error: Option<Fault>) -> Report {
    let name = |(i, test): (usize, &optimus_core::Test)| test.name.clone().unwrap_or_else(|| (i + 1).to_string());
    let unrun = if verdict == Verdict::Cancelled { Verdict::Cancelled } else { Verdict::Skipped };
    Report {
        id: job.id,
        language: job.language.clone(),
        verdict,
        score: None,
        plugin: None,
        image: None,
        sandbox: String::new(),
        compile: None,
        tests: job.tests.iter().enumerate().map(name).map(|name| TestReport::unrun(name, unrun)).collect(),
        error,
        limits: None,
        created_at: job.id.created_at(),
        started_at: None,
        finished_at: Some(Timestamp::now()),
        timing: Timing::default(),
        labels: job.labels.clone(),
    }
}

/// The report of a job that cannot be read any more.
pub(crate) fn unreadable(id: JobId, language: String, verdict: Verdict, error: Option<Fault>) -> Report {
    Report {
        id,
        language,
        verdict,
        score: None,
        plugin: None,
        image: None,
        sandbox: String::new(),
        compile: None,
        tests: Vec::new(),
        error,
        limits: None,
        created_at: id.created_at(),
        started_at: None,
        finished_at: Some(Timestamp::now()),
        timing: Timing::default(),
        labels: std::collections::BTreeMap::new(),
    }
}

/// The fault of a job whose last attempt left no reason.
pub(crate) fn worker_lost(attempts: u32) -> Fault {
    let message = match attempts {
        1 => "the worker fell silent or ended while it had the job".to_owned(),
        n => format!("each of {n} workers fell silent or ended while it had the job"),
    };
    Fault::new("worker_lost", message).hint("the server's log says what happened to them; the job may be the cause")
}
