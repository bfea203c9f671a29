//! `/file`: files that clients keep on the server between requests.

use axum::extract::{Multipart, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};

use super::{Room, bad, error};
use crate::early::Early;
use crate::engine::Admitted;

/// `GET /file`: names by ids.
pub(super) async fn list(State(room): State<Room>, Extension(admitted): Extension<Admitted>) -> Response {
    Json(room.own_files(&admitted).names()).into_response()
}

/// `POST /file`: the field `file` of a form; the answer is its id.
pub(super) async fn add(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    mut form: Multipart,
) -> Result<Response, Early> {
    while let Some(field) = form.next_field().await.map_err(|error| bad(&error.body_text()))? {
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            let content = field.bytes().await.map_err(|error| bad(&error.body_text()))?;
            let id = room.own_files(&admitted).keep(&name, &content);
            let id = id.map_err(|message| error(StatusCode::PAYLOAD_TOO_LARGE, &message))?;
            return Ok(Json(id).into_response());
        }
    }
    Err(bad("the form has no field `file`").into())
}

/// `GET /file/{id}`.
pub(super) async fn content(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    Path(id): Path<String>,
) -> Response {
    match room.own_files(&admitted).content(&id) {
        // The bytes are a stranger's: no browser may take them for a page of this server.
        Some(content) => {
            let headers = [
                (header::CONTENT_TYPE, "application/octet-stream"),
                (header::CONTENT_DISPOSITION, "attachment"),
                (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            ];
            (headers, content.into_bytes()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `DELETE /file/{id}`.
pub(super) async fn remove(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    Path(id): Path<String>,
) -> StatusCode {
    match room.own_files(&admitted).remove(&id) {
        true => StatusCode::OK,
        false => StatusCode::NOT_FOUND,
    }
}
