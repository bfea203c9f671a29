//! code-judge: `POST /run` and `POST /judge` run a program and compare what it prints, one or a batch of them, as the trainer
//! of rStar2 asks for it.
//!
//! Each submission is a job with one test and no expectation: the comparison is code-judge's own. A request is held until all
//! of them have ended; what has not by the deadline is a `queue_timeout`, and its clients send just that again.

mod request;
mod result;

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures::stream::{StreamExt as _, TryStreamExt as _, iter};
use optimus_core::Test;
use optimus_core::language::LanguageInfo;
use serde_json::{Value, json};
use tokio::time::Instant;
use uuid::Uuid;

use self::request::{Batch, Submission};
use self::result::Outcome;
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Engine, Refusal, run_to_end};
use crate::fastapi::errors::{error, refuse, unprocessable};
use crate::fastapi::fields::{self, Mistake};
use crate::language;
use crate::program::{Program, TIMEOUT};
use crate::shared::Shared;

/// Submissions of a batch that are jobs at the same time.
const AT_ONCE: usize = 64;
/// What a program may use, as code-judge has it.
const MEMORY_BYTES: u64 = 256 << 20;

pub(crate) fn router(shared: &Shared) -> Router {
    // Its clients send no token: the key stands in the path.
    let manners = Manners { token: |_: &Request| None, refuse };
    Router::new()
        .route("/ping", get(|| async { Json("pong") }))
        .route("/status", get(status))
        .route("/run", post(one::<true>))
        .route("/run/batch", post(batch::<true>))
        .route("/run/long-batch", post(batch::<true>))
        .route("/judge", post(one::<false>))
        .route("/judge/batch", post(batch::<false>))
        .route("/judge/long-batch", post(batch::<false>))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async { error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") })
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared.clone())
}

/// `GET /status`. How many workers wait for jobs is not known here: those that have one are counted.
async fn status(State(shared): State<Shared>) -> Result<Response, Early> {
    let load = shared.service.load().await.map_err(refuse)?;
    Ok(Json(json!({"queue": load.queued, "num_workers": load.running.max(1)})).into_response())
}

/// `POST /run`, and without the texts `POST /judge`.
async fn one<const SHOWS_TEXTS: bool>(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let until = shared.until();
    let body = fields::body(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    let submission = Submission::read(&body).map_err(|mistake| unprocessable(&mistake))?;
    let mut languages = Languages::new(&shared, until);
    languages.know(&submission).await.map_err(|mistake| unprocessable(&mistake))?;
    let outcome = languages.outcome(&*engine, submission).await.map_err(refuse)?;
    Ok(Json(outcome.answer(SHOWS_TEXTS)).into_response())
}

/// `POST /run/batch`, `/run/long-batch`, and without the texts those of `/judge`.
async fn batch<const SHOWS_TEXTS: bool>(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let until = shared.until();
    let batch = Batch::read(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    let mut languages = Languages::new(&shared, until);
    for (index, submission) in batch.submissions.iter().enumerate() {
        let in_batch = |mistake: Mistake| unprocessable(&mistake.within("submissions", index));
        languages.know(submission).await.map_err(in_batch)?;
    }
    let (languages, engine) = (&languages, &*engine);
    let answer = async |submission| Ok::<_, Refusal>(languages.outcome(engine, submission).await?.answer(SHOWS_TEXTS));
    let outcomes = iter(batch.submissions).map(answer).buffered(AT_ONCE).try_collect();
    let results: Vec<Value> = outcomes.await.map_err(refuse)?;
    Ok(Json(json!({"sub_id": batch.id, "results": results})).into_response())
}

/// The languages of a request, by the names that it uses.
struct Languages<'a> {
    shared: &'a Shared,
    known: HashMap<String, LanguageInfo>,
    until: Instant,
}

impl<'a> Languages<'a> {
    fn new(shared: &'a Shared, until: Instant) -> Self {
        Self { shared, known: HashMap::new(), until }
    }

    async fn know(&mut self, submission: &Submission) -> Result<(), Mistake> {
        let name = &submission.language;
        if !self.known.contains_key(name) {
            let found = language::find_soon(self.shared, name, self.until).await;
            let found = found.ok_or_else(|| submission.unknown(&language::names(&self.shared.languages)))?;
            self.known.insert(name.clone(), found);
        }
        Ok(())
    }

    /// Runs a submission to its end.
    ///
    /// # Errors
    /// The caller may not submit jobs. All else that goes wrong is an outcome.
    async fn outcome(&self, engine: &dyn Engine, submission: Submission) -> Result<Outcome, Refusal> {
        let began = Instant::now();
        let Submission { id, language, code, input, expected } = submission;
        let Some(language) = self.known.get(&language) else {
            return Ok(Outcome::invalid(id, format!("no language is known as {language}")));
        };
        let program = Program { code: &code, language, run_timeout: TIMEOUT, memory_bytes: Some(MEMORY_BYTES) };
        let test = Test { stdin: input.into_bytes().into(), ..Test::default() };
        let ended = run_to_end(engine, program.job(vec![test], &self.shared.policy), self.until).await;
        match ended {
            Ok(Some(report)) => Ok(Outcome::of(id, &report, expected.as_deref())),
            Ok(None) | Err(Refusal::Busy(_)) => Ok(Outcome::late(id, began.elapsed())),
            Err(Refusal::Invalid { message, .. }) => Ok(Outcome::invalid(id, message)),
            Err(refusal @ (Refusal::Unauthorized | Refusal::Forbidden)) => Err(refusal),
            Err(refusal) => Ok(Outcome::failed(id, &refusal.to_string())),
        }
    }
}

/// The id of what came without one.
fn new_id() -> String {
    Uuid::now_v7().to_string()
}
