//! `POST /v1/jobs/{id}/stdin`: input for a program that runs.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use optimus_core::{Event, JobId};
use optimus_queue::Status;
use serde::Deserialize;

use super::body::ByteBody;
use super::caller::Caller;
use super::query::{Params, job_id};
use super::{ApiError, ApiState};
use crate::live_input::{MOST_BYTES, Place};

/// Bytes of one event; every queue keeps an event of this size for a worker that listens later.
const PIECE: usize = 4 << 10;

/// `?end=`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    #[serde(default)]
    end: bool,
}

pub(super) async fn write(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<String>,
    Params(End { end }): Params<End>,
    body: ByteBody,
) -> Result<StatusCode, ApiError> {
    let id = job_id(&id)?;
    caller.owns(&state, id).await?;
    send(&state, id, &body.bytes, end).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Sends input to the program of a job that is not over; `end`: nothing follows.
pub(super) async fn send(state: &ApiState, id: JobId, bytes: &[u8], end: bool) -> Result<(), ApiError> {
    if bytes.is_empty() && !end {
        return Ok(());
    }
    let queue = &state.parts.queue;
    match queue.status(id).await? {
        None => return Err(ApiError::no_such_job(id)),
        Some(Status::Done { .. }) => return Err(refused("over", format!("job {id} is over"))),
        Some(_) => {}
    }
    let mut offset = match state.parts.inputs.place(id, bytes.len() as u64, end).await? {
        Place::At(offset) => offset,
        Place::Closed => {
            let error = refused("stdin_closed", format!("job {id} takes no input while it runs"));
            return Err(error.hint("submit it with `live_stdin: true`"));
        }
        Place::Ended => return Err(refused("stdin_ended", format!("the stdin of job {id} has ended"))),
        Place::Full => {
            let message = format!("job {id} would have been sent more than {MOST_BYTES} bytes of input");
            return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "stdin_full", message)
                .hint("what a program reads as a whole belongs into its test's `stdin`"));
        }
    };
    let mut rest = bytes;
    loop {
        let (piece, after) = rest.split_at(rest.len().min(PIECE));
        queue.publish(id, Event::Input { offset, content: piece.to_vec().into(), end: end && after.is_empty() });
        offset += piece.len() as u64;
        rest = after;
        if rest.is_empty() {
            return Ok(());
        }
    }
}

fn refused(code: &str, message: String) -> ApiError {
    ApiError::new(StatusCode::CONFLICT, code, message)
}
