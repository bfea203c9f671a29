//! Failures of an exchange.

use std::io;

use optimus_agent::protocol::Garbled;
use rustix::io::Errno;

use crate::SandboxError;

pub(super) fn unreadable(source: io::Error) -> SandboxError {
    SandboxError::SetUp { stage: "put an archive into memory".to_owned(), source }
}

pub(super) fn protocol_error(garbled: &Garbled) -> SandboxError {
    SandboxError::Lost(format!("agent protocol error: {garbled}"))
}

/// A failed send. All programs of our user share one limit of descriptors in flight, unix(7): reaching it does not break
/// the stream.
pub(super) fn send_error(error: io::Error) -> SandboxError {
    match Errno::from_io_error(&error) {
        Some(Errno::TOOMANYREFS) => SandboxError::SetUp { stage: "send a file".to_owned(), source: error },
        _ => stream_error(&error),
    }
}

/// True if nothing was sent, because too many descriptors are in flight.
pub(super) fn too_many_in_flight(error: &SandboxError) -> bool {
    matches!(error, SandboxError::SetUp { source, .. } if Errno::from_io_error(source) == Some(Errno::TOOMANYREFS))
}

pub(super) fn stream_error(error: &io::Error) -> SandboxError {
    SandboxError::Lost(format!("the agent's stream failed: {error}"))
}
