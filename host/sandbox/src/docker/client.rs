//! The way to the daemon, and what its refusals mean to an operator.

use std::io;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use tokio::time::timeout;

use super::config::DockerConfig;
use crate::SandboxError;

/// A daemon that has not answered a ping by then is as good as none.
const GREETING: Duration = Duration::from_secs(10);
/// What any other call may take on a busy machine: the daemon starts and removes containers one at a time.
const PATIENCE: Duration = Duration::from_secs(60);

/// Connects, and agrees on a version.
pub(super) async fn connect(config: &DockerConfig) -> Result<Docker, SandboxError> {
    let docker = match &config.host {
        Some(host) => Docker::connect_with_host(host),
        None => Docker::connect_with_defaults(),
    };
    let docker = docker.map_err(|error| unavailable(&error))?.with_timeout(PATIENCE);
    match timeout(GREETING, docker.negotiate_version()).await {
        Ok(Ok(docker)) => Ok(docker),
        Ok(Err(error)) => Err(unavailable(&error)),
        Err(_) => Err(SandboxError::Unavailable {
            message: format!("the Docker daemon does not answer within {} s", GREETING.as_secs()),
            hint: "look at its log; perhaps restart it".to_owned(),
        }),
    }
}

/// There is no daemon, or none that will have us.
pub(super) fn unavailable(error: &Error) -> SandboxError {
    SandboxError::Unavailable {
        message: format!("the Docker daemon cannot be reached: {}", words(error)),
        hint: "start it, set DOCKER_HOST (and DOCKER_TLS_VERIFY, DOCKER_CERT_PATH), or use `--sandbox native`"
            .to_owned(),
    }
}

/// A call failed while a box was being built.
pub(super) fn failed(stage: impl Into<String>) -> impl FnOnce(Error) -> SandboxError {
    let stage = stage.into();
    |error| match &error {
        Error::DockerResponseServerError { message, .. } if message.contains("no space left on device") => {
            SandboxError::Unavailable {
                message: format!("the Docker daemon's disk is full: {stage}: {}", words(&error)),
                hint: "make room where it keeps its images and containers: `docker system df` says what they take"
                    .to_owned(),
            }
        }
        Error::DockerResponseServerError { .. } => {
            SandboxError::SetUp { stage, source: io::Error::other(words(&error)) }
        }
        _ => unavailable(&error),
    }
}

/// The daemon's own words, or those of each cause.
pub(super) fn words(error: &Error) -> String {
    if let Error::DockerResponseServerError { message, .. } = error {
        return message.trim().to_owned();
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// Whether the daemon said that there is no such thing.
pub(super) fn is_missing(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 404, .. })
}

/// Whether the daemon is removing it already.
pub(super) fn is_going(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 409, .. })
}
