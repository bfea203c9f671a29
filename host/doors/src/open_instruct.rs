//! open-instruct's code API: `POST /test_program` runs a program and then statements that must not raise,
//! `POST /test_program_stdio` compares what it prints for inputs, as the verifier of a training run asks for it.
//!
//! All tests of a request are one job. Statements run in the program's own process, as open-instruct has it, by the option
//! `statements` of a language's plugin; the program cannot pass by ending before them.

mod comparison;
mod request;
mod result;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use optimus_core::language::LanguageInfo;
use optimus_core::{BoxPath, Content, SourceFile, Test};
use serde_json::{Map, json};
use tokio::time::Instant;
use uuid::Uuid;

use self::request::{Cases, Sent};
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Engine};
use crate::fastapi::errors::{error, refuse, unprocessable};
use crate::fastapi::held;
use crate::language::{find_soon, has_option};
use crate::program::{self, Program};
use crate::shared::Shared;

/// The extension of programs' files, and a name of their language: no request names it.
const EXTENSION: &str = "py";
/// The option by which a plugin runs a test's statements after the program.
const STATEMENTS: &str = "statements";
/// An output may be longer than the expected one by this, and still be compared: white space does not count.
const BEYOND_BYTES: u64 = 64 << 10;

pub(crate) fn router(shared: &Shared) -> Router {
    // Its clients send no token: the key stands in the path.
    let manners = Manners { token: |_: &Request| None, refuse };
    Router::new()
        .route("/test_program", post(statements))
        .route("/test_program_stdio", post(outputs))
        .fallback(|| async { error(StatusCode::NOT_FOUND, "Not Found") })
        .method_not_allowed_fallback(|| async { error(StatusCode::METHOD_NOT_ALLOWED, "Method Not Allowed") })
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        // Whatever balances the load of several asks without a key.
        .route("/health", get(|| async { Json(json!({"status": "healthy"})) }))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(shared.clone())
}

/// `POST /test_program`.
async fn statements(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let until = shared.until();
    let sent = Sent::read(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    let tests = sent.statements().map_err(|mistake| unprocessable(&mistake))?;
    if tests.is_empty() {
        return Ok(result::none());
    }
    let language = language(&shared, until).await?;
    if !has_option(&language, STATEMENTS) {
        let message = format!("the plugin `{}` has no option `{STATEMENTS}`", language.descriptor.id);
        return Err(error(StatusCode::INTERNAL_SERVER_ERROR, &message).into());
    }
    let file = format!("{STATEMENTS}.{EXTENSION}");
    let failed = |why: String| error(StatusCode::INTERNAL_SERVER_ERROR, &why);
    let path = BoxPath::new(file.as_str()).map_err(|why| failed(why.to_string()))?;
    // Printed by the one who runs the statements, after them; the program does not know it beforehand.
    let token = Uuid::now_v7().simple().to_string();
    let tests = tests.into_iter().map(|statements| Test {
        stdin: Content::from(format!("{token}\n").into_bytes()),
        files: vec![SourceFile { path: path.clone(), content: Content::from(statements.into_bytes()) }],
        ..Test::default()
    });
    let program = program(&sent, &language, sent.max_execution_time);
    let mut job = program.job(tests.collect(), &shared.policy);
    job.options = Map::from_iter([(STATEMENTS.to_owned(), json!(file))]);
    let report = held::report(&*engine, job, until).await?;
    Ok(result::of_statements(&report, &token).map_err(failed)?)
}

/// `POST /test_program_stdio`.
async fn outputs(
    State(shared): State<Shared>,
    Extension(Admitted { engine, .. }): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let sent = Sent::read(&bytes).map_err(|mistake| unprocessable(&mistake))?;
    drop(bytes);
    let cases = sent.cases().map_err(|mistake| unprocessable(&mistake))?;
    match cases.is_empty() {
        true => Ok(result::none()),
        false => compared(&shared, &*engine, &sent, &cases).await,
    }
}

async fn compared(shared: &Shared, engine: &dyn Engine, sent: &Sent, cases: &Cases) -> Result<Response, Early> {
    let until = shared.until();
    let language = language(shared, until).await?;
    let test = |input: &String| Test { stdin: input.clone().into_bytes().into(), ..Test::default() };
    // An alarm has whole seconds.
    let program = program(sent, &language, sent.max_execution_time.ceil());
    let mut job = program.job(cases.iter().map(|(input, _)| test(input)).collect(), &shared.policy);
    let longest = cases.iter().map(|(_, output)| output.len() as u64).max().unwrap_or(0);
    job.capture_bytes = Some((longest + BEYOND_BYTES).min(program::output_bytes(&shared.policy)));
    let report = held::report(engine, job, until).await?;
    let failed = |why: String| error(StatusCode::INTERNAL_SERVER_ERROR, &why);
    Ok(result::of_outputs(&report, cases).map_err(failed)?)
}

fn program<'a>(sent: &'a Sent, language: &'a LanguageInfo, run_timeout: f64) -> Program<'a> {
    Program { code: &sent.program, language, run_timeout, memory_bytes: None }
}

async fn language(shared: &Shared, until: Instant) -> Result<LanguageInfo, Early> {
    let missing = || {
        let message = format!("no language here is called `{EXTENSION}`, or its toolchain is not installed");
        error(StatusCode::INTERNAL_SERVER_ERROR, &message)
    };
    Ok(find_soon(shared, EXTENSION, until).await.ok_or_else(missing)?)
}
