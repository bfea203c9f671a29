//! From a job to its report.

use std::time::Duration;

use optimus_plugin::{CallError, Catalogue, PluginError, PluginName};

use super::*;
use crate::{Judge, conclude, refused};

#[tokio::test]
async fn a_language_that_is_gone_is_ours_and_named() {
    let dir = tempfile::tempdir().unwrap();
    let (plugins, code) = (dir.path().join("plugins"), dir.path().join("code"));
    std::fs::create_dir(&plugins).unwrap();
    let catalogue = Catalogue::open(optimus_plugin::Config::new(plugins, code)).unwrap();
    let judge = Judge::new(catalogue, Arc::new(FakeSandbox::echo()), JudgeConfig::default());
    let mut job = one_test("", "");
    job.labels.insert("course".to_owned(), "1".to_owned());
    let cancel = CancellationToken::new();
    let report = judge.judge(&job, Duration::from_millis(1_500), &|_| {}, &cancel).await.unwrap();
    assert_eq!(report.verdict, Verdict::InternalError);
    assert_eq!(report.error.unwrap().message, "language `toy` is no longer here");
    assert_eq!((report.id, report.labels, report.sandbox.as_str()), (job.id, job.labels.clone(), "fake"));
    assert_eq!(report.timing.queued_ms.round() as u64, 1_500);
    assert!(report.timing.total_ms >= report.timing.queued_ms);
    assert_eq!(report.tests.len(), 1);

    // Such a job cannot be completed with its problem, but the problem is not what is missing.
    let named = Job { problem: Some(optimus_core::Digest::Sha256([0; 32])), ..job.clone() };
    let report = judge.judge(&named, Duration::ZERO, &|_| {}, &cancel).await.unwrap();
    assert_eq!(report.error.unwrap().code, "unknown_language");

    cancel.cancel();
    let report = judge.judge(&job, Duration::ZERO, &|_| {}, &cancel).await.unwrap();
    assert_eq!(report.verdict, Verdict::Cancelled);
}

#[test]
fn a_plugins_refusal_is_the_submissions_and_its_misbehaviour_is_ours() {
    let plugin = || PluginName { id: "toy".to_owned(), version: "1".to_owned() };
    let job = one_test("", "");
    let message = "no public class".to_owned();
    let execution = refused(&job, PluginError::BadSource { plugin: plugin(), message });
    let report = execution.compile.unwrap();
    assert_eq!((report.ok, report.message.as_deref()), (false, Some("no public class")));
    assert_eq!(conclude(execution.ending, &execution.tests, None), (Verdict::CompileError, None));

    let error = CallError::Deadline(Duration::from_secs(1));
    let execution = refused(&job, PluginError::Misbehaved { plugin: plugin(), call: "plan", error });
    let (verdict, fault) = conclude(execution.ending, &execution.tests, None);
    assert_eq!(verdict, Verdict::InternalError);
    assert_eq!(fault.unwrap().message, "plugin `toy` 1: `plan` took longer than 1000 ms");
}
