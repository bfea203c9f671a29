//! The routes of submissions.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use optimus_core::JobId;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::columns::{Columns, NotText, State as Stage, View};
use super::memory::Memory;
use super::outcome::Outcome;
use super::params::{Params, Unreadable};
use super::submission::Settings;
use super::{USER, check_authorized, config, create as checks, credential, error, languages, not_found, refuse, token};
use crate::early::Early;
use crate::engine::{Admitted, Engine, Progress, Refusal};
use crate::shared::Shared;

const NOT_TEXT: &str =
    "some attributes for this submission cannot be converted to UTF-8, use base64_encoded=true query parameter";
const NONE_TEXT: &str =
    "some attributes for one or more submissions cannot be converted to UTF-8, use base64_encoded=true query parameter";

/// Parameters of a query.
fn query(raw: Option<&str>, name: &str) -> Option<String> {
    let pairs = url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes());
    pairs.filter(|(key, _)| key == name).last().map(|(_, value)| value.into_owned())
}

/// Off unless it is asked for, as 1.13 documents it.
fn is_base64(raw: Option<&str>) -> bool {
    query(raw, "base64_encoded").as_deref() == Some("true")
}

fn columns(raw: Option<&str>) -> Result<Columns, Early> {
    Columns::read(query(raw, "fields").as_deref()).map_err(|invalid| error(StatusCode::BAD_REQUEST, &invalid).into())
}

fn params(headers: &HeaderMap, raw: Option<&str>, body: &Bytes) -> Result<Params, Early> {
    let bad = |Unreadable| Json(json!({"status": 400, "error": "Bad Request"}));
    let read = Params::read(headers, raw, body);
    read.map_err(|unreadable| (StatusCode::BAD_REQUEST, bad(unreadable)).into_response().into())
}

/// A submission that was not saved.
enum Unsaved {
    /// What is wrong with it.
    Mistakes(Value),
    /// The whole request ends so.
    Early(Early),
}

/// Checks one submission and submits it.
async fn submit(
    (shared, memory): (&Shared, &Memory),
    engine: &Arc<dyn Engine>,
    params: &Params,
    is_base64: bool,
    (waits, until): (bool, Instant),
) -> Result<JobId, Unsaved> {
    let mut known = languages::by_id(&shared.languages);
    let is_known =
        params.text("language_id").and_then(|id| id.trim().parse().ok()).is_some_and(|id| known.contains_key(&id));
    if !is_known {
        shared.languages_are_loaded(until).await;
        known = languages::by_id(&shared.languages);
    }
    let (submission, request) = checks::read(params, is_base64, &known, &shared.policy)
        .map_err(|mistakes| Unsaved::Mistakes(mistakes.into_json()))?;
    let id = engine.submit(request, waits, until).await.map_err(|refusal| match refusal {
        Refusal::Invalid { field, message } => Unsaved::Mistakes(checks::refused(&field, &message)),
        refusal => Unsaved::Early(refuse(refusal).into()),
    })?;
    memory.keep(id, submission);
    Ok(id)
}

/// `POST /submissions`.
pub(super) async fn create(
    State(shared): State<Shared>,
    Extension(memory): Extension<Memory>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Early> {
    let until = shared.until();
    let (waits, columns, is_base64) =
        (query(raw.as_deref(), "wait").as_deref() == Some("true"), columns(raw.as_deref())?, is_base64(raw.as_deref()));
    let params = params(&headers, raw.as_deref(), &body)?;
    drop(body);
    let submitted = submit((&shared, &memory), &engine, &params, is_base64, (waits, until)).await;
    let id = match submitted {
        Ok(id) => id,
        Err(Unsaved::Mistakes(mistakes)) => {
            return Err((StatusCode::UNPROCESSABLE_ENTITY, Json(mistakes)).into_response().into());
        }
        Err(Unsaved::Early(early)) => return Err(early),
    };
    drop(params);
    if !waits {
        return Ok((StatusCode::CREATED, Json(json!({"token": token::of_job(id)}))).into_response());
    }
    let progress = engine.wait(id, until).await.map_err(refuse)?;
    if !matches!(progress, Progress::Done(_)) {
        let late = json!({"error": "the submission is not finished yet", "token": token::of_job(id)});
        return Err((StatusCode::GATEWAY_TIMEOUT, Json(late)).into_response().into());
    }
    match view((&shared, &memory), id, &progress, &columns, is_base64) {
        Ok(view) => Ok((StatusCode::CREATED, Json(view)).into_response()),
        Err(NotText) => {
            let answer = json!({"error": NOT_TEXT, "token": token::of_job(id)});
            Ok((StatusCode::CREATED, Json(answer)).into_response())
        }
    }
}

/// `POST /submissions/batch`.
pub(super) async fn create_batch(
    State(shared): State<Shared>,
    Extension(memory): Extension<Memory>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Early> {
    let (until, is_base64) = (shared.until(), is_base64(raw.as_deref()));
    let entries = params(&headers, None, &body)?.list("submissions");
    drop(body);
    check_count(entries.len())?;
    let (mut rows, mut is_any_valid) = (Vec::with_capacity(entries.len()), false);
    for entry in entries {
        match submit((&shared, &memory), &engine, &Params::of(entry), is_base64, (false, until)).await {
            Ok(id) => {
                is_any_valid = true;
                rows.push(json!({"token": token::of_job(id)}));
            }
            Err(Unsaved::Mistakes(mistakes)) => rows.push(mistakes),
            // Of what was submitted before, the client has to hear.
            Err(Unsaved::Early(early)) if !is_any_valid => return Err(early),
            Err(Unsaved::Early(_)) => rows.push(json!({"error": "queue is full"})),
        }
    }
    let status = if is_any_valid { StatusCode::CREATED } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok((status, Json(rows)).into_response())
}

fn check_count(count: usize) -> Result<(), Early> {
    let message = match count {
        0 => "there should be at least one submission in a batch".to_owned(),
        count if count > config::BATCH => {
            format!("number of submissions in a batch should be less than or equal to {}", config::BATCH)
        }
        _ => return Ok(()),
    };
    Err(error(StatusCode::BAD_REQUEST, &message).into())
}

/// `GET /submissions/{token}`.
pub(super) async fn show(
    State(shared): State<Shared>,
    Extension(memory): Extension<Memory>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    RawQuery(raw): RawQuery,
    Path(token): Path<String>,
) -> Result<Response, Early> {
    let columns = columns(raw.as_deref())?;
    let id = token::job(&token).ok_or_else(not_found)?;
    let progress = engine.wait(id, Instant::now()).await.map_err(refuse)?;
    let view = view((&shared, &memory), id, &progress, &columns, is_base64(raw.as_deref()));
    Ok(Json(view.map_err(|NotText| error(StatusCode::BAD_REQUEST, NOT_TEXT))?).into_response())
}

/// `GET /submissions/batch`.
pub(super) async fn show_batch(
    State(shared): State<Shared>,
    Extension(memory): Extension<Memory>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Early> {
    let columns = columns(raw.as_deref())?;
    let header = headers.get("tokens").and_then(|tokens| tokens.to_str().ok()).map(str::to_owned);
    let tokens = header.or_else(|| query(raw.as_deref(), "tokens")).unwrap_or_default();
    let tokens: Vec<&str> = tokens.trim().split(',').filter(|token| !token.is_empty()).collect();
    check_count(tokens.len())?;
    let mut rows = Vec::with_capacity(tokens.len());
    for token in tokens {
        let Some(id) = token::job(token) else {
            rows.push(Value::Null);
            continue;
        };
        rows.push(match engine.wait(id, Instant::now()).await {
            Ok(progress) => view((&shared, &memory), id, &progress, &columns, is_base64(raw.as_deref()))
                .map_err(|NotText| error(StatusCode::BAD_REQUEST, NONE_TEXT))?,
            Err(Refusal::NoSuchJob) => Value::Null,
            Err(refusal) => return Err(refuse(refusal).into()),
        });
    }
    Ok(Json(json!({"submissions": rows})).into_response())
}

/// Jobs that a list is counted over: the newest.
const LISTED: usize = 10_000;

/// `GET /submissions`.
pub(super) async fn index(
    State(shared): State<Shared>,
    Extension(memory): Extension<Memory>,
    Extension(admitted): Extension<Admitted>,
    RawQuery(raw): RawQuery,
    request: Request,
) -> Result<Response, Early> {
    check_authorized(&shared, &admitted, credential(&request, USER)).await?;
    let columns = columns(raw.as_deref())?;
    // Ruby's `to_i`: what is no number is 0.
    let number = |name: &str, default| {
        query(raw.as_deref(), name).map_or(default, |text| text.trim().parse::<i64>().unwrap_or(0))
    };
    let (page, per_page) = (number("page", 1), number("per_page", 20));
    if page <= 0 {
        return Err(error(StatusCode::BAD_REQUEST, &format!("invalid page: {page}")).into());
    }
    // Rails divides by it, and Judge0 with it.
    if per_page <= 0 {
        return Err(error(StatusCode::BAD_REQUEST, &format!("invalid per_page: {per_page}")).into());
    }
    let jobs = admitted.engine.list(None, LISTED).await.map_err(refuse)?;
    let size = usize::try_from(per_page).unwrap_or(usize::MAX).min(100);
    let skipped = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(size);
    let mut rows = Vec::new();
    for job in jobs.iter().skip(skipped).take(size) {
        match admitted.engine.wait(job.id, Instant::now()).await {
            Ok(progress) => rows.push(
                view((&shared, &memory), job.id, &progress, &columns, is_base64(raw.as_deref()))
                    .map_err(|NotText| error(StatusCode::BAD_REQUEST, NONE_TEXT))?,
            ),
            // It was forgotten meanwhile.
            Err(Refusal::NoSuchJob) => {}
            Err(refusal) => return Err(refuse(refusal).into()),
        }
    }
    let pages = i64::try_from(jobs.len().div_ceil(size)).unwrap_or(i64::MAX);
    let meta = json!({
        "current_page": page,
        "next_page": (page < pages).then_some(page + 1),
        "prev_page": (page > 1).then_some(page - 1),
        "total_pages": pages,
        "total_count": jobs.len(),
    });
    Ok(Json(json!({"submissions": rows, "meta": meta})).into_response())
}

/// `DELETE /submissions/{token}`: not allowed, which is Judge0's default, too.
pub(super) async fn destroy(
    State(shared): State<Shared>,
    Extension(admitted): Extension<Admitted>,
    request: Request,
) -> Result<(), Early> {
    check_authorized(&shared, &admitted, credential(&request, USER)).await?;
    Err(error(StatusCode::BAD_REQUEST, "delete not allowed").into())
}

/// A submission from all that is known of it.
fn view(
    (shared, memory): (&Shared, &Memory),
    id: JobId,
    progress: &Progress,
    columns: &Columns,
    is_base64: bool,
) -> Result<Value, NotText> {
    let kept = memory.get(id);
    let report = match progress {
        Progress::Done(report) => Some(report),
        Progress::Queued | Progress::Running => None,
    };
    let settings = report.and_then(|report| Settings::of(report)).or_else(|| Some(kept.as_ref()?.settings.clone()));
    // A job that came another way has no settings; its language and verdict are its own all the same.
    let outcome = report.map(|report| Outcome::of(&settings.clone().unwrap_or_default(), report));
    let state = match (&outcome, progress) {
        (Some(outcome), _) => Stage::Done(outcome),
        (None, Progress::Running) => Stage::Running,
        (None, _) => Stage::Queued,
    };
    let texts = kept.as_ref().map(|kept| &kept.texts);
    let mut view = View { id, settings: settings.as_ref(), texts, state }.write(columns, is_base64)?;
    if let Some(language) = view.get_mut("language")
        && let Some(settings) = &settings
    {
        let name = languages::by_id(&shared.languages).get(&settings.language_id).map(languages::name);
        language["name"] = json!(name);
    }
    Ok(view)
}
