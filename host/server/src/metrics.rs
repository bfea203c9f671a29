//! Numbers for Prometheus. Rooms that have something to count are given this one; `GET /metrics` writes it out.

mod cells;
mod pipelines;
mod sampling;
mod schedules;
mod warm;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use optimus_core::Report;
use optimus_queue::Stats;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::history::History;
use cells::CellSessions;
use pipelines::PipelineRuns;
pub use sampling::keep_history;
use schedules::ScheduleFirings;
use warm::WarmStarts;

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    submitted: Family<LanguageLabels, Counter>,
    rejected: Family<ReasonLabels, Counter>,
    started: Family<LanguageLabels, Counter>,
    leases_lost: Family<LanguageLabels, Counter>,
    jobs: Family<JobLabels, Counter>,
    job_seconds: ByLanguage,
    queued_seconds: ByLanguage,
    compile_seconds: ByLanguage,
    tests_seconds: ByLanguage,
    memory: ByLanguage,
    failures: Family<FaultLabels, Counter>,
    webhooks: Family<OutcomeLabels, Counter>,
    schedules: ScheduleFirings,
    pipelines: PipelineRuns,
    requests: Family<RequestLabels, Counter>,
    request_seconds: Histogram,
    running: Gauge<i64, AtomicI64>,
    slots: Gauge<i64, AtomicI64>,
    missing_limits: Gauge<i64, AtomicI64>,
    warm: WarmStarts,
    cell_sessions: CellSessions,
    jobs_by_state: Family<DepthLabels, Gauge<i64, AtomicI64>>,
    depth: Family<LanguageLabels, Gauge<i64, AtomicI64>>,
    capacity: Gauge<i64, AtomicI64>,
    oldest: Family<LanguageLabels, Gauge<f64, AtomicU64>>,
    dead: Gauge<i64, AtomicI64>,
    plugins: Family<PluginLabels, Gauge<i64, AtomicI64>>,
    tasks_ended: Family<TaskLabels, Counter>,
    success_age: Family<TaskLabels, Gauge<f64, AtomicU64>>,
    succeeded: Mutex<BTreeMap<&'static str, Instant>>,
    history: History,
}

type ByLanguage = Family<LanguageLabels, Histogram, fn() -> Histogram>;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabels {
    reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct JobLabels {
    language: String,
    verdict: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct LanguageLabels {
    language: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FaultLabels {
    code: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TaskLabels {
    task: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DepthLabels {
    language: String,
    state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PluginLabels {
    plugin: String,
    version: String,
    state: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut new = Self {
            registry: Registry::with_prefix("optimus"),
            submitted: Family::default(),
            rejected: Family::default(),
            started: Family::default(),
            leases_lost: Family::default(),
            jobs: Family::default(),
            job_seconds: Family::new_with_constructor(seconds),
            queued_seconds: Family::new_with_constructor(seconds),
            compile_seconds: Family::new_with_constructor(seconds),
            tests_seconds: Family::new_with_constructor(seconds),
            memory: Family::new_with_constructor(bytes),
            failures: Family::default(),
            webhooks: Family::default(),
            schedules: ScheduleFirings::default(),
            pipelines: PipelineRuns::default(),
            requests: Family::default(),
            request_seconds: seconds(),
            running: Gauge::default(),
            slots: Gauge::default(),
            missing_limits: Gauge::default(),
            warm: WarmStarts::default(),
            cell_sessions: CellSessions::default(),
            jobs_by_state: Family::default(),
            depth: Family::default(),
            capacity: Gauge::default(),
            oldest: Family::default(),
            dead: Gauge::default(),
            plugins: Family::default(),
            tasks_ended: Family::default(),
            success_age: Family::default(),
            succeeded: Mutex::default(),
            history: History::default(),
        };
        new.register();
        new
    }
}

fn seconds() -> Histogram {
    Histogram::new(exponential_buckets(0.001, 2.0, 18))
}

/// From 1 MiB to 8 GiB.
fn bytes() -> Histogram {
    Histogram::new(exponential_buckets(1_048_576.0, 2.0, 14))
}

impl Metrics {
    fn register(&mut self) {
        let s = Unit::Seconds;
        let r = &mut self.registry;
        let version = vec![("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        r.register("build", "Which Optimus this is", Info::new(version));
        r.register("jobs_submitted", "Jobs accepted here", self.submitted.clone());
        r.register("submissions_rejected", "Submissions refused here", self.rejected.clone());
        r.register("jobs_started", "Jobs begun here", self.started.clone());
        r.register("leases_lost", "Jobs that somebody else was given while they ran here", self.leases_lost.clone());
        r.register("jobs_completed", "Jobs judged here", self.jobs.clone());
        r.register_with_unit("job", "From a job's start to its report", s.clone(), self.job_seconds.clone());
        let waited = "From a job's arrival to its start";
        r.register_with_unit("job_queue_wait", waited, s.clone(), self.queued_seconds.clone());
        r.register_with_unit("job_compile", "Building a job's program", s.clone(), self.compile_seconds.clone());
        r.register_with_unit("job_tests", "All tests of a job", s.clone(), self.tests_seconds.clone());
        r.register_with_unit("job_memory", "Memory of a job's largest test", Unit::Bytes, self.memory.clone());
        r.register("job_failures", "Attempts that ended in a failure of ours", self.failures.clone());
        r.register("webhooks", "Webhooks tried, by what came of it", self.webhooks.clone());
        self.schedules.register(r);
        self.pipelines.register(r);
        r.register("http_requests", "Requests answered", self.requests.clone());
        r.register_with_unit("http_request", "Time to answer", s.clone(), self.request_seconds.clone());
        r.register("slots", "Jobs that may run here at once", self.slots.clone());
        r.register("slots_busy", "Jobs that run here", self.running.clone());
        r.register("missing_limits", "Limits that cannot be enforced here", self.missing_limits.clone());
        r.register_collector(Box::new(self.warm.clone()));
        self.cell_sessions.register(r);
        r.register("queue_jobs", "Jobs that are not over, by state", self.jobs_by_state.clone());
        r.register("queue_depth", "Jobs that wait or run", self.depth.clone());
        r.register("queue_capacity", "How many may wait or run", self.capacity.clone());
        r.register_with_unit("queue_oldest_age", "Age of the oldest job that waits", s.clone(), self.oldest.clone());
        r.register("queue_dead", "Jobs that were given up", self.dead.clone());
        r.register("plugins", "Plugins, by state", self.plugins.clone());
        let ended = "Background tasks that ended while the process should run";
        r.register("background_tasks_ended", ended, self.tasks_ended.clone());
        let age = "Since a background task last reached what it reads";
        r.register_with_unit("last_success_age", age, s, self.success_age.clone());
    }

    /// A job ended with a report.
    pub(crate) fn job_done(&self, report: &Report, waited: Duration, took: Duration) {
        self.history.job_done(report.verdict, took);
        let language = LanguageLabels { language: report.language.clone() };
        let labels = JobLabels { language: report.language.clone(), verdict: report.verdict.as_str() };
        self.jobs.get_or_create(&labels).inc();
        self.job_seconds.get_or_create(&language).observe(took.as_secs_f64());
        self.queued_seconds.get_or_create(&language).observe(waited.as_secs_f64());
        if report.compile.as_ref().is_some_and(|compile| !compile.cached) {
            self.compile_seconds.get_or_create(&language).observe(report.timing.compile_ms / 1_000.0);
        }
        if let Some(most) = report.tests.iter().map(|test| test.memory_bytes).max() {
            self.tests_seconds.get_or_create(&language).observe(report.timing.tests_ms / 1_000.0);
            #[expect(clippy::cast_precision_loss, reason = "it goes into a bucket")]
            self.memory.get_or_create(&language).observe(most as f64);
        }
    }

    /// A job was accepted.
    pub(crate) fn job_submitted(&self, language: &str) {
        self.submitted.get_or_create(&LanguageLabels { language: language.to_owned() }).inc();
    }

    /// A submission was refused, for the reason of this code.
    pub(crate) fn job_rejected(&self, reason: &str) {
        self.rejected.get_or_create(&ReasonLabels { reason: reason.to_owned() }).inc();
    }

    /// A job was taken from the queue.
    pub(crate) fn job_started(&self, language: &str) {
        self.started.get_or_create(&LanguageLabels { language: language.to_owned() }).inc();
    }

    /// A job went to somebody else while it ran.
    pub(crate) fn lease_lost(&self, language: &str) {
        self.leases_lost.get_or_create(&LanguageLabels { language: language.to_owned() }).inc();
    }

    /// Sets the number of limits that cannot be enforced on this host.
    pub fn set_missing_limits(&self, gaps: usize) {
        self.missing_limits.set(i64::try_from(gaps).unwrap_or(i64::MAX));
    }

    /// Sets where the numbers of warm starts come from. Only the first call counts.
    pub fn ask_for_warm_starts(&self, counts: fn() -> [u64; 2]) {
        let _ = self.warm.0.set(counts);
    }

    /// Sets the number of jobs that the queue accepts.
    pub fn set_capacity(&self, jobs: u64) {
        self.capacity.set(i64::try_from(jobs).unwrap_or(i64::MAX));
    }

    /// An attempt ended with a fault of ours.
    pub(crate) fn job_failed(&self, code: &str) {
        self.failures.get_or_create(&FaultLabels { code: code.to_owned() }).inc();
    }

    /// A webhook was tried.
    pub(crate) fn webhook(&self, outcome: &'static str) {
        self.webhooks.get_or_create(&OutcomeLabels { outcome }).inc();
    }

    /// A background task ended although the process goes on.
    pub(crate) fn task_ended(&self, task: &'static str) {
        self.tasks_ended.get_or_create(&TaskLabels { task }).inc();
    }

    /// A background task reached what it reads.
    pub(crate) fn succeeded(&self, task: &'static str) {
        self.succeeded.lock().unwrap_or_else(PoisonError::into_inner).insert(task, Instant::now());
    }

    fn write_ages(&self, stats: Option<&Stats>) {
        for (task, at) in self.succeeded.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            self.success_age.get_or_create(&TaskLabels { task }).set(at.elapsed().as_secs_f64());
        }
        if let Some(age) = stats.and_then(|stats| stats.since_reaped) {
            self.success_age.get_or_create(&TaskLabels { task: "queue-reaper" }).set(age.as_secs_f64());
        }
    }

    /// Sets the number of jobs that may run on this host.
    pub(crate) fn set_slots(&self, slots: usize) {
        self.slots.set(i64::try_from(slots).unwrap_or(i64::MAX));
    }

    /// How many jobs may run here, and how many do.
    pub(crate) fn slots(&self) -> (u64, u64) {
        let whole = |gauge: &Gauge<i64, AtomicI64>| u64::try_from(gauge.get()).unwrap_or(0);
        (whole(&self.slots), whole(&self.running))
    }

    /// What happened lately.
    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// One more job runs, until the guard is dropped.
    pub(crate) fn running(&self) -> impl Drop + Send + use<> {
        Running::new(self.running.clone())
    }

    /// A request was answered. `route` is the pattern, not the path: there are few of them.
    pub(crate) fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&labels).inc();
        self.request_seconds.observe(took.as_secs_f64());
    }

    /// The queue and the plugins as they are now, and everything counted so far, as text.
    pub(crate) fn write(&self, stats: Option<&Stats>, plugins: impl Iterator<Item = [String; 3]>) -> String {
        self.jobs_by_state.clear();
        self.depth.clear();
        self.oldest.clear();
        for row in stats.iter().flat_map(|stats| &stats.languages) {
            for (state, count) in [("queued", row.queued), ("running", row.running)] {
                let labels = DepthLabels { language: row.language.clone(), state };
                self.jobs_by_state.get_or_create(&labels).set(i64::try_from(count).unwrap_or(i64::MAX));
            }
            let labels = LanguageLabels { language: row.language.clone() };
            self.depth.get_or_create(&labels).set(i64::try_from(row.queued + row.running).unwrap_or(i64::MAX));
            self.oldest.get_or_create(&labels).set(row.oldest.as_secs_f64());
        }
        if let Some(stats) = stats {
            self.dead.set(i64::try_from(stats.dead).unwrap_or(i64::MAX));
        }
        self.write_ages(stats);
        self.plugins.clear();
        for [plugin, version, state] in plugins {
            self.plugins.get_or_create(&PluginLabels { plugin, version, state }).set(1);
        }
        let mut out = String::new();
        if let Err(error) = text::encode(&mut out, &self.registry) {
            // Writing into a string cannot fail; a label could.
            let _ = write!(out, "# {error}");
        }
        out
    }
}

struct Running(Gauge<i64, AtomicI64>);

impl Running {
    fn new(gauge: Gauge<i64, AtomicI64>) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests;
