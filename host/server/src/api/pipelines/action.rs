//! Starts what pipelines want, as the owners of runs would, and reads what it became.

use std::time::Duration;

use async_trait::async_trait;
use futures::StreamExt as _;
use optimus_core::{Content, Event, Fault, JobId, Report, TestReport, Verdict};
use optimus_pipelines::{Outcome, Start};
use optimus_queue::Status;
use serde_json::{Value, json};

use super::view::RunView;
use super::{nested, request};
use crate::api::{ApiState, on_behalf};
use crate::pipelines::{Action, StoredRun, Tools};
use crate::schedules::{Owner, Refused};
use crate::webhooks::tell;

/// Bytes of a text in a result.
const TEXT: usize = 16 << 10;
/// Bytes of a message about a run.
const TOLD: usize = 1 << 20;
/// Tests in a result.
const TESTS: usize = 100;
/// How long a job is not looked at whose events cannot be read.
const PAUSE: Duration = Duration::from_secs(5);

#[async_trait]
impl Action for ApiState {
    async fn submit(&self, owner: &Owner, job: &Value, key: &str) -> Result<JobId, Refused> {
        let caller = on_behalf::caller(self, owner, "start or replay the run with a key that may submit")?;
        on_behalf::submit(self, caller, ("with", job), key).await
    }

    async fn outcome(&self, id: JobId) -> anyhow::Result<Option<Outcome>> {
        Ok(match self.parts.queue.status(id).await? {
            Some(Status::Queued | Status::Running) => None,
            Some(Status::Done { report }) => {
                Some(Outcome { is_accepted: report.verdict == Verdict::Accepted, result: result(&report) })
            }
            None => {
                let fault = Fault::new("report_expired", format!("the report of job {id} is not stored any more"));
                Some(Outcome::failed(&fault.hint("replay the run from this step")))
            }
        })
    }

    async fn over(&self, id: JobId) {
        if let Ok(Some(mut events)) = self.parts.queue.subscribe(id).await {
            while let Some(event) = events.next().await {
                if matches!(event, Event::Done { .. }) {
                    return;
                }
            }
        }
        tokio::time::sleep(PAUSE).await;
    }

    async fn cancel(&self, id: JobId) -> anyhow::Result<()> {
        self.parts.queue.cancel(id).await?;
        Ok(())
    }
}

#[async_trait]
impl Tools for ApiState {
    async fn begin(&self, parent: &StoredRun, start: &Start) -> Result<String, Refused> {
        nested::begin(self, parent, start).await
    }

    async fn request(&self, owner: &Owner, with: &Value, key: &str) -> Result<Outcome, Refused> {
        request::request(self, owner, with, key).await
    }

    async fn tell(&self, run: &StoredRun, tries: u32) -> Option<Duration> {
        let webhook = run.webhook()?;
        let body = match told(run) {
            Ok(body) => body,
            Err(error) => {
                tracing::error!(run = run.id, %error, "a webhook cannot be written");
                return None;
            }
        };
        let parts = &self.parts;
        let with = (parts.fetcher.policy(), parts.secrets.as_ref(), parts.metrics.as_ref());
        let receiver = (webhook, run.owner.tenant.as_deref());
        tell(with, receiver, &format!("evt_{}", run.id), body, tries).await
    }
}

/// What a receiver is told of a run. A longer one is left out; the receiver can ask for it by its id.
fn told(run: &StoredRun) -> serde_json::Result<Vec<u8>> {
    let view = serde_json::to_value(RunView::new(run.clone(), false))?;
    let short = json!({"id": view["id"], "state": view["state"]});
    let mut data = short.clone();
    data["run"] = view;
    let whole = serde_json::to_vec(&json!({"type": "run.done", "data": data}))?;
    match whole.len() <= TOLD {
        true => Ok(whole),
        false => serde_json::to_vec(&json!({"type": "run.done", "data": short})),
    }
}

/// What later steps see of a report: the texts cut, and the output of the first test also as JSON, if it is some.
fn result(report: &Report) -> Value {
    let mut result = json!({"job": report.id, "verdict": report.verdict});
    if let Some(first) = report.tests.first() {
        result["stdout"] = text(&first.stdout.content);
        let output = Some(&first.stdout).filter(|stdout| !stdout.truncated && stdout.content.as_bytes().len() <= TEXT);
        if let Some(value) = output.and_then(|stdout| serde_json::from_slice::<Value>(stdout.content.as_bytes()).ok()) {
            result["json"] = value;
        }
        result["tests"] = report.tests.iter().take(TESTS).map(test).collect();
    }
    if let Some(score) = &report.score {
        result["score"] = json!(score);
    }
    if let Some(compile) = report.compile.as_ref().filter(|compile| !compile.ok) {
        result["compile_output"] = text(&compile.output.content);
    }
    if let Some(error) = &report.error {
        result["error"] = json!(error);
    }
    result
}

fn test(test: &TestReport) -> Value {
    json!({"name": test.name, "verdict": test.verdict, "cpu_ms": test.cpu_ms, "memory_bytes": test.memory_bytes})
}

fn text(content: &Content) -> Value {
    let bytes = content.as_bytes();
    String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT)]).into_owned().into()
}
