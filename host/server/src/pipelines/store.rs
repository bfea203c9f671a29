//! Storage of pipelines and their runs: with a shared queue, or in files of the state directory.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use optimus_core::{Fault, Timestamp, Webhook};
use optimus_pipelines::{Definition, Ended, Run, Start};
use optimus_queue::SharedStore;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Notify;

use crate::key_value::{Directory, KeyValueStore, SharedHash, json};
use crate::schedules::{Leader, Owner};

/// What is stored, in messages.
const KIND: &str = "pipeline or run";

/// A pipeline, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredPipeline {
    /// 32 hexadecimal digits, which sort by the time of creation.
    pub id: String,
    /// Who wrote it last. Its runs are in the names of those who start them.
    pub owner: Owner,
    /// When it was created.
    pub created_at: Timestamp,
    /// What clients wrote.
    pub definition: Definition,
}

/// A run, as it is stored after each change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StoredRun {
    /// 32 hexadecimal digits, which sort by the time of creation.
    pub id: String,
    /// The pipeline.
    pub pipeline: String,
    /// In whose name its jobs are submitted.
    pub owner: Owner,
    /// When it was created.
    pub created_at: Timestamp,
    /// The pipeline as it was then.
    pub definition: Definition,
    /// The run of which this one is a replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<String>,
    /// The step that has begun it, of another run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Who is told of its end, if not whom the pipeline names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// How far it has come.
    pub run: Run,
    /// Its tenant's feed tells that it has started.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_told: bool,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Its outputs, once it has succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Value>,
    /// Why it has failed, although its steps have not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Fault>,
}

/// The step that has begun a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its run.
    pub run: String,
    /// Its name.
    pub step: String,
    /// The pipelines within each other, the outermost first.
    pub pipelines: Vec<String>,
}

/// That a webhook is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hook {
    /// Tries that failed.
    pub(super) tries: u32,
    /// When the next one is due.
    pub(super) due: Timestamp,
}

/// What lists show of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) pipeline: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tenant: Option<String>,
    /// The run that has begun it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    pub(crate) created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<Ended>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at: Option<Timestamp>,
}

impl StoredRun {
    /// The job's idempotency key, which is the fence of an attempt. Clients cannot send one that begins like this: theirs
    /// are printable ASCII.
    pub(crate) fn key(&self, start: &Start) -> String {
        format!("¶{}·{}·{}·{}", self.id, start.step, start.index, start.attempt)
    }

    /// The `idempotency-key` of an HTTP request, and the same fence.
    pub(super) fn request_key(&self, start: &Start) -> String {
        format!("{}-{}-{}-{}", self.id, start.step, start.index, start.attempt)
    }

    /// Who is told of its end.
    pub(crate) fn webhook(&self) -> Option<&Webhook> {
        self.webhook.as_ref().or(self.definition.webhook.as_ref())
    }

    fn summary(&self) -> Summary {
        let (pipeline, tenant) = (self.pipeline.clone(), self.owner.tenant.clone());
        let (parent, created_at) = (self.parent.as_ref().map(|parent| parent.run.clone()), self.created_at);
        Summary { pipeline, tenant, parent, created_at, ended: self.ended, ended_at: self.ended_at }
    }
}

/// Storage of pipelines and runs.
pub struct PipelineStore {
    pipelines: Box<dyn KeyValueStore>,
    runs: Box<dyn KeyValueStore>,
    /// What lists show of each run.
    summaries: Box<dyn KeyValueStore>,
    /// The names of runs that have not ended.
    open: Box<dyn KeyValueStore>,
    /// The names of runs that clients have cancelled, as long as these runs are stored.
    cancelled: Box<dyn KeyValueStore>,
    /// Webhooks that are due, by the names of their runs.
    hooks: Box<dyn KeyValueStore>,
    shared: Option<Arc<dyn SharedStore>>,
    /// A client of this process has written.
    changed: Notify,
}

impl PipelineStore {
    /// Files of a server in one process.
    pub fn files(dir: &Path) -> Self {
        let files = |name: &str| Box::new(Directory::new(dir.join(name), "", ".json")) as Box<dyn KeyValueStore>;
        Self::new(["definitions", "runs", "summaries", "open", "cancelled", "hooks"].map(files), None)
    }

    /// For all processes that share the queue.
    pub fn shared(store: &Arc<dyn SharedStore>) -> Self {
        let hash = |name| Box::new(SharedHash::new(Arc::clone(store), name)) as Box<dyn KeyValueStore>;
        let names = [
            "pipelines",
            "pipeline-runs",
            "pipeline-summaries",
            "pipeline-open",
            "pipeline-cancelled",
            "pipeline-hooks",
        ];
        Self::new(names.map(hash), Some(Arc::clone(store)))
    }

    fn new(
        [pipelines, runs, summaries, open, cancelled, hooks]: [Box<dyn KeyValueStore>; 6],
        shared: Option<Arc<dyn SharedStore>>,
    ) -> Self {
        Self { pipelines, runs, summaries, open, cancelled, hooks, shared, changed: Notify::new() }
    }

    /// One more process that wants to take runs forward.
    pub(super) fn leader(&self) -> Leader {
        Leader::new("pipeline-leader", self.shared.clone())
    }

    /// Every pipeline by id.
    pub(crate) async fn pipelines(&self) -> anyhow::Result<BTreeMap<String, StoredPipeline>> {
        json::all(self.pipelines.as_ref(), KIND).await
    }

    /// A pipeline.
    pub(crate) async fn pipeline(&self, id: &str) -> anyhow::Result<Option<StoredPipeline>> {
        json::read(self.pipelines.as_ref(), KIND, id).await
    }

    /// Stores a pipeline.
    pub(crate) async fn put_pipeline(&self, pipeline: &StoredPipeline) -> anyhow::Result<()> {
        json::write(self.pipelines.as_ref(), &pipeline.id, pipeline).await
    }

    /// Removes a pipeline. Its runs go on.
    pub(crate) async fn remove_pipeline(&self, id: &str) -> anyhow::Result<()> {
        self.pipelines.put(id, None).await
    }

    /// What lists show of each run, by id.
    pub(crate) async fn summaries(&self) -> anyhow::Result<BTreeMap<String, Summary>> {
        json::all(self.summaries.as_ref(), KIND).await
    }

    /// A run.
    pub(crate) async fn run(&self, id: &str) -> anyhow::Result<Option<StoredRun>> {
        json::read(self.runs.as_ref(), KIND, id).await
    }

    /// Stores a new run, which the engine then takes forward.
    pub(crate) async fn begin(&self, run: &StoredRun) -> anyhow::Result<()> {
        json::write(self.summaries.as_ref(), &run.id, &run.summary()).await?;
        self.put_open(run).await?;
        self.changed.notify_one();
        Ok(())
    }

    /// Has the engine cancel a run.
    pub(crate) async fn cancel(&self, id: &str) -> anyhow::Result<()> {
        self.cancelled.put(id, Some(b"{}".to_vec())).await?;
        self.changed.notify_one();
        Ok(())
    }

    /// Returns true if a client has cancelled this run.
    pub(crate) async fn is_cancelled(&self, id: &str) -> anyhow::Result<bool> {
        Ok(self.cancelled.get(id).await?.is_some())
    }

    /// The runs that clients have cancelled.
    pub(super) async fn cancelled(&self) -> anyhow::Result<BTreeSet<String>> {
        Ok(self.cancelled.names().await?.into_iter().collect())
    }

    /// The runs that have not ended.
    pub(super) async fn open(&self) -> anyhow::Result<Vec<String>> {
        self.open.names().await
    }

    /// Stores a run that has not ended. It is open first: one that is open and not stored is nothing, one that is stored and
    /// not open would never go on. A process that was stopped for a while may so open a run again that another one has
    /// ended; it ends the same way once more.
    pub(super) async fn put_open(&self, run: &StoredRun) -> anyhow::Result<()> {
        self.open.put(&run.id, Some(b"{}".to_vec())).await?;
        json::write(self.runs.as_ref(), &run.id, run).await
    }

    /// Stores a run that has ended. It is closed next.
    pub(super) async fn put_ended(&self, run: &StoredRun) -> anyhow::Result<()> {
        json::write(self.runs.as_ref(), &run.id, run).await
    }

    /// Nothing is left to do for a run.
    pub(super) async fn close(&self, run: &StoredRun) -> anyhow::Result<()> {
        if let (Some(_), Some(due)) = (run.webhook(), run.ended_at) {
            self.put_hook(&run.id, Some(&Hook { tries: 0, due })).await?;
        }
        json::write(self.summaries.as_ref(), &run.id, &run.summary()).await?;
        self.open.put(&run.id, None).await
    }

    /// The runs whose webhooks are due now or later.
    pub(super) async fn hooks(&self) -> anyhow::Result<Vec<String>> {
        self.hooks.names().await
    }

    /// The webhook of a run, if it is due now or later.
    pub(super) async fn hook(&self, id: &str) -> anyhow::Result<Option<Hook>> {
        json::read(self.hooks.as_ref(), KIND, id).await
    }

    /// Stores when a webhook is due, or that none is.
    pub(super) async fn put_hook(&self, id: &str, hook: Option<&Hook>) -> anyhow::Result<()> {
        match hook {
            Some(hook) => json::write(self.hooks.as_ref(), id, hook).await,
            None => self.hooks.put(id, None).await,
        }
    }

    /// Removes a run that ended long ago.
    pub(super) async fn remove_run(&self, id: &str) -> anyhow::Result<()> {
        self.runs.put(id, None).await?;
        self.cancelled.put(id, None).await?;
        self.summaries.put(id, None).await
    }

    /// Returns when a client of this process has written.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}
