use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use optimus_queue::{LanguageStats, Stats};

use super::{JobLabels, LanguageLabels, Metrics};

/// Names as they are written, with all that hangs on counters and histograms.
fn exported() -> BTreeSet<String> {
    let metrics = Metrics::default();
    // What has not happened is not written.
    let (language, verdict) = ("red".to_owned(), "accepted");
    let labels = LanguageLabels { language: language.clone() };
    let Metrics { job_seconds, queued_seconds, compile_seconds, tests_seconds, memory, .. } = &metrics;
    for family in [job_seconds, queued_seconds, compile_seconds, tests_seconds, memory] {
        drop(family.get_or_create(&labels));
    }
    drop(metrics.jobs.get_or_create(&JobLabels { language: language.clone(), verdict }));
    metrics.job_submitted(&language);
    metrics.job_started(&language);
    metrics.lease_lost(&language);
    metrics.job_rejected("queue_full");
    metrics.job_failed("sandbox_failed");
    metrics.task_ended("worker");
    metrics.schedule_fired(1);
    metrics.run_ended("succeeded", 1);
    metrics.step_attempted("job", true);
    metrics.request("GET", "/healthz", 200, Duration::ZERO);
    let row = LanguageStats { language, queued: 1, running: 1, oldest: Duration::ZERO };
    let text = metrics
        .write(Some(&Stats { languages: vec![row], dead: 0, since_reaped: Some(Duration::ZERO) }), std::iter::empty());
    let types = text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let spelt = types.flat_map(|(name, kind)| {
        let endings: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            _ => &[""],
        };
        endings.iter().map(move |ending| format!("{name}{ending}"))
    });
    spelt.collect()
}

#[test]
fn alerts_and_dashboard_ask_for_what_is_exported() {
    let exported = exported();
    assert!(exported.contains("optimus_queue_oldest_age_seconds"), "{exported:?}");
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../k8s/components/monitoring");
    for (file, least) in [("dashboard.json", 15), ("rules.yaml", 6), ("rules_test.yaml", 6)] {
        let text = fs::read_to_string(dir.join(file)).unwrap();
        // A recording rule's name has a colon in it; ours have none.
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':'));
        let asked: BTreeSet<&str> = words.filter(|word| word.starts_with("optimus_")).collect();
        assert!(asked.len() >= least, "{file} asks for {asked:?}");
        for name in asked {
            assert!(exported.contains(name), "{file} asks for `{name}`, which nobody exports: {exported:?}");
        }
    }
}
