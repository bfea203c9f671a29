//! A round over runs: what each can do now.

use futures::StreamExt as _;
use optimus_core::{Fault, JobId, Timestamp};
use optimus_pipelines::{Next, Outcome, Pipeline, Running};

use super::Seams;
use super::following::Following;
use crate::pipelines::store::StoredRun;
use crate::schedules::Refused;

/// Runs that are dealt with at the same time.
const AT_ONCE: usize = 16;

/// One round over these runs. One that cannot be read or written does not keep the others.
///
/// # Errors
/// The first of what could not be read or written.
pub(super) async fn all(seams: &Seams, ids: Vec<String>, following: &mut Following) -> anyhow::Result<()> {
    let cancelled = if ids.is_empty() { Default::default() } else { seams.store.cancelled().await? };
    let ids = ids.into_iter().map(|id| (cancelled.contains(&id), id)).collect::<Vec<_>>();
    let mut rounds = futures::stream::iter(ids)
        .map(|(is_cancelled, id)| async move { one(seams, &id, is_cancelled).await })
        .buffer_unordered(AT_ONCE);
    let mut result = Ok(());
    while let Some(round) = rounds.next().await {
        match round {
            Ok((run, jobs)) => jobs.into_iter().for_each(|job| following.add(&seams.action, &run, job)),
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

/// One round over one run; returns its jobs that are not over.
async fn one(seams: &Seams, id: &str, is_cancelled: bool) -> anyhow::Result<(String, Vec<JobId>)> {
    let nothing = (id.to_owned(), Vec::new());
    let Some(mut run) = seams.store.run(id).await? else { return Ok(nothing) };
    if run.ended.is_some() {
        seams.store.close(&run).await?;
        return Ok(nothing);
    }
    let pipeline = run.definition.check()?;
    let mut open = Vec::new();
    if is_cancelled {
        cancel(seams, &run.run.cancel(&pipeline)).await?;
    } else {
        let mut round = Round { seams, pipeline: &pipeline, now: (seams.now)() };
        loop {
            let before = run.clone();
            let (has_entered, jobs) = round.turn(&mut run).await?;
            open = jobs;
            if run != before {
                seams.store.put_open(&run).await?;
            }
            if !has_entered {
                break;
            }
            round.now = (seams.now)();
        }
    }
    run.ended = run.run.ended(&pipeline);
    if run.ended.is_some() {
        tracing::info!(run = id, ended = ?run.ended, "a run of a pipeline ended");
        run.ended_at = Some((seams.now)());
        seams.store.put_ended(&run).await?;
    }
    Ok((id.to_owned(), open))
}

async fn cancel(seams: &Seams, jobs: &[JobId]) -> anyhow::Result<()> {
    for job in jobs {
        seams.action.cancel(*job).await?;
    }
    Ok(())
}

struct Round<'a> {
    seams: &'a Seams,
    pipeline: &'a Pipeline,
    now: Timestamp,
}

impl Round<'_> {
    /// Submits what has to be there, and enters what is over. Returns whether a result was entered, which may let more
    /// start, and the jobs that are not over.
    async fn turn(&self, run: &mut StoredRun) -> anyhow::Result<(bool, Vec<JobId>)> {
        let Next { starts, running, cancel: unwanted } = run.run.advance(self.pipeline, self.now);
        cancel(self.seams, &unwanted).await?;
        let (mut has_entered, mut open) = (!unwanted.is_empty(), Vec::new());
        for running in running {
            match self.outcome(&running).await? {
                Some(outcome) => has_entered |= self.enter(run, &running, outcome),
                None => open.push(running.job),
            }
        }
        for start in starts {
            let at = (start.step.as_str(), start.index, start.attempt);
            match self.seams.action.submit(&run.owner, &start.job, &run.key(&start)).await {
                Ok(job) => {
                    run.run.submitted(&start, job, self.now);
                    open.push(job);
                }
                Err(Refused::ForNow(fault)) => {
                    tracing::warn!(run = run.id, step = start.step, error = fault.message, "a step waits");
                    has_entered |= run.run.blocked(self.pipeline, &start, &fault, self.now);
                    // What refuses this one refuses the rest.
                    break;
                }
                Err(Refused::Owner(fault) | Refused::Job(fault)) => {
                    tracing::warn!(run = run.id, step = start.step, error = fault.message, "a step has no job");
                    has_entered |= run.run.enter(self.pipeline, at, Outcome::failed(&fault), self.now);
                }
            }
        }
        Ok((has_entered, open))
    }

    fn enter(&self, run: &mut StoredRun, running: &Running, outcome: Outcome) -> bool {
        let Some(attempt) = run.run.attempt(&running.step, running.index) else { return false };
        run.run.enter(self.pipeline, (&running.step, running.index, attempt), outcome, self.now)
    }

    /// What a job became; one that is late is cancelled, and has failed.
    async fn outcome(&self, running: &Running) -> anyhow::Result<Option<Outcome>> {
        let outcome = self.seams.action.outcome(running.job).await?;
        if outcome.is_some() || !running.is_late {
            return Ok(outcome);
        }
        self.seams.action.cancel(running.job).await?;
        let message = format!("job {} was not over within the step's `timeout_s`", running.job);
        Ok(Some(Outcome::failed(&Fault::new("step_timeout", message).hint("give it more time"))))
    }
}
