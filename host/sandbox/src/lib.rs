//! Runs a stranger's program in a box and says what happened.
//!
//! In: steps, files, limits. Out: outcomes and bytes. This room knows nothing of languages, jobs or verdicts, and it is
//! the only one (with the agent) that touches the kernel or Docker and in which `unsafe` may compile.

mod admission;
mod agent;
mod by_image;
mod client;
mod collected;

mod descriptors;
#[cfg(feature = "docker")]
mod docker;
mod error;
mod etc;
mod fake;
mod feed;
mod gather;
mod memory;
mod native;
mod own_program;
mod page_cache;
mod processors;
mod timing;
mod walls;
mod warm;

use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use optimus_core::plan::{Collect, PlacedFile};
use optimus_core::{Limits, Outcome, Stream};

pub use admission::{Admitted, Demand, Isolation};
pub use by_image::ByImage;
pub use collected::Collected;
pub use descriptors::{create_private_files, raise_open_files};
#[cfg(feature = "docker")]
pub use docker::{DockerConfig, DockerSandbox, Progress, docker_doctor};
pub use error::SandboxError;
pub use fake::{FakeSandbox, Script};
pub use feed::{Feed, Stdin};
pub use gather::{Gather, GatherFiles, Gathered};
pub use memory::machine_memory;
pub use native::{Check, NativeConfig, NativeSandbox, doctor, given};
pub use optimus_agent::inventory::{Counts, Summary};
pub use optimus_agent::protocol::{MAX_CHANNELS, channel_paths};
pub use own_program::own_program;
pub use processors::{Pinning, Processors};
pub use timing::{Note, timing};
pub use walls::{NarrowerLimit, Walls, walls};
pub use warm::{WarmStarts, warm_starts};

/// What is fuzzed from outside, and used nowhere else outside.
#[doc(hidden)]
pub mod fuzzing {
    pub use crate::client::{AgentClient, Transport};
}

/// A place that can open boxes: a backend.
#[async_trait]
pub trait Sandbox: Send + Sync {
    /// An empty box over `image` (the `native` backend has one image: this host's toolchains), perhaps from a pool.
    /// Dropping the box gives it back or destroys it; nothing of it is ever visible to whoever opens the next one.
    async fn open(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError>;

    /// The same, for what runs beside the programs whose times count: a checker, an interactor, a toolchain's probe.
    /// Where each box has a processor to itself, this one takes none away.
    async fn open_unpinned(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.open(image).await
    }

    /// Waits until the machine has what a job needs at once, and reserves it. The job opens its boxes in
    /// [`Admitted::run`].
    ///
    /// A job that can never be admitted is [`SandboxError::TooLarge`].
    async fn admit(&self, demand: &Demand) -> Result<Admitted, SandboxError> {
        Ok(Admitted::freely(demand))
    }

    /// What this backend is and what it can enforce here: for `doctor`, reports and start-up refusals.
    fn describe(&self) -> Description;
}

/// One isolated place, with a stage (files that wait, which no program can change) and a build area.
#[async_trait]
pub trait OpenBox: GatherFiles + Send {
    /// Puts files on the stage, beside what is there; a file of the same path is replaced.
    async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError>;

    /// Runs one step to its end, in fresh namespaces. A program that fails is an [`Outcome`]; `Err` means we did.
    /// Dropping the future kills the step and condemns the box.
    async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError>;

    /// Replaces the stage by what the build area holds under `paths`, and returns it packed, so that another box can be
    /// given it through [`Unpack`](Collected). Only regular files and directories: a symlink, a device or a FIFO in
    /// place of one is an error that names it and blames the program.
    async fn collect(&mut self, paths: &[Collect]) -> Result<Collected, SandboxError>;

    /// Replaces the stage by what another box collected.
    async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError>;
}

/// One program to run in a box. Limits are resolved and above 0.
#[derive(Debug, Clone)]
pub struct BoxStep<'a> {
    /// `argv[0]` is looked up in the box's PATH unless it holds a `/`.
    pub argv: &'a [String],
    /// Added to the box's own environment (PATH, HOME, TMPDIR, LANG), or put in its place.
    pub env: &'a [(String, String)],
    /// Where it works.
    pub view: View,
    /// What it reads.
    pub stdin: Stdin,
    /// What comes through its channels, each a pair of FIFOs at [`channel_paths`], at most [`MAX_CHANNELS`]; what it
    /// writes there goes to [`Sink::write_channel`]. Only in a fresh work area.
    pub channels: &'a [Arc<Feed>],
    /// What it may use.
    pub limits: Limits,
    /// Its command's start-up may be shared with other steps (decision 0400).
    pub warm: bool,
}

impl<'a> BoxStep<'a> {
    /// A program in a fresh work area that reads nothing.
    pub fn new(argv: &'a [String], limits: Limits) -> Self {
        Self { argv, env: &[], view: View::Fresh, stdin: Stdin::default(), channels: &[], limits, warm: false }
    }

    /// Whether an end of its live inputs is held back until it waits for more.
    fn holds_ends(&self) -> bool {
        let stdin = match &self.stdin {
            Stdin::Live(feed) => feed.holds_end(),
            Stdin::Whole(_) => false,
        };
        stdin || self.channels.iter().any(|feed| feed.holds_end())
    }
}

/// The work area that a step finds at its current directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The build area: the same one for every build step of the box, and it starts with a copy of the stage.
    Build,
    /// A fresh work area each time: the stage's files appear in it and cannot be changed, the rest is writable and
    /// gone afterwards.
    Fresh,
}

/// Receives what a program prints, in order, while it runs, up to the output limit.
pub trait Sink: Send {
    /// The next bytes of one of the streams. Must not block for long: the program waits meanwhile. Of a program with a
    /// live stdin, an empty piece is the end of its stdout, when that comes before the program's own.
    fn write(&mut self, stream: Stream, bytes: &[u8]);

    /// Ready while more should come. Until then the program is held up, as one is that writes into a full pipe; but not
    /// beyond its wall limit.
    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Ready(())
    }

    /// The same of one of its channels, by number; nothing is the end of it, when that comes before the program's own.
    fn write_channel(&mut self, _channel: u8, _bytes: &[u8]) {}
}

/// Output that nobody wants.
#[derive(Debug, Default, Clone, Copy)]
pub struct Discard;

impl Sink for Discard {
    fn write(&mut self, _: Stream, _: &[u8]) {}
}

/// What a backend is and what it can enforce here.
#[derive(Debug, Clone, Default)]
pub struct Description {
    /// `native`, `docker`, `wasm`, `fake`.
    pub name: &'static str,
    /// One line: `user namespaces, cgroup v2 at /sys/fs/cgroup/optimus`.
    pub summary: String,
    /// Limits that cannot be enforced here, each with its remedy; unless the operator allows it, we do not start.
    pub gaps: Vec<Gap>,
    /// What programs cannot do here, whatever their limits.
    pub missing: Vec<Ability>,
    /// Other backends beside this one, each for the images that begin in its own way.
    pub by_image: Vec<(&'static str, Description)>,
}

/// Something that programs can do on a machine, and that a backend may not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ability {
    /// Start other processes.
    Processes,
    /// Start threads.
    Threads,
    /// End by a signal of their own choice.
    Signals,
    /// FIFOs, and channels to a manager.
    Pipes,
    /// Read `/proc`.
    Proc,
    /// Have what they compute counted as fuel.
    Fuel,
    /// Memory that costs nothing until it is touched.
    LazyMemory,
}

impl Ability {
    /// All of a machine's own; fuel is none of them.
    pub const OF_MACHINES: [Self; 6] =
        [Self::Processes, Self::Threads, Self::Signals, Self::Pipes, Self::Proc, Self::LazyMemory];
}

impl Description {
    /// The description of the backend that runs programs of `image`.
    pub fn of(&self, image: &str) -> &Self {
        self.by_image.iter().find(|(prefix, _)| image.starts_with(prefix)).map_or(self, |(_, other)| other)
    }

    /// Whether programs can do this here.
    pub fn has(&self, ability: Ability) -> bool {
        !self.missing.contains(&ability)
    }

    /// Says where programs run, when that is not everywhere.
    fn tell_of(&mut self, processors: Option<&Processors>) {
        if let Some(processors) = processors {
            self.summary += &format!(", each box on one processor of {processors}");
        }
    }
}

/// A limit or wall that is missing here.
#[derive(Debug, Clone)]
pub struct Gap {
    /// `the memory limit cannot be enforced: no memory controller`.
    pub what: String,
    /// What an operator does about it.
    pub hint: String,
}

/// A backend, shared.
pub type SharedSandbox = Arc<dyn Sandbox>;
