//! Steps that use `pipeline`: a pipeline within another one. None runs itself, however many are in between.

use std::collections::BTreeSet;

use optimus_core::{Fault, Invalid};
use optimus_pipelines::{Definition, Start, Tool};
use serde_json::Value;

use super::fired::{begin as begin_as, check_call, id_of};
use super::unreadable;
use crate::api::caller::Caller;
use crate::api::query::is_id;
use crate::api::{ApiError, ApiState, json, on_behalf};
use crate::pipelines::{Parent, StoredPipeline, StoredRun};
use crate::schedules::{PipelineCall, Refused};

/// Pipelines within each other.
const DEPTH: usize = 5;
/// Pipelines that are looked at to find a cycle.
const LOOKS: usize = 1_000;

/// Begins the run that a step wants, and returns its id, which follows from the attempt: one that exists is the same run.
pub(super) async fn begin(state: &ApiState, parent: &StoredRun, start: &Start) -> Result<String, Refused> {
    on_behalf::caller(state, &parent.owner, "start or replay the run with a key that may submit")?;
    let call: PipelineCall = json::read_value("with", start.with.clone()).map_err(on_behalf::refused)?;
    let mut pipelines = parent.parent.as_ref().map(|parent| parent.pipelines.clone()).unwrap_or_default();
    pipelines.push(parent.pipeline.clone());
    if pipelines.contains(&call.id) {
        let all: Vec<String> = pipelines.iter().chain([&call.id]).map(|id| format!("`{id}`")).collect();
        let message = format!("a pipeline cannot run itself: {}", all.join(" runs "));
        return Err(Refused::Job(Fault::new("pipeline_cycle", message).hint("take one of these steps out")));
    }
    if pipelines.len() >= DEPTH {
        let message = format!("{DEPTH} pipelines within each other are the most");
        return Err(Refused::Job(Fault::new("pipelines_too_deep", message).hint("put their steps into one")));
    }
    let id = id_of(&parent.key(start), parent.created_at);
    let by = Parent { run: parent.id.clone(), step: start.step.clone(), pipelines };
    begin_as(state, &parent.owner, &call, (id, Some(by))).await
}

/// Checks a rendered step as if its run began now.
pub(super) async fn acceptable(state: &ApiState, caller: &Caller, with: &Value) -> Result<(), ApiError> {
    let call: PipelineCall = json::read_value("with", with.clone())?;
    check_call(state, caller, &call, "with").await.map(drop)
}

/// Checks the pipelines that a definition names: they are there, and none of them leads back to it. Those that an
/// expression names are checked when they begin.
pub(super) async fn check(
    state: &ApiState,
    tenant: &Option<String>,
    own: Option<&str>,
    definition: &Definition,
) -> Result<(), ApiError> {
    for (index, id) in named(definition) {
        let field = format!("steps[{index}].with.id");
        let Some(first) = find(state, tenant, &id).await? else {
            let invalid = Invalid::new(field, format!("there is no pipeline `{}`", id.escape_debug()));
            return Err(invalid.hint("GET /v1/pipelines lists their ids").into());
        };
        let Some(own) = own else { continue };
        let begin = definition.name.clone().unwrap_or_else(|| own.to_owned());
        if let Some(names) = cycle(state, tenant, own, first).await? {
            let names: Vec<String> =
                [&begin].into_iter().chain(&names).chain([&begin]).map(|name| format!("`{name}`")).collect();
            let invalid = Invalid::new(field, format!("a pipeline cannot run itself: {}", names.join(" runs ")));
            return Err(invalid.hint("take one of these steps out").into());
        }
    }
    Ok(())
}

/// The names of the pipelines from `first` on that lead to the one with the id `own`.
async fn cycle(
    state: &ApiState,
    tenant: &Option<String>,
    own: &str,
    first: StoredPipeline,
) -> Result<Option<Vec<String>>, ApiError> {
    let (mut open, mut seen) = (vec![(first, Vec::new())], BTreeSet::new());
    while let Some((pipeline, mut names)) = open.pop() {
        if pipeline.id == own {
            return Ok(Some(names));
        }
        if !seen.insert(pipeline.id.clone()) || seen.len() > LOOKS {
            continue;
        }
        names.push(pipeline.definition.name.clone().unwrap_or_else(|| pipeline.id.clone()));
        for (_, id) in named(&pipeline.definition) {
            if let Some(next) = find(state, tenant, &id).await? {
                open.push((next, names.clone()));
            }
        }
    }
    Ok(None)
}

/// The pipelines that steps name without an expression, with the steps' places.
fn named(definition: &Definition) -> Vec<(usize, String)> {
    let id = |step: &optimus_pipelines::Step| step.with.get("id")?.as_str().map(str::to_owned);
    let steps = definition.steps.iter().enumerate().filter(|(_, step)| step.tool() == Some(Tool::Pipeline));
    steps.filter_map(|(index, step)| Some((index, id(step)?))).filter(|(_, id)| !id.contains("${")).collect()
}

async fn find(state: &ApiState, tenant: &Option<String>, id: &str) -> Result<Option<StoredPipeline>, ApiError> {
    if !is_id(id) {
        return Ok(None);
    }
    let found = state.parts.pipelines.pipeline(id).await.map_err(|error| unreadable(&error))?;
    Ok(found.filter(|found| found.owner.tenant == *tenant))
}
