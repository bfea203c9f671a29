//! What can be judged here, and how the server is.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use optimus_core::Timestamp;
use optimus_core::language::LanguageInfo;
use serde_json::{Value, json};

use super::outcome::{STATUSES, of_verdict};
use super::{VERSION, config, error, languages, refuse};
use crate::early::Early;
use crate::engine::{Admitted, Refusal};
use crate::shared::Shared;

async fn known(shared: &Shared) -> BTreeMap<u32, LanguageInfo> {
    shared.languages_are_loaded(shared.until()).await;
    languages::by_id(&shared.languages)
}

/// Sorted by name.
fn list(known: &BTreeMap<u32, LanguageInfo>, row: impl Fn(u32, &LanguageInfo) -> Option<Value>) -> Json<Vec<Value>> {
    let mut rows: Vec<Value> = known.iter().filter_map(|(id, language)| row(*id, language)).collect();
    rows.sort_by_key(|row| row["name"].as_str().unwrap_or_default().to_lowercase());
    Json(rows)
}

/// `GET /languages`.
pub(super) async fn languages(State(shared): State<Shared>) -> Json<Vec<Value>> {
    list(&known(&shared).await, |id, language| {
        (!languages::is_archived(language)).then(|| json!({"id": id, "name": languages::name(language)}))
    })
}

/// `GET /languages/all`.
pub(super) async fn all_languages(State(shared): State<Shared>) -> Json<Vec<Value>> {
    list(&known(&shared).await, |id, language| {
        Some(json!({"id": id, "name": languages::name(language), "is_archived": languages::is_archived(language)}))
    })
}

/// `GET /languages/{id}`. Commands are the plugin's, and differ from job to job.
pub(super) async fn language(State(shared): State<Shared>, Path(id): Path<String>) -> Result<Json<Value>, Early> {
    let known = known(&shared).await;
    let found = id.parse().ok().and_then(|id: u32| Some((id, known.get(&id)?)));
    let (id, language) = found.ok_or_else(super::not_found)?;
    Ok(Json(json!({
        "id": id,
        "name": languages::name(language),
        "is_archived": languages::is_archived(language),
        "source_file": languages::source_file(language),
        "compile_cmd": null,
        "run_cmd": null,
    })))
}

/// `GET /statuses`.
pub(super) async fn statuses() -> Json<Value> {
    let row = |(id, description): (u8, &str)| json!({"id": id, "description": description});
    Json(STATUSES.map(row).into_iter().collect())
}

/// `GET /about`.
pub(super) async fn about() -> Json<Value> {
    Json(json!({
        "version": VERSION,
        "homepage": "https://judge0.com",
        "source_code": "https://github.com/judge0/judge0",
        "maintainer": concat!("Optimus ", env!("CARGO_PKG_VERSION")),
    }))
}

/// `GET /config_info`.
pub(super) async fn config_info(State(shared): State<Shared>) -> Json<Value> {
    let known = known(&shared).await;
    let with_options =
        known.values().filter(|language| languages::takes_flags(language)).map(languages::name).collect::<Vec<_>>();
    Json(config::config_info(&shared.policy, &with_options))
}

/// `GET /system_info`: of the process that answers, in the words of lscpu(1).
pub(super) async fn system_info() -> Json<Value> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    Json(json!({"Architecture": std::env::consts::ARCH, "CPU(s)": processors.to_string()}))
}

/// Jobs that are counted: the newest.
const COUNTED: usize = 10_000;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// `GET /statistics`: of the caller's jobs whose reports are kept.
pub(super) async fn statistics(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
) -> Result<Response, Early> {
    let jobs = engine.list(None, COUNTED).await.map_err(refuse)?;
    let now = Timestamp::now();
    let since = |ms: u64| jobs.iter().filter(|job| job.created_at >= Some(now.before(ms))).count();
    let (mut languages, mut statuses) = (BTreeMap::<&str, u64>::new(), BTreeMap::<u8, u64>::new());
    for job in &jobs {
        *languages.entry(&job.language).or_default() += 1;
        *statuses.entry(of_verdict(job.verdict)).or_default() += 1;
    }
    let ids = languages::by_id(&shared.languages);
    let language = |(name, count): (&&str, &u64)| {
        let (id, language) = ids.iter().find(|(_, language)| language.descriptor.id == **name)?;
        Some(json!({"language": {"id": id, "name": languages::name(language)}, "count": count}))
    };
    let status = |(id, count): (&u8, &u64)| {
        let description = STATUSES.iter().find(|(own, _)| own == id).map(|(_, description)| description);
        json!({"status": {"id": id, "name": description}, "count": count})
    };
    let answer = json!({
        "created_at": now,
        "cached_until": now,
        "submissions": {"total": jobs.len(), "today": since(now.0 % DAY_MS), "last_30_days": since(30 * DAY_MS)},
        "languages": languages.iter().filter_map(language).collect::<Vec<_>>(),
        "statuses": statuses.iter().map(status).collect::<Vec<_>>(),
        // The queue is no database of Judge0's.
        "database": {"size_pretty": null, "size_in_bytes": null},
    });
    Ok(Json(answer).into_response())
}

/// `GET /workers`: all of them together, since they belong to no process that could be asked. Those that are idle are not
/// known here.
pub(super) async fn workers(State(shared): State<Shared>) -> Result<Json<Value>, Early> {
    let load = shared.service.load().await.map_err(|refusal| match refusal {
        Refusal::Failed(message) => error(StatusCode::SERVICE_UNAVAILABLE, &message),
        refusal => refuse(refusal),
    })?;
    Ok(Json(json!([{
        "queue": "default",
        "size": load.queued,
        "available": load.running,
        "idle": 0,
        "working": load.running,
        "paused": 0,
        "failed": 0,
    }])))
}
