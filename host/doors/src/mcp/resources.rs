//! What a client can read: the languages, and the caller's reports.

use optimus_core::JobId;
use optimus_core::language::{Availability, LanguageInfo};
use rmcp::ErrorData;
use rmcp::model::{
    ListResourceTemplatesResult, ListResourcesResult, ReadResourceResult, Resource, ResourceContents, ResourceTemplate,
};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::engine::{Admitted, Progress, Refusal};
use crate::shared::Shared;

const LANGUAGES: &str = "optimus://languages";
const REPORTS: &str = "optimus://reports/";
const JSON: &str = "application/json";
/// Reports in a list.
const NEWEST: usize = 20;

/// The name of a job's report.
pub(super) fn of_report(id: JobId) -> String {
    format!("{REPORTS}{id}")
}

/// Which languages there are.
pub(super) async fn languages(shared: &Shared, until: Instant) -> Value {
    shared.languages_are_loaded(until).await;
    json!({"languages": shared.languages.all().iter().map(language).collect::<Vec<_>>()})
}

fn language(info: &LanguageInfo) -> Value {
    let LanguageInfo { descriptor, availability, .. } = info;
    let (available, version, reason) = match availability {
        // It is not known yet, and a job waits until it is.
        Availability::Unknown => (true, None, None),
        Availability::Available { version } => (true, Some(version), None),
        Availability::Unavailable { reason, .. } => (false, None, Some(reason)),
    };
    let mut shown = json!({
        "id": descriptor.id,
        "name": descriptor.name,
        "aliases": descriptor.aliases,
        "extensions": descriptor.extensions,
        "available": available,
    });
    version.into_iter().for_each(|version| shown["version"] = version.as_str().into());
    reason.into_iter().for_each(|reason| shown["reason"] = reason.as_str().into());
    shown
}

/// The languages, and the newest reports.
pub(super) async fn list(caller: &Admitted) -> Result<ListResourcesResult, ErrorData> {
    let mut resources = vec![
        Resource::new(LANGUAGES, "languages")
            .with_description("The languages that programs may be written in, with the versions that are here")
            .with_mime_type(JSON),
    ];
    // Without the right to read there are no reports to list.
    let jobs = match caller.engine.list(None, NEWEST).await {
        Err(Refusal::Forbidden) => Vec::new(),
        jobs => jobs.map_err(|refusal| ErrorData::internal_error(refusal.to_string(), None))?,
    };
    resources.extend(jobs.into_iter().filter_map(|job| {
        let verdict = job.verdict?;
        let named = Resource::new(of_report(job.id), format!("report {}", job.id)).with_mime_type(JSON);
        Some(named.with_description(format!("A program in {}: {verdict}", job.language)))
    }));
    Ok(ListResourcesResult::with_all_items(resources))
}

pub(super) fn templates() -> ListResourceTemplatesResult {
    let reports = ResourceTemplate::new(format!("{REPORTS}{{id}}"), "report")
        .with_description(
            "Everything that is known of a program that was run: the `report` in a tool's answer names it",
        )
        .with_mime_type(JSON);
    ListResourceTemplatesResult::with_all_items(vec![reports])
}

/// # Errors
/// There is no such resource, or it is another tenant's.
pub(super) async fn read(shared: &Shared, caller: &Admitted, uri: &str) -> Result<ReadResourceResult, ErrorData> {
    if uri == LANGUAGES {
        return contents(uri, &languages(shared, shared.until()).await);
    }
    let not_found = || {
        let uri: String = uri.chars().take(256).collect();
        ErrorData::resource_not_found(format!("there is no resource `{uri}`"), Some(json!({ "uri": uri })))
    };
    let id: JobId = uri.strip_prefix(REPORTS).and_then(|id| id.parse().ok()).ok_or_else(not_found)?;
    match caller.engine.wait(id, Instant::now()).await {
        Ok(Progress::Done(report)) => contents(uri, &report),
        Ok(Progress::Queued) => contents(uri, &json!({"id": id, "state": "queued"})),
        Ok(Progress::Running) => contents(uri, &json!({"id": id, "state": "running"})),
        Err(Refusal::NoSuchJob) => Err(not_found()),
        Err(refusal) => Err(ErrorData::internal_error(refusal.to_string(), None)),
    }
}

fn contents(uri: &str, value: &impl Serialize) -> Result<ReadResourceResult, ErrorData> {
    let text = serde_json::to_string(value).map_err(|error| ErrorData::internal_error(error.to_string(), None))?;
    Ok(ReadResourceResult::new(vec![ResourceContents::text(text, uri).with_mime_type(JSON)]))
}
