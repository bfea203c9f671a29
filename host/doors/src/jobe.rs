//! Jobe, the server of Moodle's CodeRunner: `POST restapi/runs` compiles and runs one program with files beside it.
//!
//! A request is a job with one test and no expectation: CodeRunner grades. Files are kept by ids that the client chooses,
//! and a run that names one which is not there is answered 404; CodeRunner sends its files then, and asks again.

mod files;
mod languages;
mod params;
mod request;
mod result;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Extension, Json, Router};
use serde_json::Value;

use self::request::Run;
use crate::admission::{self, Manners};
use crate::early::Early;
use crate::engine::{Admitted, Refusal, run_to_end};
use crate::language;
use crate::shared::Shared;
use crate::store::{FileStore, OwnFiles};

/// What the handlers share.
#[derive(Clone)]
struct Room {
    shared: Shared,
    files: FileStore,
}

impl Room {
    fn own_files(&self, admitted: &Admitted) -> OwnFiles {
        self.files.of("jobe", &admitted.owner)
    }
}

pub(crate) fn router(shared: &Shared, files: &FileStore) -> Router {
    // Its clients send the key as `x-api-key`, as Optimus' own do.
    let manners = Manners { token: |_: &Request| None, refuse };
    let api = Router::new()
        .route("/languages", get(languages::list))
        .route("/runs", post(run))
        .route("/files/{id}", put(files::add).head(files::exists));
    Router::new()
        .nest("/restapi", api.clone())
        // As clients have it, whose server is a host alone.
        .nest("/jobe/index.php/restapi", api)
        .fallback(not_found)
        .method_not_allowed_fallback(not_found)
        .layer(from_fn_with_state((shared.clone(), manners), admission::admit))
        .layer(axum::extract::DefaultBodyLimit::disable())
        .with_state(Room { shared: shared.clone(), files: files.clone() })
}

async fn not_found() -> Response {
    error(StatusCode::NOT_FOUND, "Not Found")
}

/// An error as Jobe answers one: a string.
pub(crate) fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(message)).into_response()
}

fn bad(message: impl AsRef<str>) -> Response {
    error(StatusCode::BAD_REQUEST, message.as_ref())
}

fn failed(message: &str) -> Response {
    error(StatusCode::INTERNAL_SERVER_ERROR, &format!("Server exception ({message})"))
}

fn refuse(refusal: Refusal) -> Response {
    match refusal {
        // CodeRunner takes 401 for a limit of submissions.
        Refusal::Unauthorized => error(StatusCode::FORBIDDEN, "Missing or unknown API key"),
        Refusal::Busy(_) => result::overload(),
        Refusal::Failed(message) => failed(&message),
        other => {
            let status = other.status(StatusCode::SERVICE_UNAVAILABLE, StatusCode::INTERNAL_SERVER_ERROR);
            error(status, &other.to_string())
        }
    }
}

/// `POST restapi/runs`.
async fn run(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    bytes: Bytes,
) -> Result<Response, Early> {
    let (shared, until) = (&room.shared, room.shared.until());
    let body: Value = serde_json::from_slice(&bytes).map_err(|_| bad("Non-JSON post data received"))?;
    drop(bytes);
    let run = Run::read(&body).map_err(bad)?;
    let unknown = || bad(format!("Language '{}' is not known", run.language.chars().take(64).collect::<String>()));
    let language = language::find_soon(shared, &run.language, until).await.ok_or_else(unknown)?;
    run.params.check(&language, &shared.policy).map_err(bad)?;
    let own = room.own_files(&admitted);
    let missing = || error(StatusCode::NOT_FOUND, "One or more of the specified files is missing/unavailable");
    let contents: Option<Vec<_>> = run.files.iter().map(|file| own.content(&file.id)).collect();
    let job = run.into_job(&language, contents.ok_or_else(missing)?, &shared.policy);
    let Some(report) = run_to_end(&*admitted.engine, job, until).await.map_err(refuse)? else {
        return Ok(result::overload());
    };
    Ok(result::answer(&report).map_err(|message| failed(&message))?)
}
