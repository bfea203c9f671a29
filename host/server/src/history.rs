//! What this process did within the last hour: a sample each five seconds, in memory, for people who look at it without a
//! database of metrics.

mod times;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use optimus_core::Verdict;
use optimus_queue::Stats;
use serde::Serialize;

use times::Times;

/// Between two samples.
pub(crate) const STEP: Duration = Duration::from_secs(5);
/// An hour of them: some 150 KiB.
const MOST: usize = 720;

/// What happened between two moments, and how the queue was at the second.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Sample {
    /// In ms since 1970.
    at_ms: u64,
    queued: u64,
    running: u64,
    /// How long the oldest job that waits has done so.
    oldest_ms: f64,
    /// How many jobs this process judged, by verdict.
    verdicts: BTreeMap<&'static str, u64>,
    /// From a job's start to its report; absent, where none ended.
    #[serde(flatten)]
    times: Option<Quantiles>,
}

/// A time that half of the jobs, 95 and 99 of a hundred do not exceed, to a tenth.
#[derive(Debug, Clone, PartialEq, Serialize)]
struct Quantiles {
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

/// The samples, and what has happened since the last.
#[derive(Debug, Default)]
pub(crate) struct History {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    verdicts: BTreeMap<&'static str, u64>,
    times: Times,
    samples: VecDeque<Sample>,
}

impl History {
    /// A job ended.
    pub(crate) fn job_done(&self, verdict: Verdict, took: Duration) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        *inner.verdicts.entry(verdict.as_str()).or_default() += 1;
        inner.times.add(took);
    }

    /// Closes a sample; without `stats`, the queue could not be asked.
    pub(crate) fn sample(&self, stats: Option<&Stats>, at: SystemTime) {
        let at = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let rows = stats.map_or(&[][..], |stats| &stats.languages);
        let oldest = rows.iter().map(|row| row.oldest).max().unwrap_or_default();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (verdicts, times) = (std::mem::take(&mut inner.verdicts), std::mem::take(&mut inner.times));
        let quantile = |part| times.quantile(part);
        let times = quantile(0.5).zip(quantile(0.95)).zip(quantile(0.99));
        if inner.samples.len() == MOST {
            inner.samples.pop_front();
        }
        inner.samples.push_back(Sample {
            at_ms: u64::try_from(at.as_millis()).unwrap_or(u64::MAX),
            queued: rows.iter().map(|row| row.queued).sum(),
            running: rows.iter().map(|row| row.running).sum(),
            oldest_ms: oldest.as_secs_f64() * 1_000.0,
            verdicts,
            times: times.map(|((p50_ms, p95_ms), p99_ms)| Quantiles { p50_ms, p95_ms, p99_ms }),
        });
    }

    /// The samples after a moment, in ms since 1970.
    pub(crate) fn since(&self, at_ms: u64) -> Vec<Sample> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.samples.iter().filter(|sample| sample.at_ms > at_ms).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use optimus_queue::LanguageStats;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn a_sample_holds_what_happened_since_the_last() {
        let history = History::default();
        for ms in 1..=100 {
            history.job_done(Verdict::Accepted, Duration::from_millis(ms));
        }
        history.job_done(Verdict::WrongAnswer, Duration::from_millis(1));
        let row = |queued, oldest| LanguageStats { language: "toy".to_owned(), queued, running: 1, oldest };
        let languages = vec![row(3, Duration::from_secs(2)), row(4, Duration::from_secs(1))];
        history.sample(Some(&Stats { languages, dead: 0, since_reaped: None }), at(5));
        history.sample(None, at(10));
        let samples = history.since(0);
        let json = serde_json::to_value(&samples).unwrap();
        assert_eq!(json[0]["verdicts"], serde_json::json!({"accepted": 100, "wrong_answer": 1}));
        assert_eq!((samples[0].queued, samples[0].running, samples[0].oldest_ms), (7, 2, 2_000.0));
        let near = |name: &str, wanted: f64| (json[0][name].as_f64().unwrap() / wanted - 1.0).abs() < 0.1;
        assert!(near("p50_ms", 50.0) && near("p95_ms", 95.0) && near("p99_ms", 99.0), "{json}");
        assert!(json[1]["verdicts"].as_object().unwrap().is_empty() && json[1].get("p50_ms").is_none(), "{json}");
        assert_eq!(history.since(5_000).len(), 1);
    }

    #[test]
    fn an_hour_is_kept() {
        let history = History::default();
        (1..=1_000).for_each(|second| history.sample(None, at(second)));
        let samples = history.since(0);
        assert_eq!((samples.len(), samples[0].at_ms), (720, 281_000));
    }
}
