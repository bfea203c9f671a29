//! Completes jobs that name blobs, before they are judged.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::event::EventSink;
use optimus_core::{Digest, Fault, Job, Report};
use tokio_util::sync::CancellationToken;

use super::Blobs;
use crate::worker::{Input, Judging};

/// Judges complete jobs, and those that name blobs once they are complete: the judge sees the bytes, as if the job had
/// carried them.
pub struct BlobResolver {
    /// Judges complete jobs.
    pub judge: Arc<dyn Judging>,
    /// The stored blobs.
    pub blobs: Arc<Blobs>,
}

#[async_trait]
impl Judging for BlobResolver {
    async fn judge(
        &self,
        job: &Job,
        waited: Duration,
        input: Option<Input>,
        events: &EventSink<'_>,
        cancel: &CancellationToken,
    ) -> Result<Report, Fault> {
        let complete = self.blobs.complete(job).await?;
        self.judge.judge(complete.as_ref().unwrap_or(job), waited, input, events, cancel).await
    }
}

impl Blobs {
    /// The job with the bytes of the blobs that it names; `None`, where it names none.
    ///
    /// # Errors
    /// One is gone, or cannot be read.
    pub(crate) async fn complete(&self, job: &Job) -> Result<Option<Job>, Fault> {
        let names: BTreeSet<Digest> = job.blobs().into_iter().map(|(_, name)| name).collect();
        if names.is_empty() {
            return Ok(None);
        }
        let mut found = BTreeMap::new();
        for name in names {
            let read = self.read(job.tenant.as_deref(), name).await;
            let bytes = read.map_err(|error| Fault::new("blobs_unreadable", format!("{error:#}")))?;
            found.insert(name, bytes.ok_or_else(|| gone(name))?);
        }
        let mut job = job.clone();
        job.for_each_content(&mut |content| {
            if let Some(bytes) = content.blob().and_then(|name| found.get(&name)) {
                *content = bytes.clone().into();
            }
        });
        Ok(Some(job))
    }
}

fn gone(name: Digest) -> Fault {
    let fault = Fault::new("blob_gone", format!("blob `{}` is not stored any more", name.hex()));
    fault.hint("store it again with PUT /v1/blobs, and submit the job again")
}
