//! `POST /submit`, and ScaleBox' `POST /common_evaluate_batch`: what a model wrote, judged by tests that come with it.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use optimus_core::language::LanguageInfo;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::cases::{self, Case};
use super::config::{Config, Sent};
use super::evaluation::Evaluation;
use super::extraction::extract;
use super::judge::Judge;
use crate::early::Early;
use crate::engine::{Admitted, Engine};
use crate::fastapi::errors::{bad_request, unprocessable};
use crate::language;
use crate::program::{Program, TIMEOUT};
use crate::shared::Shared;

/// Seconds for all tests of a batch, where `extra.total_timeout` does not say.
const TOTAL_TIMEOUT: f64 = 300.0;

/// `POST /submit`.
pub(super) async fn submit(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let until = shared.until();
    let sent = Sent::named(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    let id = sent.required_id().map_err(|mistake| unprocessable(&mistake))?;
    let completion = sent.completion().map_err(|mistake| unprocessable(&mistake))?;
    sent.check_class()?;
    let language = sent.config.language(&shared, " for CommonOJDataset", until).await?;
    let cases = cases::of_row(sent.config.row()?).map_err(|why| bad_request(&why))?;
    let completion = Completion { id, text: completion, language, cases };
    completion.evaluated(&shared, &*engine, &sent.config, None, until).await
}

/// `POST /common_evaluate_batch`.
pub(super) async fn batch(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let now = Instant::now();
    let sent = Sent::read(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    // Its clients send neither a data set nor an id.
    let id = sent.id().map_err(|mistake| unprocessable(&mistake))?.unwrap_or(json!(0));
    let completion = sent.completion().map_err(|mistake| unprocessable(&mistake))?;
    let total = sent.config.extra.get("total_timeout").and_then(Value::as_f64).unwrap_or(TOTAL_TIMEOUT);
    let until = shared.until().min(now + Duration::from_secs_f64(total.clamp(0.0, 1e6)));
    let language = sent.config.language(&shared, "", until).await?;
    let cases = cases::of_batch(sent.config.row()?).map_err(|why| bad_request(&why))?;
    let judge = Judge::read(&sent.config, &shared, until).await?;
    let completion = Completion { id, text: completion, language, cases };
    completion.evaluated(&shared, &*engine, &sent.config, judge, until).await
}

/// What a model wrote, and the tests that it has to pass.
struct Completion {
    id: Value,
    text: String,
    language: LanguageInfo,
    cases: Vec<Case>,
}

impl Completion {
    async fn evaluated(
        self,
        shared: &Shared,
        engine: &dyn Engine,
        config: &Config,
        judge: Option<Judge>,
        until: Instant,
    ) -> Result<Response, Early> {
        config.check_extraction()?;
        let wanted = &self.language.descriptor.id;
        let is_wanted = |word: &str| {
            language::find(&shared.languages, word).is_some_and(|language| language.descriptor.id == *wanted)
        };
        let found = extract(&self.text, self.language.descriptor.extension(), is_wanted);
        let program = Program {
            code: &found.code,
            language: &self.language,
            run_timeout: config.run_timeout.unwrap_or(TIMEOUT),
            memory_bytes: None,
        };
        let evaluation = Evaluation {
            shared,
            engine,
            program,
            cases: &self.cases,
            judge,
            runs_all: config.flag("run_all_cases"),
            shows_all: config.flag("return_full_case"),
            until,
        };
        let (accepted, tests) = evaluation.run().await?;
        let body = json!({
            "id": self.id,
            "accepted": accepted,
            "extracted_code": found.code,
            "full_code": null,
            "test_code": null,
            "tests": tests,
            "extracted_type": found.kind,
            "extra": null,
        });
        Ok(Json(body).into_response())
    }
}
