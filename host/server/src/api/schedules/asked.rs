//! What clients ask for, and whether it can be.

use optimus_core::{Invalid, JobRequest, Timestamp};
use optimus_schedules::{Schedule, Spec};
use serde::Deserialize;
use serde_json::Value;

use super::{computed, too_long};
use crate::api::caller::Caller;
use crate::api::pipelines::fired;
use crate::api::submission::{self, Submission};
use crate::api::{ApiError, ApiState, json, on_behalf, query};
use crate::schedules::{Definition, MOST_ASKED, Overlap, Owner, PipelineCall, Policies, Starts, new_id};

/// Bytes of a schedule's job.
const JOB_BYTES: usize = 64 << 10;
const NAME_CHARS: usize = 200;
const NOTE_CHARS: usize = 1_000;
/// Temporal's shortest and longest.
const CATCH_UP_S: std::ops::RangeInclusive<u64> = 10..=365 * 24 * 60 * 60;
/// What a schedule does in its owner's name.
pub(super) const FIRES: &str = "a schedule fires";
/// Firings by which a spec is judged when it is accepted.
const TRIED: usize = 10;

/// The body of `POST /v1/schedules`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSchedule {
    name: Option<String>,
    spec: Spec,
    job: Option<Value>,
    pipeline: Option<PipelineCall>,
    #[serde(default)]
    policies: Policies,
    #[serde(default)]
    paused: bool,
    note: Option<String>,
}

/// The body of `PATCH /v1/schedules/{id}`: what is absent stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    name: Option<String>,
    spec: Option<Spec>,
    job: Option<Value>,
    pipeline: Option<PipelineCall>,
    policies: Option<Policies>,
}

/// The body of `pause` and `resume`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Note {
    note: Option<String>,
}

/// The body of `trigger`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Trigger {
    pub(super) overlap: Option<Overlap>,
}

/// The body of `backfill`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Backfill {
    after: Timestamp,
    until: Timestamp,
    pub(super) overlap: Option<Overlap>,
}

/// The query of `preview`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::api) struct PreviewParams {
    n: Option<usize>,
    after: Option<Timestamp>,
}

impl NewSchedule {
    pub(super) async fn check(self, state: &ApiState, caller: &Caller) -> Result<Definition, ApiError> {
        let Self { name, spec, job, pipeline, policies, paused, note } = self;
        let (id, now) = (new_id(), Timestamp::now());
        let owner = on_behalf::owner_after(caller, &Owner { key: None, tenant: caller.tenant.clone() }, FIRES)?;
        let (name, note) = (text("name", name, NAME_CHARS)?, text("note", note, NOTE_CHARS)?);
        check_policies(&policies)?;
        check_spec(spec.clone(), id.clone(), now).await?;
        let starts = starts(job, pipeline)?.ok_or_else(|| {
            Invalid::new("job", "is missing: a schedule starts something").hint("give `job`, or `pipeline`")
        })?;
        let job_bytes = check_starts(state, caller, &starts).await?;
        let (created_at, active_from) = (now, now);
        Ok(Definition { id, name, owner, created_at, active_from, spec, starts, job_bytes, policies, paused, note })
    }
}

impl Change {
    pub(super) async fn apply(
        self,
        state: &ApiState,
        caller: &Caller,
        mut definition: Definition,
    ) -> Result<Definition, ApiError> {
        check_scope(state, caller, &definition)?;
        definition.owner = on_behalf::owner_after(caller, &definition.owner, FIRES)?;
        if self.name.is_some() {
            definition.name = text("name", self.name, NAME_CHARS)?;
        }
        if let Some(policies) = self.policies {
            check_policies(&policies)?;
            definition.policies = policies;
        }
        if let Some(starts) = starts(self.job, self.pipeline)? {
            definition.job_bytes = check_starts(state, caller, &starts).await?;
            definition.starts = starts;
        }
        if let Some(spec) = self.spec.filter(|spec| *spec != definition.spec) {
            let now = Timestamp::now();
            check_spec(spec.clone(), definition.id.clone(), now).await?;
            definition.active_from = Timestamp(now.0.max(definition.active_from.0));
            definition.spec = spec;
        }
        Ok(definition)
    }
}

impl Note {
    pub(super) fn check(self) -> Result<Option<String>, Invalid> {
        text("note", self.note, NOTE_CHARS)
    }
}

impl Backfill {
    /// The range: after the first time, and up to the second.
    pub(super) fn check(&self, now: Timestamp) -> Result<(Timestamp, Timestamp), Invalid> {
        if self.until > now {
            return Err(Invalid::new("until", "is in the future").hint("the schedule fires then by itself"));
        }
        if self.after >= self.until {
            return Err(Invalid::new("after", "is not before `until`").hint("exchange them"));
        }
        Ok((self.after, self.until))
    }
}

impl PreviewParams {
    pub(super) fn check(&self, now: Timestamp) -> Result<(usize, Timestamp), ApiError> {
        match self.n.unwrap_or(20) {
            n @ 1..=100 => Ok((n, self.after.unwrap_or(now))),
            n => Err(query::bad(format!("`n` is {n}"), "from 1 to 100")),
        }
    }
}

/// Refuses a caller who lacks the scope that the schedule's job takes: it would be run at this caller's request, or in its name.
/// The jobs of a pipeline are known only when they are submitted, and checked then.
pub(super) fn check_scope(state: &ApiState, caller: &Caller, definition: &Definition) -> Result<(), ApiError> {
    let Starts::Job(job) = &definition.starts else { return Ok(()) };
    let language = job["language"].as_str().unwrap_or_default();
    match state.parts.languages.find(language) {
        Some(language) => submission::check_scope(caller, &language),
        // It fires, if at all, with its owner's scopes.
        None => Ok(()),
    }
}

/// The number of times in a range.
pub(super) fn count(schedule: &Schedule, (after, until): (Timestamp, Timestamp)) -> Result<usize, ApiError> {
    let found = schedule.preview(after, Some(until), MOST_ASKED + 1).map_err(|_| too_long("give a shorter range"))?;
    match found.len() {
        0 => Err(Invalid::new("after", "no firing is in the range").hint("preview the schedule `after` it").into()),
        more if more > MOST_ASKED => {
            let invalid = Invalid::new("until", format!("more than {MOST_ASKED} firings are in the range"));
            Err(invalid.hint("fill it in several parts").into())
        }
        count => Ok(count),
    }
}

async fn check_spec(spec: Spec, id: String, now: Timestamp) -> Result<(), ApiError> {
    computed(move || {
        let schedule = spec.compile(&id)?;
        let hint = "leave out what excludes most of its times";
        match schedule.preview(now, None, TRIED).map_err(|_| too_long(hint))?.is_empty() {
            true => {
                Err(Invalid::new("spec", "never fires again: all of its times are over").hint("see `end_at`").into())
            }
            false => Ok(()),
        }
    })
    .await?
}

/// What a request names, if it names anything.
fn starts(job: Option<Value>, pipeline: Option<PipelineCall>) -> Result<Option<Starts>, Invalid> {
    match (job, pipeline) {
        (Some(_), Some(_)) => Err(Invalid::new("pipeline", "cannot be combined with `job`").hint("give one of them")),
        (job, pipeline) => Ok(job.map(Starts::Job).or(pipeline.map(Starts::Pipeline))),
    }
}

/// Checks what is to be started as if it were now, and returns its size.
async fn check_starts(state: &ApiState, caller: &Caller, starts: &Starts) -> Result<usize, ApiError> {
    match starts {
        Starts::Job(job) => check_job(state, caller, job).await,
        Starts::Pipeline(call) => fired::check_call(state, caller, call, "pipeline").await,
    }
}

/// Checks the job as if it were submitted now, and returns its size.
async fn check_job(state: &ApiState, caller: &Caller, job: &Value) -> Result<usize, ApiError> {
    let bytes = job.to_string().len();
    if bytes > JOB_BYTES {
        let invalid = Invalid::new("job", format!("has {bytes} bytes, and {JOB_BYTES} are stored at most"));
        return Err(invalid.hint("store its tests as a problem, and name that").into());
    }
    if !job.is_object() {
        return Err(Invalid::new("job", "is no object").hint("the body of POST /v1/jobs").into());
    }
    let request: JobRequest = json::read_value("job", job.clone())?;
    Submission::check(state, caller, request).await?;
    Ok(bytes)
}

fn check_policies(policies: &Policies) -> Result<(), Invalid> {
    if !CATCH_UP_S.contains(&policies.catch_up_s) {
        let invalid = Invalid::new("policies.catch_up_s", format!("is {}", policies.catch_up_s));
        return Err(invalid.hint("from 10 seconds to a year"));
    }
    if policies.max_actions == Some(0) {
        return Err(
            Invalid::new("policies.max_actions", "is 0: it would never fire").hint("pause the schedule instead")
        );
    }
    Ok(())
}

/// A text for people; an empty one is none.
fn text(field: &str, text: Option<String>, most: usize) -> Result<Option<String>, Invalid> {
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) if text.chars().count() > most => {
            Err(Invalid::new(field, format!("is longer than {most} characters")).hint("shorten it"))
        }
        text => Ok(text),
    }
}
