//! The commands of one request, from their submission to their results.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use futures::future::join_all;
use optimus_core::{JobId, Report};
use tokio::time::Instant;

use super::job::Command;
use super::request::Run;
use super::result::Outcome;
use super::{Room, error};
use crate::engine::{Admitted, Engine, Refusal, abandon, await_end};
use crate::shared::Shared;
use crate::store::OwnFiles;

/// Commands that are jobs by now.
pub(super) struct Running {
    admitted: Admitted,
    own: OwnFiles,
    commands: Vec<(JobId, Command)>,
    until: Instant,
}

/// Why a request has no results.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Failure {
    status: StatusCode,
    message: String,
}

impl Running {
    /// Submits all commands, or none.
    pub(super) async fn submit(room: &Room, admitted: Admitted, run: Run) -> Result<Self, Failure> {
        let until = room.shared.until();
        let commands = run.commands().map_err(Failure::bad)?;
        let language = language(&room.shared, until).await?;
        let own = room.own_files(&admitted);
        let read = |(i, command)| {
            Command::read(command, &language, &room.shared.policy, &own).map_err(|why| format!("cmd[{i}].{why}"))
        };
        let commands = commands.into_iter().enumerate().map(read).collect::<Result<Vec<_>, _>>();
        let commands = submit_all(&*admitted.engine, commands.map_err(Failure::bad)?, until).await?;
        Ok(Self { admitted, own, commands, until })
    }

    /// Waits until all have ended.
    pub(super) async fn outcomes(&self) -> Result<Vec<Outcome>, Failure> {
        let report = async |(id, command): &(JobId, Command)| {
            let report: Option<Report> = await_end(&*self.admitted.engine, *id, self.until).await?;
            let report = report.ok_or_else(Failure::late)?;
            Ok(Outcome::of(command, &report, &self.own))
        };
        join_all(self.commands.iter().map(report)).await.into_iter().collect()
    }

    /// Ends them; results follow.
    pub(super) async fn cancel(&self) {
        for (id, _) in &self.commands {
            abandon(&*self.admitted.engine, *id).await;
        }
    }
}

async fn submit_all(
    engine: &dyn Engine,
    mut commands: Vec<Command>,
    until: Instant,
) -> Result<Vec<(JobId, Command)>, Failure> {
    let requests = commands.iter_mut().map(Command::take_request);
    let submitted = join_all(requests.map(|request| engine.submit(request, true, until))).await;
    let (mut ids, mut refused) = (Vec::new(), None);
    for (i, result) in submitted.into_iter().enumerate() {
        match result {
            Ok(id) => ids.push(id),
            Err(refusal) => drop(refused.get_or_insert((i, refusal))),
        }
    }
    let Some((i, refusal)) = refused else { return Ok(ids.into_iter().zip(commands).collect()) };
    for id in ids {
        abandon(engine, id).await;
    }
    Err(match refusal {
        Refusal::Invalid { message, .. } => Failure::bad(format!("cmd[{i}]: {message}")),
        other => other.into(),
    })
}

/// The id of the language of commands.
async fn language(shared: &Shared, until: Instant) -> Result<String, Failure> {
    if shared.languages.of_commands().is_none() {
        shared.languages_are_loaded(until).await;
    }
    let language = shared.languages.of_commands().ok_or_else(|| Failure {
        status: StatusCode::INTERNAL_SERVER_ERROR,
        message: "commands are off here: start the server with `--commands`".to_owned(),
    })?;
    Ok(language.descriptor.id)
}

impl Failure {
    fn bad(message: String) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message }
    }

    fn late() -> Self {
        Self { status: StatusCode::GATEWAY_TIMEOUT, message: "the command did not end in time".to_owned() }
    }

    pub(super) fn into_response(self) -> Response {
        error(self.status, &self.message).into_response()
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let status = refusal.status(StatusCode::GATEWAY_TIMEOUT, StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, message: refusal.to_string() }
    }
}
