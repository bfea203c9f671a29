//! What clients sent lately.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::JobId;

use super::submission::Submission;

/// Texts of submissions that were accepted lately, for protocols whose answers repeat them. The queue gives reports back,
/// and no sources. Bounded by size and age; one of each server process.
#[derive(Clone)]
pub struct Memory {
    submissions: moka::sync::Cache<JobId, Arc<Submission>>,
}

impl Memory {
    /// Keeps up to so many bytes, each submission for up to so long.
    pub fn new(bytes: u64, time: Duration) -> Self {
        let weigh = |_: &JobId, submission: &Arc<Submission>| submission.bytes();
        let submissions = moka::sync::Cache::builder().weigher(weigh).max_capacity(bytes).time_to_live(time).build();
        Self { submissions }
    }

    pub(super) fn keep(&self, id: JobId, submission: Submission) {
        self.submissions.insert(id, Arc::new(submission));
    }

    pub(super) fn get(&self, id: JobId) -> Option<Arc<Submission>> {
        self.submissions.get(&id)
    }
}
