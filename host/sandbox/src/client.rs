//! The host's end of the agent protocol. The agent is not trusted: it cannot make the host take more than was agreed, and a
//! frame that breaks the protocol ends the box.

mod error;
mod exchange;
mod gather;
mod outgoing;
mod pack;
mod replies;
#[cfg(test)]
mod tests;
mod transport;

use std::fs::File;
use std::task::Context;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use optimus_agent::protocol::{Ended, Hello, Kind, MAX_CHANNELS, Reply, Request, Run};
use optimus_core::Outcome;
use optimus_core::plan::{Collect, PlacedFile};

use self::error::{stream_error, too_many_in_flight, unreadable};
use self::outgoing::Outgoing;
use self::replies::{Answer, StepReplies, done, reply, unexpected_reply};
use crate::collected::{BY_FILE, sealed};
use crate::{BoxStep, Collected, SandboxError, Sink, View};

pub use transport::Transport;

/// Longer than any set-up, copy or reset takes on a busy machine.
const EXCHANGE_TIMEOUT: Duration = Duration::from_secs(60);

/// The host's end of the protocol with the agent of one box.
#[derive(Debug)]
pub struct AgentClient<S> {
    stream: S,
    inbox: BytesMut,
    /// The rest of a frame whose request was answered before it was sent completely.
    unsent: BytesMut,
    /// The processors that steps run on; empty: all that the agent may use.
    processors: Vec<u16>,
}

impl<S: Transport> AgentClient<S> {
    /// A client of the agent at the other end of `stream`.
    pub fn new(stream: S) -> Self {
        Self { stream, inbox: BytesMut::new(), unsent: BytesMut::new(), processors: Vec::new() }
    }

    /// Runs all further steps on `processors`; an empty list leaves the choice to the agent.
    pub(crate) fn run_steps_on(&mut self, processors: Vec<u16>) {
        self.processors = processors;
    }

    /// Returns true if the stream has ended or holds unrequested bytes. Valid only between two exchanges.
    pub(crate) fn is_over(&mut self) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.poll_receive(&mut cx).is_ready()
    }

    /// Sends the greeting, and returns once the agent has set up the box.
    ///
    /// # Errors
    /// The agent ended, broke the protocol, or reports what failed.
    pub async fn hello(&mut self, hello: Hello) -> Result<(), SandboxError> {
        let request = Outgoing::new(&Request::Hello(Box::new(hello)), Bytes::new())?;
        let mut ready = |kind: Kind, payload: &[u8]| match reply(kind, payload)? {
            Reply::Ready => Ok(Answer::Complete(())),
            other => Err(unexpected_reply(other)),
        };
        self.exchange(request, EXCHANGE_TIMEOUT, &mut ready).await
    }

    /// Resets the box: no file, process or mount of earlier steps is left.
    ///
    /// # Errors
    /// The agent ended, broke the protocol, or reports what failed.
    pub async fn reset(&mut self) -> Result<(), SandboxError> {
        let request = Outgoing::new(&Request::Reset, Bytes::new())?;
        self.exchange(request, EXCHANGE_TIMEOUT, &mut done).await
    }

    /// Adds files to the stage.
    pub(crate) async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        let archive = pack::pack(files)?;
        if !S::CARRIES_FILES || archive.len() < BY_FILE {
            return self.unpack(false, archive).await;
        }
        let file = sealed("optimus-archive", &archive).map_err(unreadable)?;
        match self.unpack_file(false, &file).await {
            Err(error) if too_many_in_flight(&error) => self.unpack(false, archive).await,
            other => other,
        }
    }

    /// Replaces the stage by what another box collected.
    pub(crate) async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError> {
        match collected.file() {
            Some(file) if S::CARRIES_FILES => match self.unpack_file(true, file).await {
                Err(error) if too_many_in_flight(&error) => {
                    self.unpack(true, collected.archive().map_err(unreadable)?).await
                }
                other => other,
            },
            _ => self.unpack(true, collected.archive().map_err(unreadable)?).await,
        }
    }

    async fn unpack(&mut self, replace: bool, archive: Bytes) -> Result<(), SandboxError> {
        let request = Outgoing::new(&Request::Unpack { replace, bytes: archive.len() as u64 }, archive)?;
        self.exchange(request, EXCHANGE_TIMEOUT, &mut done).await
    }

    /// Unpacks an archive from a sealed file. Through the stream it would be copied more often, and both sides would take
    /// turns each time the socket is full.
    async fn unpack_file(&mut self, replace: bool, archive: &File) -> Result<(), SandboxError> {
        let mut request = Outgoing::new(&Request::UnpackFile { replace }, Bytes::new())?;
        request.file = Some(archive.try_clone().map_err(|error| stream_error(&error))?.into());
        self.exchange(request, EXCHANGE_TIMEOUT, &mut done).await
    }

    /// Runs a step to its end, and passes its output to `sink`.
    ///
    /// # Errors
    /// The agent ended, broke the protocol, or reports what failed.
    pub async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        let command = Request::Run(Box::new(Run {
            argv: step.argv.to_vec(),
            env: step.env.to_vec(),
            fresh: step.view == View::Fresh,
            stdin_bytes: step.stdin.len(),
            channels: u8::try_from(step.channels.len()).unwrap_or(u8::MAX),
            holds_ends: step.holds_ends(),
            limits: step.limits,
            warm: step.warm,
            processors: self.processors.clone(),
        }));
        let (body, feed) = step.stdin.clone().into_parts();
        let mut request = Outgoing::new(&command, body)?;
        request.feeds.extend(feed.clone().map(|feed| (Kind::Data, feed)));
        request.feeds.extend((0..MAX_CHANNELS).map(Kind::Channel).zip(step.channels.iter().cloned()));
        let wall = Duration::from_millis(step.limits.wall_ms);
        let mut replies = StepReplies::new(sink, step.channels.len(), wall);
        let ended = self.exchange(request, EXCHANGE_TIMEOUT + wall, &mut replies).await?;
        if (ended.stdout_bytes, ended.stderr_bytes) != (replies.stdout, replies.stderr) {
            return Err(SandboxError::Lost("the agent miscounted the output".to_owned()));
        }
        crate::warm::note(&ended);
        feed.into_iter().for_each(|feed| feed.note_end_awaited(ended.stdin_end_awaited));
        for (number, feed) in step.channels.iter().enumerate() {
            feed.note_end_awaited(ended.channel_ends_awaited >> number & 1 == 1);
        }
        Ok(outcome(*ended))
    }

    /// Collects files that the build left, as an archive whose files hold at most `cap_bytes`.
    ///
    /// # Errors
    /// The agent ended, broke the protocol, or reports what failed.
    pub async fn collect(&mut self, paths: &[Collect], cap_bytes: u64) -> Result<Collected, SandboxError> {
        let request = Request::Collect { paths: paths.to_vec(), cap_bytes };
        // Headers and padding come on top of the files' own bytes.
        let cap = usize::try_from(cap_bytes.saturating_mul(2) + (64 << 20)).unwrap_or(usize::MAX);
        let mut archive = BytesMut::new();
        let outgoing = Outgoing::new(&request, Bytes::new())?;
        let mut append = |kind: Kind, payload: &[u8]| {
            if kind != Kind::Data {
                return done(kind, payload);
            }
            archive.extend_from_slice(payload);
            if archive.len() > cap {
                return Err(SandboxError::Lost("the agent sent a longer archive than was asked for".to_owned()));
            }
            Ok(Answer::Partial)
        };
        self.exchange(outgoing, EXCHANGE_TIMEOUT, &mut append).await?;
        Ok(Collected::new(archive.freeze()))
    }
}

fn outcome(ended: Ended) -> Outcome {
    Outcome {
        exit: ended.exit,
        limit: ended.limit,
        cpu_us: ended.cpu_us,
        wall_us: ended.wall_us,
        waited_us: ended.waited_us,
        fuel: None,
        memory_peak_bytes: ended.memory_peak_bytes,
        memory_is_estimate: ended.memory_is_estimate,
        stdout_bytes: ended.stdout_bytes,
        stderr_bytes: ended.stderr_bytes,
        stdout_truncated: ended.stdout_truncated,
        stderr_truncated: ended.stderr_truncated,
        notes: ended.notes,
    }
}
