//! Runs that a server begins by itself: at the times of schedules, and for steps of other runs.

use axum::http::StatusCode;
use optimus_core::{Fault, Invalid, Timestamp};
use sha2::Digest as _;
use uuid::Builder;

use super::runs::{self, Place, fresh, new};
use super::{computed, owned, unreadable};
use crate::api::caller::Caller;
use crate::api::{ApiError, ApiState, on_behalf};
use crate::keys::Scope;
use crate::pipelines::{Parent, StoredRun};
use crate::schedules::{Firing, Owner, PipelineCall, Refused};

/// Bytes of the inputs in a schedule.
const INPUT_BYTES: usize = 64 << 10;

/// Checks that a run could begin now, and returns the size of its inputs. An error names fields below `place`, which is
/// where the request has the call.
pub(in crate::api) async fn check_call(
    state: &ApiState,
    caller: &Caller,
    call: &PipelineCall,
    place: &str,
) -> Result<usize, ApiError> {
    let bytes = serde_json::to_vec(&call.inputs).map_or(usize::MAX, |json| json.len());
    if bytes > INPUT_BYTES {
        let message = format!("have {bytes} bytes, and {INPUT_BYTES} are stored at most");
        let invalid = Invalid::new(format!("{place}.inputs"), message);
        return Err(invalid.hint("store tests as a problem, and name that").into());
    }
    // Elsewhere it is what the path names; here it is a field.
    let pipeline = owned(state, caller, &call.id).await.map_err(|error| match error.status() {
        StatusCode::NOT_FOUND => {
            let message = format!("there is no pipeline `{}`", call.id.escape_debug());
            let invalid = Invalid::new(format!("{place}.id"), message);
            invalid.hint("GET /v1/pipelines lists their ids").into()
        }
        _ => error,
    })?;
    let inputs = call.inputs.clone();
    let checked = computed(move || pipeline.definition.check()?.inputs(&inputs).map(drop)).await?;
    // In a request that begins a run, these fields stand at its top.
    checked.map_err(|invalid| invalid.under(place))?;
    Ok(bytes)
}

/// Begins the run of a firing, and returns its id. The id follows from the firing: one that exists is the same run.
///
/// # Errors
/// The pipeline is gone or takes other inputs now, or its tenant has too many runs.
pub(in crate::api) async fn begin_fired(
    state: &ApiState,
    owner: &Owner,
    call: &PipelineCall,
    firing: Firing<'_>,
) -> Result<String, Refused> {
    begin(state, owner, call, (id_of(firing.key, firing.nominal), None)).await
}

/// Begins a run of this id in the owner's name, unless it is there.
pub(super) async fn begin(
    state: &ApiState,
    owner: &Owner,
    call: &PipelineCall,
    (id, parent): (String, Option<Parent>),
) -> Result<String, Refused> {
    let store = &state.parts.pipelines;
    let for_now = |error: anyhow::Error| Refused::ForNow(unreadable(&error).into_fault());
    if store.run(&id).await.map_err(for_now)?.is_some() {
        return Ok(id);
    }
    let found = store.pipeline(&call.id).await.map_err(for_now)?;
    let Some(pipeline) = found.filter(|found| found.owner.tenant == owner.tenant) else {
        let message = format!("there is no pipeline `{}`", call.id.escape_debug());
        return Err(Refused::Job(Fault::new("no_such_pipeline", message).hint("GET /v1/pipelines lists their ids")));
    };
    check_writer(state, owner, &pipeline.owner)?;
    room(state, &owner.tenant, parent.is_some()).await?;
    let run = fresh(&pipeline.definition, call.inputs.clone()).await.map_err(on_behalf::refused)?;
    let place = Place { id: id.clone(), pipeline: pipeline.id, owner: owner.clone() };
    let run = StoredRun { parent, ..new(place, pipeline.definition, run, None) };
    store.begin(&run).await.map_err(for_now)?;
    let by = run.parent.as_ref().map_or("a schedule", |parent| parent.run.as_str());
    tracing::info!(run = id, pipeline = run.pipeline, by, "a run begins");
    Ok(id)
}

/// One that waits for room among runs of which each waits for another would wait for ever: within others, it fails.
async fn room(state: &ApiState, tenant: &Option<String>, is_nested: bool) -> Result<(), Refused> {
    match runs::room(state, tenant, is_nested).await {
        Err(error) if is_nested && error.status() == StatusCode::TOO_MANY_REQUESTS => {
            Err(Refused::Job(error.into_fault()))
        }
        room => room.map_err(on_behalf::refused),
    }
}

/// Refuses a pipeline that a key without the scope `commands` has written last, where the owner of the schedule or run has it: the run
/// acts in the owner's name, and that key could write any command into it.
fn check_writer(state: &ApiState, owner: &Owner, writer: &Owner) -> Result<(), Refused> {
    let may_command = |owner: &Owner| match &owner.key {
        None => !state.parts.keys.is_required(),
        Some(id) => state.parts.keys.find_by_id(id).is_some_and(|key| key.may(Scope::Commands)),
    };
    if owner.key == writer.key || !may_command(owner) || may_command(writer) {
        return Ok(());
    }
    let message = "the pipeline was last written by a key without the scope \"commands\", which the owner has";
    let hint = "write the pipeline with the owner's key, or have a key that has only \"submit\" own the schedule or start the run";
    Err(Refused::Job(Fault::new("pipeline_not_trusted", message).hint(hint)))
}

/// The id of a run: a UUIDv7 of a time, whose other digits follow from a key.
pub(super) fn id_of(key: &str, time: Timestamp) -> String {
    let hash = sha2::Sha256::digest(key);
    let mut random = [0; 10];
    random.copy_from_slice(&hash[..10]);
    Builder::from_unix_timestamp_millis(time.0, &random).into_uuid().simple().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_firing_has_one_id_and_ids_sort_by_time() {
        let id = |key, ms| id_of(key, Timestamp(ms));
        assert_eq!(id("a", 1_700_000_000_000), id("a", 1_700_000_000_000));
        assert_ne!(id("a", 1_700_000_000_000), id("b", 1_700_000_000_000));
        assert!(id("a", 1_700_000_000_000) < id("b", 1_700_000_000_001));
        assert!(crate::api::query::is_id(&id("a", 1)));
    }
}
