//! Jobs whose end is waited for, so that a run goes on at once and not with the next look at all runs.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use optimus_core::JobId;

use super::Action;

/// Jobs that are waited for at the same time. The end of any other is seen with the next look.
const MOST: usize = 1_000;

type Ends = Pin<Box<dyn Future<Output = (JobId, String)> + Send>>;

/// Jobs that are waited for, with their runs.
#[derive(Default)]
pub(super) struct Following {
    jobs: BTreeSet<JobId>,
    ends: FuturesUnordered<Ends>,
}

impl Following {
    /// Waits for a job, too, if it is not waited for yet and there is room.
    pub(super) fn add(&mut self, action: &Arc<dyn Action>, run: &str, job: JobId) {
        if self.jobs.len() < MOST && self.jobs.insert(job) {
            let (action, run) = (Arc::clone(action), run.to_owned());
            self.ends.push(Box::pin(async move {
                action.over(job).await;
                (job, run)
            }));
        }
    }

    /// The run of the next job that is over; never, without any.
    pub(super) async fn next(&mut self) -> Option<String> {
        match self.ends.next().await {
            Some((job, run)) => {
                self.jobs.remove(&job);
                Some(run)
            }
            None => std::future::pending().await,
        }
    }
}
