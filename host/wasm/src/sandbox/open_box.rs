//! One box.

mod gather;

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::{Exit, LimitHit, Outcome, Stream};
use optimus_sandbox::{BoxStep, Collected, OpenBox, SandboxError, Sink, Stdin, View};
use tokio::time::{Instant, timeout_at};

use super::Inner;
use super::link::{EngineLink, Heard, lost};
use crate::protocol::{CHUNK, Ended, Kind, Placed, Reply, Request, Run};

/// How long an engine may take to notice that a program's time is over.
const GRACE: Duration = Duration::from_secs(5);
/// The most that a box collects, in all.
const ARCHIVE_BYTES: usize = 4 << 30;

/// One box: an engine process, and what it takes to give another one the same stage.
pub(super) struct WasmBox {
    /// None while a step runs: a step that is dropped takes the engine with it.
    link: Option<EngineLink>,
    image: String,
    inner: Arc<Inner>,
    /// What was asked to get the stage as it is.
    staged: Vec<Staged>,
    /// A build area was lost with an engine.
    lost_build: bool,
    built: bool,
}

#[derive(Clone)]
enum Staged {
    Files(Vec<PlacedFile>),
    Archive(Collected),
}

impl WasmBox {
    pub(super) fn new(link: EngineLink, image: String, inner: Arc<Inner>) -> Self {
        Self { link: Some(link), image, inner, staged: Vec::new(), lost_build: false, built: false }
    }

    async fn ask(&mut self, request: &Request) -> Result<Heard, SandboxError> {
        let mut link = self.link.take().ok_or_else(condemned)?;
        let heard = link.ask(request).await?;
        self.link = Some(link);
        Ok(heard)
    }

    /// Asks for an archive; what the engine says after it.
    async fn fetch(&mut self, request: &Request, most: usize) -> Result<(Vec<u8>, Reply), SandboxError> {
        let mut heard = self.ask(request).await?;
        let mut link = self.link.take().ok_or_else(condemned)?;
        let mut archive = Vec::new();
        loop {
            match heard {
                Heard::Bytes(Kind::Data, bytes) if archive.len() + bytes.len() <= most => archive.extend(bytes),
                Heard::Bytes(..) => return Err(lost("the engine sent more files than were asked for")),
                Heard::Reply(reply) => {
                    self.link = Some(link);
                    return Ok((archive, reply));
                }
            }
            let next = tokio::time::timeout(super::link::EXCHANGE, link.hear()).await;
            heard = next.map_err(|_| lost("the engine went silent"))??;
        }
    }

    async fn put(&mut self, staged: &Staged) -> Result<(), SandboxError> {
        let request = match staged {
            Staged::Files(files) => Request::Stage(files.iter().map(placed).collect()),
            Staged::Archive(collected) => {
                let archive = collected.archive().map_err(|error| lost(&format!("an archive: {error}")))?;
                Request::Restore { archive: archive.to_vec() }
            }
        };
        match self.ask(&request).await? {
            Heard::Reply(Reply::Done) => Ok(()),
            Heard::Reply(Reply::Refused(why)) => Err(SandboxError::Refused(why)),
            _ => Err(unexpected()),
        }
    }

    /// Another engine in place of one that had to be killed, with the same stage.
    async fn replace(&mut self) -> Result<(), SandboxError> {
        self.link = Some(self.inner.start(&self.image).await?);
        self.lost_build = self.built;
        for staged in self.staged.clone() {
            self.put(&staged).await?;
        }
        Ok(())
    }
}

#[async_trait]
impl OpenBox for WasmBox {
    async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        let staged = Staged::Files(files.to_vec());
        self.put(&staged).await?;
        self.staged.push(staged);
        Ok(())
    }

    async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        if !step.channels.is_empty() {
            return Err(SandboxError::Unavailable {
                message: "programs inside Wasm have no channels to a manager".to_owned(),
                hint: "submit it in a language whose image is not a Wasm runtime".to_owned(),
            });
        }
        if step.view == View::Build {
            if self.lost_build {
                return Err(lost("the build area went with an engine that had to be killed"));
            }
            self.built = true;
        }
        let mut link = self.link.take().ok_or_else(condemned)?;
        let held = Conversation::new(step, sink).hold(&mut link).await?;
        match held {
            Held::Ended(outcome) => {
                self.link = Some(link);
                Ok(outcome)
            }
            Held::Lost(outcome) => {
                drop(link);
                self.replace().await?;
                Ok(outcome)
            }
        }
    }

    async fn collect(&mut self, paths: &[Collect]) -> Result<Collected, SandboxError> {
        if self.lost_build {
            return Err(lost("the build area went with an engine that had to be killed"));
        }
        let collected = match self.fetch(&Request::Collect { paths: paths.to_vec() }, ARCHIVE_BYTES).await? {
            (archive, Reply::Done) => Collected::new(archive.into()),
            (_, Reply::Refused(why)) => return Err(SandboxError::Refused(why)),
            _ => return Err(unexpected()),
        };
        self.staged = vec![Staged::Archive(collected.clone())];
        Ok(collected)
    }

    async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError> {
        let staged = Staged::Archive(collected.clone());
        self.put(&staged).await?;
        self.staged = vec![staged];
        Ok(())
    }
}

/// How a step ended.
enum Held {
    Ended(Outcome),
    /// The engine is gone, or has to be killed.
    Lost(Outcome),
}

/// One step: what goes back and forth while a program runs.
struct Conversation<'a> {
    step: &'a BoxStep<'a>,
    sink: &'a mut dyn Sink,
    rest: Bytes,
    wall: Instant,
    /// Bytes that came of stdout and of stderr.
    heard: [u64; 2],
    is_compiling: bool,
}

impl<'a> Conversation<'a> {
    fn new(step: &'a BoxStep<'a>, sink: &'a mut dyn Sink) -> Self {
        let wall = Instant::now() + Duration::from_millis(step.limits.wall_ms);
        Self { step, sink, rest: step.stdin.whole(), wall, heard: [0; 2], is_compiling: false }
    }

    /// Until the end.
    async fn hold(&mut self, link: &mut EngineLink) -> Result<Held, SandboxError> {
        let first = self.rest.split_to(self.rest.len().min(CHUNK));
        let live = matches!(self.step.stdin, Stdin::Live(_));
        let run = Run {
            argv: self.step.argv.to_vec(),
            env: self.step.env.to_vec(),
            fresh: self.step.view == View::Fresh,
            live,
            stdin: first.to_vec(),
            stdin_ends: !live && self.rest.is_empty(),
            limits: (&self.step.limits).into(),
        };
        link.send(&Request::Run(Box::new(run))).await?;
        loop {
            let Ok(heard) = timeout_at(self.wall + GRACE, link.hear()).await else { return Ok(self.killed()) };
            if heard.is_err() && self.is_compiling {
                return Ok(Held::Lost(not_compiled()));
            }
            match heard? {
                Heard::Reply(Reply::Compiling) => self.is_compiling = true,
                Heard::Reply(Reply::Compiled) => self.is_compiling = false,
                Heard::Bytes(Kind::Stdout, bytes) => {
                    if !self.pass_on(Stream::Stdout, &bytes).await? {
                        return Ok(self.killed());
                    }
                }
                Heard::Bytes(Kind::Stderr, bytes) => {
                    if !self.pass_on(Stream::Stderr, &bytes).await? {
                        return Ok(self.killed());
                    }
                }
                Heard::Reply(Reply::Want) => self.answer(link).await?,
                Heard::Reply(Reply::Ended(ended)) => return self.finish(*ended).map(Held::Ended),
                _ => return Err(unexpected()),
            }
        }
    }

    /// Passes on output once it is wanted; false when that took longer than the program may.
    async fn pass_on(&mut self, stream: Stream, bytes: &[u8]) -> Result<bool, SandboxError> {
        let heard = &mut self.heard[stream as usize];
        *heard += bytes.len() as u64;
        if *heard > self.step.limits.output_bytes {
            return Err(lost("the engine sent more output than the limit"));
        }
        self.sink.write(stream, bytes);
        let ready = timeout_at(self.wall, poll_fn(|cx| self.sink.poll_ready(cx))).await;
        Ok(ready.is_ok())
    }

    /// The program waits for its stdin.
    async fn answer(&mut self, link: &mut EngineLink) -> Result<(), SandboxError> {
        let Stdin::Live(feed) = &self.step.stdin else {
            let next = self.rest.split_to(self.rest.len().min(CHUNK));
            return link.feed(&next).await;
        };
        match timeout_at(self.wall, poll_fn(|cx| feed.poll_next(cx))).await {
            Ok(Some(bytes)) => link.feed(&bytes).await,
            Ok(None) => {
                feed.note_end_awaited(true);
                link.feed(b"").await
            }
            Err(_) => link.feed_no_more().await,
        }
    }

    /// The outcome of a step whose engine is killed: it was still printing what nobody took, or the engine was compiling it.
    fn killed(&self) -> Held {
        let [stdout_bytes, stderr_bytes] = self.heard;
        let wall_us = self.step.limits.wall_ms.saturating_mul(1_000);
        Held::Lost(Outcome { wall_us, stdout_bytes, stderr_bytes, ..without_engine() })
    }

    fn finish(&self, ended: Ended) -> Result<Outcome, SandboxError> {
        if [ended.stdout_bytes, ended.stderr_bytes] != self.heard {
            return Err(lost("the engine miscounted the output"));
        }
        Ok(Outcome {
            exit: ended.exit,
            limit: ended.limit,
            fuel: Some(ended.fuel),
            cpu_us: ended.cpu_us,
            wall_us: ended.wall_us,
            waited_us: ended.waited_us,
            memory_peak_bytes: ended.memory_peak_bytes,
            memory_is_estimate: false,
            stdout_bytes: ended.stdout_bytes,
            stderr_bytes: ended.stderr_bytes,
            stdout_truncated: ended.stdout_truncated,
            stderr_truncated: ended.stderr_truncated,
            notes: ended.notes,
        })
    }
}

/// The outcome of a program whose compiler had no memory left.
fn not_compiled() -> Outcome {
    let exit = Exit::NotStarted("exec format error".to_owned());
    let why = "compiling the module takes more memory than a compiler has here".to_owned();
    Outcome { exit, limit: None, wall_us: 0, notes: vec![why], ..without_engine() }
}

/// What is known of a step whose engine is gone.
fn without_engine() -> Outcome {
    Outcome {
        exit: Exit::Signal(9),
        limit: Some(LimitHit::WallTime),
        fuel: None,
        cpu_us: 0,
        wall_us: 0,
        waited_us: 0,
        memory_peak_bytes: 0,
        memory_is_estimate: true,
        stdout_bytes: 0,
        stderr_bytes: 0,
        stdout_truncated: false,
        stderr_truncated: false,
        notes: vec!["its engine had to be killed".to_owned()],
    }
}

fn placed(file: &PlacedFile) -> Placed {
    Placed {
        path: file.path.as_str().to_owned(),
        executable: file.executable,
        content: file.content.as_bytes().to_vec(),
    }
}

fn condemned() -> SandboxError {
    lost("a step of this box was given up")
}

fn unexpected() -> SandboxError {
    lost("the engine answered something else than it was asked")
}
