//! How the frames of an answer are read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use optimus_agent::protocol::{Ended, Garbled, Kind, Reply, read_message};
use optimus_core::Stream;
use tokio::time::{Sleep, sleep_until};

use super::error::protocol_error;
use crate::{SandboxError, Sink};

/// What one frame contributes to an answer.
pub(super) enum Answer<T> {
    /// More frames follow.
    Partial,
    /// The answer is complete.
    Complete(T),
}

/// Accepts the frames that answer a request.
pub(super) trait Replies<T>: Send {
    /// Accepts one frame.
    fn accept(&mut self, kind: Kind, payload: &[u8]) -> Result<Answer<T>, SandboxError>;

    /// Ready while more may be read from the agent.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl<T, F: FnMut(Kind, &[u8]) -> Result<Answer<T>, SandboxError> + Send> Replies<T> for F {
    fn accept(&mut self, kind: Kind, payload: &[u8]) -> Result<Answer<T>, SandboxError> {
        self(kind, payload)
    }
}

/// Passes on the output of a step until the agent reports its end.
pub(super) struct StepReplies<'a> {
    sink: &'a mut dyn Sink,
    channels: usize,
    pub(super) stdout: u64,
    pub(super) stderr: u64,
    /// When the wall limit has surely passed: from then on, frames are read even if the sink is not ready, so that the report of
    /// the step's end does not wait behind output.
    deadline: tokio::time::Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

/// The agent's clock starts when the program does, later than ours. Frames that were read before its end would keep a
/// program writing that nothing reads.
const LATE_START: Duration = Duration::from_millis(500);

impl<'a> StepReplies<'a> {
    pub(super) fn new(sink: &'a mut dyn Sink, channels: usize, wall: Duration) -> Self {
        let deadline = tokio::time::Instant::now() + wall + LATE_START;
        Self { sink, channels, stdout: 0, stderr: 0, deadline, timer: None }
    }
}

impl Replies<Box<Ended>> for StepReplies<'_> {
    fn accept(&mut self, kind: Kind, payload: &[u8]) -> Result<Answer<Box<Ended>>, SandboxError> {
        let (stream, count) = match kind {
            Kind::Stdout => (Stream::Stdout, &mut self.stdout),
            Kind::Stderr => (Stream::Stderr, &mut self.stderr),
            Kind::Channel(number) if usize::from(number) < self.channels => {
                self.sink.write_channel(number, payload);
                return Ok(Answer::Partial);
            }
            _ => {
                return match reply(kind, payload)? {
                    Reply::Ended(ended) => Ok(Answer::Complete(ended)),
                    other => Err(unexpected_reply(other)),
                };
            }
        };
        *count += payload.len() as u64;
        self.sink.write(stream, payload);
        Ok(Answer::Partial)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.sink.poll_ready(cx).is_ready() {
            return Poll::Ready(());
        }
        let deadline = self.deadline;
        self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline))).as_mut().poll(cx)
    }
}

pub(super) fn reply(kind: Kind, payload: &[u8]) -> Result<Reply, SandboxError> {
    match kind {
        Kind::Message => read_message(payload).map_err(|garbled| protocol_error(&garbled)),
        _ => Err(protocol_error(&Garbled::Order)),
    }
}

pub(super) fn done(kind: Kind, payload: &[u8]) -> Result<Answer<()>, SandboxError> {
    match reply(kind, payload)? {
        Reply::Done => Ok(Answer::Complete(())),
        other => Err(unexpected_reply(other)),
    }
}

pub(super) fn unexpected_reply(reply: Reply) -> SandboxError {
    match reply {
        Reply::Refused(why) => SandboxError::Refused(why),
        Reply::Failed { stage, errno } => SandboxError::SetUp { stage, source: io::Error::from_raw_os_error(errno) },
        Reply::Ready | Reply::Done | Reply::Ended(_) | Reply::Gathered { .. } => protocol_error(&Garbled::Order),
    }
}
