//! What is waited for, so that a run goes on at once and not with the next look at all runs.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use optimus_pipelines::Started;

use super::Action;
use super::requests::Requests;

/// Jobs and requests that are waited for at the same time. The end of any other is seen with the next look.
const MOST: usize = 1_000;

type Ends = Pin<Box<dyn Future<Output = (String, String)> + Send>>;

/// Jobs and requests that are waited for, with their runs.
#[derive(Default)]
pub(super) struct Following {
    open: BTreeSet<String>,
    ends: FuturesUnordered<Ends>,
}

impl Following {
    /// Waits for a job or a request, too, if it is not waited for yet and there is room. A run tells of its end itself.
    pub(super) fn add(&mut self, action: &Arc<dyn Action>, requests: &Arc<Requests>, run: &str, started: Started) {
        let name = started.to_string();
        if matches!(started, Started::Run(_)) || self.open.len() >= MOST || !self.open.insert(name.clone()) {
            return;
        }
        let (action, requests, run) = (Arc::clone(action), Arc::clone(requests), run.to_owned());
        self.ends.push(Box::pin(async move {
            match &started {
                Started::Job(job) => action.over(*job).await,
                Started::Request(key) => requests.over(key).await,
                Started::Run(_) => {}
            }
            (name, run)
        }));
    }

    /// A run may go on now.
    pub(super) fn wake(&mut self, run: String) {
        self.ends.push(Box::pin(std::future::ready((String::new(), run))));
    }

    /// The next run that may go on; never, without any.
    pub(super) async fn next(&mut self) -> Option<String> {
        match self.ends.next().await {
            Some((name, run)) => {
                self.open.remove(&name);
                Some(run)
            }
            None => std::future::pending().await,
        }
    }
}
