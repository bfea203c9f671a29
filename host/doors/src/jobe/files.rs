//! `restapi/files/ID`: files that runs name, by ids that the client chooses (CodeRunner: the MD5 of the content).

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::{Room, bad, error, not_found};
use crate::early::Early;
use crate::engine::Admitted;

/// `PUT`.
pub(super) async fn add(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    Path(id): Path<String>,
    bytes: Bytes,
) -> Result<Response, Early> {
    if !is_id(&id) {
        return Ok(not_found().await);
    }
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    let text = body["file_contents"].as_str().ok_or_else(|| bad("put: missing file_contents parameter"))?;
    let content = decoded(text).ok_or_else(|| bad(format!("put: contents of file {id} are not valid base-64")))?;
    let too_large = |why: String| error(StatusCode::PAYLOAD_TOO_LARGE, &format!("put: {why}"));
    room.own_files(&admitted).keep_as(&id, "", &content).map_err(too_large)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `HEAD`.
pub(super) async fn exists(
    State(room): State<Room>,
    Extension(admitted): Extension<Admitted>,
    Path(id): Path<String>,
) -> StatusCode {
    match room.own_files(&admitted).content(&id) {
        Some(_) => StatusCode::NO_CONTENT,
        None => StatusCode::NOT_FOUND,
    }
}

fn is_id(id: &str) -> bool {
    id.len() <= 255 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// As PHP decodes strictly: white space is skipped, and padding may be absent.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, config).decode(text).ok()
}
