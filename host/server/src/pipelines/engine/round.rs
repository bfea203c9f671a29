//! A round over runs: what each can do now.

use std::sync::Arc;

use futures::StreamExt as _;
use optimus_core::{Fault, Timestamp};
use optimus_pipelines::{Ended, Next, Outcome, Pipeline, Running, Start, Started, Tool};
use serde_json::json;

use super::Seams;
use super::following::Following;
use super::requests::{Requests, State};
use crate::feed::{run_done, run_started, steps_ended};
use crate::pipelines::store::StoredRun;
use crate::schedules::Refused;

/// Runs that are dealt with at the same time.
const AT_ONCE: usize = 16;

/// What a round of one run leaves.
#[derive(Default)]
struct Left {
    run: String,
    /// What is not over.
    open: Vec<Started>,
    /// The run that waits for this one, which has ended.
    wake: Option<String>,
}

/// One round over these runs. One that cannot be read or written does not keep the others.
///
/// # Errors
/// The first of what could not be read or written.
pub(super) async fn all(
    seams: &Seams,
    requests: &Arc<Requests>,
    ids: Vec<String>,
    following: &mut Following,
) -> anyhow::Result<()> {
    let cancelled = if ids.is_empty() { Default::default() } else { seams.store.cancelled().await? };
    let ids = ids.into_iter().map(|id| (cancelled.contains(&id), id)).collect::<Vec<_>>();
    let mut rounds = futures::stream::iter(ids)
        .map(|(is_cancelled, id)| async move { one(seams, requests, id, is_cancelled).await })
        .buffer_unordered(AT_ONCE);
    let mut result = Ok(());
    while let Some(round) = rounds.next().await {
        match round {
            Ok(Left { run, open, wake }) => {
                open.into_iter().for_each(|started| following.add(&seams.action, requests, &run, started));
                wake.into_iter().for_each(|parent| following.wake(parent));
            }
            Err(error) => result = result.and(Err(error)),
        }
    }
    result
}

/// Removes runs that ended long ago.
pub(super) async fn sweep(seams: &Seams) -> anyhow::Result<()> {
    let kept = u64::try_from(seams.kept.as_millis()).unwrap_or(u64::MAX);
    let before = (seams.now)().before(kept);
    for (id, summary) in seams.store.summaries().await? {
        if summary.ended_at.is_some_and(|at| at < before) {
            seams.store.remove_run(&id).await?;
        }
    }
    Ok(())
}

/// One round over one run.
async fn one(seams: &Seams, requests: &Arc<Requests>, id: String, is_cancelled: bool) -> anyhow::Result<Left> {
    let Some(mut run) = seams.store.run(&id).await? else { return Ok(Left::default()) };
    let parent = run.parent.as_ref().map(|parent| parent.run.clone());
    if run.ended.is_some() {
        close(seams, &run).await?;
        return Ok(Left { wake: parent, ..Left::default() });
    }
    let pipeline = run.definition.check()?;
    let (mut open, mut told) = (Vec::new(), run.clone());
    if !run.is_told {
        run.is_told = true;
        (seams.announce)(run.owner.tenant.as_deref(), run_started(&run.id, &run.pipeline));
    }
    if is_cancelled {
        cancel(seams, &run.run.cancel(&pipeline)).await?;
    } else {
        let mut round = Round { seams, requests, pipeline: &pipeline, now: (seams.now)() };
        loop {
            let (has_entered, left) = round.turn(&mut run).await?;
            open = left;
            if run != told {
                seams.store.put_open(&run).await?;
                tell_steps(seams, &told, &run);
                told = run.clone();
            }
            if !has_entered {
                break;
            }
            round.now = (seams.now)();
        }
    }
    requests.keep(&id, &open.iter().filter_map(request_of).collect());
    let Some(ended) = run.run.ended(&pipeline) else { return Ok(Left { run: id, open, wake: None }) };
    let now = (seams.now)();
    end(&mut run, &pipeline, ended, now);
    seams.store.put_ended(&run).await?;
    tell_steps(seams, &told, &run);
    close(seams, &run).await?;
    seams.metrics.run_ended(name_of(run.ended.unwrap_or(ended)), now.0.saturating_sub(run.created_at.0));
    Ok(Left { run: id, open, wake: parent })
}

/// Announces the end of a run before the run is closed: if this process is killed in between, another announces it.
async fn close(seams: &Seams, run: &StoredRun) -> anyhow::Result<()> {
    (seams.announce)(run.owner.tenant.as_deref(), run_done(&run.id, &run.pipeline, run.ended, run.ended_at));
    seams.store.close(run).await
}

fn tell_steps(seams: &Seams, before: &StoredRun, now: &StoredRun) {
    for event in steps_ended(&now.id, &before.run.steps, &now.run.steps) {
        (seams.announce)(now.owner.tenant.as_deref(), event);
    }
}

/// Enters how a run ended, with its outputs if it has succeeded. One whose outputs cannot be rendered has failed.
fn end(run: &mut StoredRun, pipeline: &Pipeline, ended: Ended, now: Timestamp) {
    (run.ended, run.ended_at) = (Some(ended), Some(now));
    if ended == Ended::Succeeded {
        match run.run.outputs(pipeline) {
            Ok(outputs) => run.outputs = Some(outputs).filter(|outputs| *outputs != json!({})),
            Err(fault) => (run.ended, run.error) = (Some(Ended::Failed), Some(fault)),
        }
    }
    tracing::info!(run = run.id, ended = ?run.ended, "a run of a pipeline ended");
}

fn name_of(ended: Ended) -> &'static str {
    match ended {
        Ended::Succeeded => "succeeded",
        Ended::Failed => "failed",
        Ended::Cancelled => "cancelled",
    }
}

fn request_of(started: &Started) -> Option<&str> {
    match started {
        Started::Request(key) => Some(key),
        Started::Job(_) | Started::Run(_) => None,
    }
}

/// Requests end with the round, since nobody wants them any more.
async fn cancel(seams: &Seams, unwanted: &[Started]) -> anyhow::Result<()> {
    for started in unwanted {
        match started {
            Started::Job(job) => seams.action.cancel(*job).await?,
            Started::Run(run) => seams.store.cancel(run).await?,
            Started::Request(_) => {}
        }
    }
    Ok(())
}

struct Round<'a> {
    seams: &'a Seams,
    requests: &'a Arc<Requests>,
    pipeline: &'a Pipeline,
    now: Timestamp,
}

impl Round<'_> {
    /// Starts what has to be there, and enters what is over. Returns whether a result was entered, which may let more
    /// start, and what is not over.
    async fn turn(&self, run: &mut StoredRun) -> anyhow::Result<(bool, Vec<Started>)> {
        let Next { starts, running, cancel: unwanted } = run.run.advance(self.pipeline, self.now);
        cancel(self.seams, &unwanted).await?;
        let (mut has_entered, mut open) = (!unwanted.is_empty(), Vec::new());
        for running in running {
            match self.outcome(run, &running).await? {
                Some(outcome) => has_entered |= self.enter(run, &running, outcome),
                None => open.push(running.started),
            }
        }
        for start in starts {
            let at = (start.step.as_str(), start.index, start.attempt);
            match self.start(run, &start).await {
                Ok(started) => {
                    run.run.started(&start, started.clone(), self.now);
                    open.push(started);
                }
                Err(Refused::ForNow(fault)) => {
                    tracing::warn!(run = run.id, step = start.step, error = fault.message, "a step waits");
                    has_entered |= run.run.blocked(self.pipeline, &start, &fault, self.now);
                    // What refuses this one refuses the rest.
                    break;
                }
                Err(Refused::Owner(fault) | Refused::Job(fault)) => {
                    tracing::warn!(run = run.id, step = start.step, error = fault.message, "a step is not started");
                    has_entered |= run.run.enter(self.pipeline, at, Outcome::failed(&fault), self.now);
                }
            }
        }
        Ok((has_entered, open))
    }

    async fn start(&self, run: &StoredRun, start: &Start) -> Result<Started, Refused> {
        match start.tool {
            Tool::Job => self.seams.action.submit(&run.owner, &start.with, &run.key(start)).await.map(Started::Job),
            Tool::Pipeline => self.seams.tools.begin(run, start).await.map(Started::Run),
            Tool::Http => Ok(Started::Request(self.send(run, start))),
        }
    }

    /// Sends a request, and returns its key.
    fn send(&self, run: &StoredRun, start: &Start) -> String {
        let (tools, owner, with) = (Arc::clone(&self.seams.tools), run.owner.clone(), start.with.clone());
        let key = run.request_key(start);
        let of_try = key.clone();
        self.requests.send(&key, move || {
            let (tools, owner, with, key) = (Arc::clone(&tools), owner.clone(), with.clone(), of_try.clone());
            async move { tools.request(&owner, &with, &key).await }
        });
        key
    }

    fn enter(&self, run: &mut StoredRun, running: &Running, outcome: Outcome) -> bool {
        let Some(attempt) = run.run.attempt(&running.step, running.index) else { return false };
        let (at, is_accepted) = ((running.step.as_str(), running.index, attempt), outcome.is_accepted);
        let tool = match running.started {
            Started::Job(_) => "job",
            Started::Run(_) => "pipeline",
            Started::Request(_) => "http",
        };
        let has_entered = run.run.enter(self.pipeline, at, outcome, self.now);
        if has_entered {
            self.seams.metrics.step_attempted(tool, is_accepted);
        }
        has_entered
    }

    /// What a job, run or request became; one that is late is cancelled, and has failed.
    async fn outcome(&self, run: &StoredRun, running: &Running) -> anyhow::Result<Option<Outcome>> {
        let outcome = match &running.started {
            Started::Job(job) => self.seams.action.outcome(*job).await?,
            Started::Run(id) => self.of_run(id).await?,
            Started::Request(key) => self.of_request(run, running, key),
        };
        if outcome.is_some() || !running.is_late {
            return Ok(outcome);
        }
        cancel(self.seams, std::slice::from_ref(&running.started)).await?;
        let message = format!("{} was not over within the step's `timeout_s`", running.started);
        Ok(Some(Outcome::failed(&Fault::new("step_timeout", message).hint("give it more time"))))
    }

    async fn of_run(&self, id: &str) -> anyhow::Result<Option<Outcome>> {
        let Some(StoredRun { id, ended, outputs, error, .. }) = self.seams.store.run(id).await? else {
            let fault = Fault::new("run_expired", format!("run {id} is not stored any more"));
            return Ok(Some(Outcome::failed(&fault.hint("replay the run from this step"))));
        };
        Ok(ended.map(|ended| {
            let mut result = json!({"run": id, "state": ended, "outputs": outputs.unwrap_or_else(|| json!({}))});
            if let Some(error) = error {
                result["error"] = json!(error);
            }
            Outcome { is_accepted: ended == Ended::Succeeded, result }
        }))
    }

    /// One that another process has sent is sent again, with the same key.
    fn of_request(&self, run: &StoredRun, running: &Running, key: &str) -> Option<Outcome> {
        match self.requests.state(key) {
            State::Over(outcome) => Some(outcome),
            State::Open => None,
            State::Unknown => match run.run.again(self.pipeline, &running.step, running.index) {
                Ok(start) => {
                    self.send(run, &start);
                    None
                }
                Err(fault) => Some(Outcome::failed(&fault)),
            },
        }
    }
}
