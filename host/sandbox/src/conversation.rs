//! Our end of the frames. The agent's are not trusted: nothing it says makes us take more than was agreed, and what
//! makes no sense ends the box.

mod pack;
mod transport;

use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::os::fd::{AsFd as _, OwnedFd};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use optimus_agent::protocol::{
    self, CHUNK, Ended, Garbled, Hello, Kind, MAX_CHANNELS, Reply, Request, Run, read_message,
};
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::{Outcome, Stream};
use rustix::io::Errno;
use tokio::time::{Sleep, sleep_until, timeout};
use tokio_util::io::poll_read_buf;

use crate::collected::{BY_FILE, sealed};
use crate::{BoxStep, Collected, Feed, SandboxError, Sink, View};

/// More than any honest set-up, copy or reset takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

pub use transport::Transport;

/// A conversation with an agent.
#[derive(Debug)]
pub struct Conversation<S> {
    stream: S,
    inbox: BytesMut,
    /// The rest of a frame that was being sent when its request was answered already.
    unsent: BytesMut,
    /// Where steps run; none: wherever the agent may.
    processors: Vec<u16>,
}

/// A request, and the bytes that follow it, cut into frames as they are sent.
struct Outgoing {
    frames: BytesMut,
    body: Bytes,
    /// Goes with the first byte.
    file: Option<OwnedFd>,
    /// Give more while the answer is awaited, each in frames of its kind.
    feeds: Vec<(Kind, Arc<Feed>)>,
}

impl Outgoing {
    /// Lines up `request` and what follows it.
    fn new(request: &Request, body: Bytes) -> Result<Self, SandboxError> {
        let mut frames = Vec::new();
        protocol::push_message(&mut frames, request).map_err(|_| {
            let source = io::Error::from(io::ErrorKind::ArgumentListTooLong);
            SandboxError::SetUp { stage: "send the request".to_owned(), source }
        })?;
        let mut outgoing = Self { frames: BytesMut::from(&frames[..]), body, file: None, feeds: Vec::new() };
        // A small body goes with the request.
        outgoing.cut();
        Ok(outgoing)
    }

    fn cut(&mut self) {
        if self.frames.len() < CHUNK && !self.body.is_empty() {
            let chunk = self.body.split_to(self.body.len().min(CHUNK));
            self.push(Kind::Data, &chunk);
        }
    }

    fn push(&mut self, kind: Kind, chunk: &[u8]) {
        let mut frame = Vec::with_capacity(chunk.len() + 8);
        protocol::push(&mut frame, kind, chunk);
        self.frames.extend_from_slice(&frame);
    }

    /// Takes what has come from live inputs, in turn; an empty piece is the end of one.
    fn poll_feeds(&mut self, cx: &mut Context<'_>) {
        let mut feeds = std::mem::take(&mut self.feeds);
        feeds.retain(|(kind, feed)| {
            while self.frames.len() < CHUNK && self.body.is_empty() {
                match feed.poll_next(cx) {
                    Poll::Pending => break,
                    Poll::Ready(None) => {
                        self.push(*kind, &[]);
                        return false;
                    }
                    Poll::Ready(Some(piece)) => piece.chunks(CHUNK).for_each(|chunk| self.push(*kind, chunk)),
                }
            }
            true
        });
        self.feeds = feeds;
    }
}

/// What a frame means to whoever waits.
enum Heard<T> {
    /// There is more to come.
    More,
    /// That was it.
    Last(T),
}

impl<S: Transport> Conversation<S> {
    /// Begins one.
    pub fn new(stream: S) -> Self {
        Self { stream, inbox: BytesMut::new(), unsent: BytesMut::new(), processors: Vec::new() }
    }

    /// Has all further steps run on `processors`, until something else is said.
    pub(crate) fn run_on(&mut self, processors: Vec<u16>) {
        self.processors = processors;
    }

    /// Whether the stream has ended, or carries what nobody asked for; only between two exchanges.
    pub(crate) fn is_over(&mut self) -> bool {
        let mut cx = Context::from_waker(std::task::Waker::noop());
        self.poll_hear(&mut cx).is_ready()
    }

    /// Has the box built.
    ///
    /// # Errors
    /// The agent died, makes no sense, or says what failed.
    pub async fn hello(&mut self, hello: Hello) -> Result<(), SandboxError> {
        let request = Outgoing::new(&Request::Hello(Box::new(hello)), Bytes::new())?;
        let mut ready = |kind: Kind, payload: &[u8]| match reply(kind, payload)? {
            Reply::Ready => Ok(Heard::Last(())),
            other => Err(unexpected(other)),
        };
        self.exchange(request, PATIENCE, &mut ready).await
    }

    /// Has the box forget everything.
    ///
    /// # Errors
    /// The agent died, makes no sense, or says what failed.
    pub async fn reset(&mut self) -> Result<(), SandboxError> {
        let request = Outgoing::new(&Request::Reset, Bytes::new())?;
        self.exchange(request, PATIENCE, &mut done).await
    }

    /// Puts files onto the stage.
    pub(crate) async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        let archive = pack::pack(files)?;
        if !S::CARRIES_FILES || archive.len() < BY_FILE {
            return self.unpack(false, archive).await;
        }
        let file = sealed("optimus-archive", &archive).map_err(unreadable)?;
        match self.unpack_file(false, &file).await {
            Err(error) if is_full(&error) => self.unpack(false, archive).await,
            other => other,
        }
    }

    /// Puts what another box collected in the stage's place.
    pub(crate) async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError> {
        match collected.file() {
            Some(file) if S::CARRIES_FILES => match self.unpack_file(true, file).await {
                Err(error) if is_full(&error) => self.unpack(true, collected.archive().map_err(unreadable)?).await,
                other => other,
            },
            _ => self.unpack(true, collected.archive().map_err(unreadable)?).await,
        }
    }

    async fn unpack(&mut self, replace: bool, archive: Bytes) -> Result<(), SandboxError> {
        let request = Outgoing::new(&Request::Unpack { replace, bytes: archive.len() as u64 }, archive)?;
        self.exchange(request, PATIENCE, &mut done).await
    }

    /// The same, with an archive in a file that nobody can change: a stream would copy it some more times, and take a
    /// turn of both sides each time that the socket is full.
    async fn unpack_file(&mut self, replace: bool, archive: &File) -> Result<(), SandboxError> {
        let mut request = Outgoing::new(&Request::UnpackFile { replace }, Bytes::new())?;
        request.file = Some(archive.try_clone().map_err(|error| lost(&error))?.into());
        self.exchange(request, PATIENCE, &mut done).await
    }

    /// Runs a step.
    ///
    /// # Errors
    /// The agent died, makes no sense, or says what failed.
    pub async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        let order = Request::Run(Box::new(Run {
            argv: step.argv.to_vec(),
            env: step.env.to_vec(),
            fresh: step.view == View::Fresh,
            stdin_bytes: step.stdin.len(),
            channels: u8::try_from(step.channels.len()).unwrap_or(u8::MAX),
            holds_ends: step.holds_ends(),
            limits: step.limits,
            processors: self.processors.clone(),
        }));
        let (body, feed) = step.stdin.clone().into_parts();
        let mut request = Outgoing::new(&order, body)?;
        request.feeds.extend(feed.clone().map(|feed| (Kind::Data, feed)));
        request.feeds.extend((0..MAX_CHANNELS).map(Kind::Channel).zip(step.channels.iter().cloned()));
        let wall = Duration::from_millis(step.limits.wall_ms);
        let mut replies = StepReplies::new(sink, step.channels.len(), wall);
        let ended = self.exchange(request, PATIENCE + wall, &mut replies).await?;
        if (ended.stdout_bytes, ended.stderr_bytes) != (replies.stdout, replies.stderr) {
            return Err(SandboxError::Lost("the agent miscounted the output".to_owned()));
        }
        feed.into_iter().for_each(|feed| feed.note_end_awaited(ended.stdin_end_awaited));
        for (number, feed) in step.channels.iter().enumerate() {
            feed.note_end_awaited(ended.channel_ends_awaited >> number & 1 == 1);
        }
        Ok(outcome(*ended))
    }

    /// Takes what the build left.
    ///
    /// # Errors
    /// The agent died, makes no sense, or says what failed.
    pub async fn collect(&mut self, paths: &[Collect], cap_bytes: u64) -> Result<Collected, SandboxError> {
        let request = Request::Collect { paths: paths.to_vec(), cap_bytes };
        // Heads and padding come on top of the files' own bytes.
        let cap = usize::try_from(cap_bytes.saturating_mul(2) + (64 << 20)).unwrap_or(usize::MAX);
        let mut archive = BytesMut::new();
        let outgoing = Outgoing::new(&request, Bytes::new())?;
        let mut take = |kind: Kind, payload: &[u8]| {
            if kind != Kind::Data {
                return done(kind, payload);
            }
            archive.extend_from_slice(payload);
            if archive.len() > cap {
                return Err(SandboxError::Lost("the agent sent a longer archive than was asked for".to_owned()));
            }
            Ok(Heard::More)
        };
        self.exchange(outgoing, PATIENCE, &mut take).await?;
        Ok(Collected::new(archive.freeze()))
    }

    async fn exchange<T>(
        &mut self,
        request: Outgoing,
        patience: Duration,
        replies: &mut impl Replies<T>,
    ) -> Result<T, SandboxError> {
        match timeout(patience, self.talk(request, replies)).await {
            Ok(result) => result,
            Err(_) => Err(SandboxError::Lost(format!("the agent said nothing for {} s", patience.as_secs()))),
        }
    }

    /// Sends and hears at the same time: neither side may have to wait for the other to read first.
    async fn talk<T>(&mut self, mut request: Outgoing, replies: &mut impl Replies<T>) -> Result<T, SandboxError> {
        loop {
            while let Some((kind, payload)) = self.next_frame()? {
                if let Heard::Last(value) = replies.take(kind, &payload)? {
                    self.unsent.extend_from_slice(&request.frames);
                    return Ok(value);
                }
            }
            // Sends what can be sent; ready once something was heard.
            poll_fn(|cx| {
                self.poll_send(cx, &mut request)?;
                ready!(replies.poll_ready(cx));
                self.poll_hear(cx)
            })
            .await?;
        }
    }

    fn poll_send(&mut self, cx: &mut Context<'_>, request: &mut Outgoing) -> Result<(), SandboxError> {
        loop {
            let is_first = self.unsent.is_empty();
            let buffer = if is_first {
                request.cut();
                request.poll_feeds(cx);
                &mut request.frames
            } else {
                &mut self.unsent
            };
            if buffer.is_empty() {
                // What cannot be flushed now is flushed by whoever waits for the answer.
                return match Pin::new(&mut self.stream).poll_flush(cx) {
                    Poll::Ready(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(lost(&error)),
                    _ => Ok(()),
                };
            }
            let file = request.file.as_ref().filter(|_| is_first).map(OwnedFd::as_fd);
            match self.stream.poll_send(cx, buffer, file) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(sent)) => {
                    drop(buffer.split_to(sent));
                    if is_first {
                        request.file = None;
                    }
                }
                // Its last words may say why it went.
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
                    self.unsent.clear();
                    request.frames.clear();
                    request.body.clear();
                    request.feeds.clear();
                    return Ok(());
                }
                Poll::Ready(Err(error)) => return Err(unsent(error)),
            }
        }
    }

    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SandboxError>> {
        self.inbox.reserve(CHUNK);
        Poll::Ready(match ready!(poll_read_buf(Pin::new(&mut self.stream), cx, &mut self.inbox)) {
            Ok(0) => Err(SandboxError::Lost("the agent died".to_owned())),
            Ok(_) => Ok(()),
            Err(error) => Err(lost(&error)),
        })
    }

    fn next_frame(&mut self) -> Result<Option<(Kind, Bytes)>, SandboxError> {
        let (kind, length, used) = match protocol::parse(&self.inbox).map_err(|garbled| nonsense(&garbled))? {
            Some((kind, payload, used)) => (kind, payload.len(), used),
            None => return Ok(None),
        };
        let frame = self.inbox.split_to(used).freeze();
        Ok(Some((kind, frame.slice(used - length..))))
    }
}

/// Takes the frames that answer a request.
trait Replies<T>: Send {
    fn take(&mut self, kind: Kind, payload: &[u8]) -> Result<Heard<T>, SandboxError>;

    /// Ready while more should be read from the agent.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }
}

impl<T, F: FnMut(Kind, &[u8]) -> Result<Heard<T>, SandboxError> + Send> Replies<T> for F {
    fn take(&mut self, kind: Kind, payload: &[u8]) -> Result<Heard<T>, SandboxError> {
        self(kind, payload)
    }
}

/// Takes what a step prints, and how it ended.
struct StepReplies<'a> {
    sink: &'a mut dyn Sink,
    channels: usize,
    stdout: u64,
    stderr: u64,
    /// When the step's wall limit has passed: its end must not wait behind output that nobody takes.
    deadline: tokio::time::Instant,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<'a> StepReplies<'a> {
    fn new(sink: &'a mut dyn Sink, channels: usize, wall: Duration) -> Self {
        let deadline = tokio::time::Instant::now() + wall;
        Self { sink, channels, stdout: 0, stderr: 0, deadline, timer: None }
    }
}

impl Replies<Box<Ended>> for StepReplies<'_> {
    fn take(&mut self, kind: Kind, payload: &[u8]) -> Result<Heard<Box<Ended>>, SandboxError> {
        let (stream, count) = match kind {
            Kind::Stdout => (Stream::Stdout, &mut self.stdout),
            Kind::Stderr => (Stream::Stderr, &mut self.stderr),
            Kind::Channel(number) if usize::from(number) < self.channels => {
                self.sink.hear(number, payload);
                return Ok(Heard::More);
            }
            _ => {
                return match reply(kind, payload)? {
                    Reply::Ended(ended) => Ok(Heard::Last(ended)),
                    other => Err(unexpected(other)),
                };
            }
        };
        *count += payload.len() as u64;
        self.sink.write(stream, payload);
        Ok(Heard::More)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.sink.poll_ready(cx).is_ready() {
            return Poll::Ready(());
        }
        let deadline = self.deadline;
        self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline))).as_mut().poll(cx)
    }
}

fn reply(kind: Kind, payload: &[u8]) -> Result<Reply, SandboxError> {
    match kind {
        Kind::Message => read_message(payload).map_err(|garbled| nonsense(&garbled)),
        _ => Err(nonsense(&Garbled::Order)),
    }
}

fn done(kind: Kind, payload: &[u8]) -> Result<Heard<()>, SandboxError> {
    match reply(kind, payload)? {
        Reply::Done => Ok(Heard::Last(())),
        other => Err(unexpected(other)),
    }
}

fn unexpected(reply: Reply) -> SandboxError {
    match reply {
        Reply::Refused(why) => SandboxError::Refused(why),
        Reply::Failed { stage, errno } => SandboxError::SetUp { stage, source: io::Error::from_raw_os_error(errno) },
        Reply::Ready | Reply::Done | Reply::Ended(_) => nonsense(&Garbled::Order),
    }
}

fn unreadable(source: io::Error) -> SandboxError {
    SandboxError::SetUp { stage: "put an archive into memory".to_owned(), source }
}

fn nonsense(garbled: &Garbled) -> SandboxError {
    SandboxError::Lost(format!("the agent talks nonsense: {garbled}"))
}

/// Programs of our own user may hold as many descriptors in flight as we may send, unix(7): that is no broken stream.
fn unsent(error: io::Error) -> SandboxError {
    match Errno::from_io_error(&error) {
        Some(Errno::TOOMANYREFS) => SandboxError::SetUp { stage: "send a file".to_owned(), source: error },
        _ => lost(&error),
    }
}

/// Whether nothing was sent, because too many descriptors are in flight.
fn is_full(error: &SandboxError) -> bool {
    matches!(error, SandboxError::SetUp { source, .. } if Errno::from_io_error(source) == Some(Errno::TOOMANYREFS))
}

fn lost(error: &io::Error) -> SandboxError {
    SandboxError::Lost(format!("the agent's stream broke: {error}"))
}

fn outcome(ended: Ended) -> Outcome {
    Outcome {
        exit: ended.exit,
        limit: ended.limit,
        cpu_us: ended.cpu_us,
        wall_us: ended.wall_us,
        waited_us: ended.waited_us,
        memory_peak_bytes: ended.memory_peak_bytes,
        memory_is_estimate: ended.memory_is_estimate,
        stdout_bytes: ended.stdout_bytes,
        stderr_bytes: ended.stderr_bytes,
        stdout_truncated: ended.stdout_truncated,
        stderr_truncated: ended.stderr_truncated,
        notes: ended.notes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Discard;
    use optimus_core::{Exit, Limits};
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::UnixStream;

    /// What a run comes to when the agent says `said`, and then leaves.
    async fn run_against(said: Vec<u8>) -> Result<Outcome, SandboxError> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(&said).await.unwrap();
        drop(theirs);
        let argv = ["x".to_owned()];
        let limits = Limits { wall_ms: 1_000, ..Limits::DEFAULT };
        let step = BoxStep::new(&argv, limits);
        Conversation::new(ours).run(&step, &mut Discard).await
    }

    fn ended(stdout_bytes: u64) -> Vec<u8> {
        let ended = Ended {
            exit: Exit::Code(0),
            limit: None,
            cpu_us: 1,
            wall_us: 1,
            waited_us: 0,
            memory_peak_bytes: 1,
            memory_is_estimate: false,
            stdout_bytes,
            stderr_bytes: 0,
            stdout_truncated: false,
            stderr_truncated: false,
            stdin_end_awaited: false,
            channel_ends_awaited: 0,
            notes: Vec::new(),
        };
        let mut said = Vec::new();
        protocol::push_message(&mut said, &Reply::Ended(Box::new(ended))).unwrap();
        said
    }

    fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
        let mut said = Vec::new();
        protocol::push(&mut said, kind, payload);
        said
    }

    #[tokio::test]
    async fn an_agent_is_believed_only_when_it_makes_sense() {
        assert!(run_against(ended(0)).await.unwrap().is_success());
        assert!(run_against([frame(Kind::Stdout, b"abc"), ended(3)].concat()).await.unwrap().is_success());
        for (said, why) in [
            (Vec::new(), "died"),
            (vec![9; 64], "nonsense"),
            (vec![1, 255, 255, 255, 255], "nonsense"),
            (frame(Kind::Message, b"no message"), "nonsense"),
            (frame(Kind::Data, b"nobody asked"), "nonsense"),
            ([frame(Kind::Stdout, b"abc"), ended(7)].concat(), "miscounted"),
            (frame(Kind::Stdout, b"abc")[..5].to_vec(), "died"),
        ] {
            match run_against(said.clone()).await {
                Err(SandboxError::Lost(text)) => assert!(text.contains(why), "{text}"),
                other => panic!("{said:?}: {other:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_failed_stage_is_named() {
        let mut said = Vec::new();
        let failed = Reply::Failed { stage: "pivot_root".to_owned(), errno: 1 };
        protocol::push_message(&mut said, &failed).unwrap();
        let error = run_against(said).await.unwrap_err();
        assert!(error.to_string().starts_with("box set-up: pivot_root: Operation not permitted"), "{error}");
    }
}
