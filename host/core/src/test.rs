//! One test of a job.

use serde::{Deserialize, Serialize};

use crate::{BoxPath, Comparer, Content, Invalid, Limits, SourceFile};

/// One input, and what should come out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// For people; the report says `1`, `2`, … when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The program's stdin.
    #[serde(default)]
    pub stdin: Content,
    /// The expected output. Without it the program only has to end with exit code 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Content>,
    /// Arguments for this test, after the job's own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
    /// Arguments for the checker or interactor in this test, after its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checker_args: Vec<String>,
    /// The comparer of this test, where it differs from the job's `compare`; not a checker program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparer>,
    /// Files that the program finds beside it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<SourceFile>,
    /// Nothing is run: this file of the submission is what would have been printed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted: Option<BoxPath>,
    /// Nothing is run: the job's `source_checker` judges the submission's files.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check_sources: bool,
    /// What this test may use, where that differs from the job's `limits`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limits: Option<TestLimits>,
    /// One of `scoring.groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its points, in a group whose score is a sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
}

/// Limits of one test, instead of the job's. A language stretches them as it stretches those.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TestLimits {
    /// CPU time; the wall limit is at least twice that and a second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cpu_ms: Option<u64>,
    /// Memory of all its processes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
}

impl TestLimits {
    /// Refuses what is no limit under `cap`.
    ///
    /// # Errors
    /// A limit of 0, or above the operator's cap.
    pub fn check(&self, cap: &Limits) -> Result<(), Invalid> {
        let limits = [("cpu_ms", self.cpu_ms, cap.cpu_ms), ("memory_bytes", self.memory_bytes, cap.memory_bytes)];
        for (name, limit, cap) in limits {
            if limit.is_some_and(|limit| limit == 0 || limit > cap) {
                let message = format!("is not a number from 1 to this server's cap of {cap}");
                return Err(Invalid::new(format!("limits.{name}"), message));
            }
        }
        Ok(())
    }

    /// These in the place of a job's, of which `running` is what the language made.
    pub fn over(&self, job: &Limits, running: &Limits) -> Limits {
        let stretched = |own: u64, job: u64, running: u64| {
            let product = u128::from(own) * u128::from(running) / u128::from(job.max(1));
            u64::try_from(product).unwrap_or(u64::MAX).max(1)
        };
        let cpu_ms = self.cpu_ms.map_or(running.cpu_ms, |own| stretched(own, job.cpu_ms, running.cpu_ms));
        let wall_ms = running.wall_ms.max(if cpu_ms > running.cpu_ms { cpu_ms.saturating_mul(2) + 1_000 } else { 0 });
        let memory = |own| stretched(own, job.memory_bytes, running.memory_bytes);
        Limits { cpu_ms, wall_ms, memory_bytes: self.memory_bytes.map_or(running.memory_bytes, memory), ..*running }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_of_a_test_are_stretched_as_the_jobs() {
        let job = Limits { cpu_ms: 1_000, wall_ms: 3_000, memory_bytes: 1 << 20, ..Limits::DEFAULT };
        let running = Limits { cpu_ms: 2_000, wall_ms: 6_000, ..job };
        let own = TestLimits { cpu_ms: Some(4_000), memory_bytes: None }.over(&job, &running);
        assert_eq!((own.cpu_ms, own.wall_ms, own.memory_bytes), (8_000, 17_000, 1 << 20));
        let less = TestLimits { cpu_ms: Some(500), memory_bytes: Some(3 << 20) }.over(&job, &running);
        assert_eq!((less.cpu_ms, less.wall_ms, less.memory_bytes), (1_000, 6_000, 3 << 20));
        let cap = Limits::CAP;
        assert!(TestLimits { cpu_ms: Some(0), memory_bytes: None }.check(&cap).is_err());
        assert!(TestLimits { cpu_ms: Some(1), memory_bytes: Some(cap.memory_bytes + 1) }.check(&cap).is_err());
    }
}
