//! The backend of a Docker daemon: boxes made of containers, with an agent in each that builds the same inside as in a
//! `native` box. Daemon and worker share nothing but the API's connection.
//!
//! Here are the daemon's side of things, the pool, and our end of the conversation.

mod client;
mod config;
mod doctor;
mod launch;
mod orphans;
mod pinning;
mod plain;
mod pool;
mod prepare;
mod profile;
mod source;
mod stale;
mod stream;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use optimus_core::Outcome;
use optimus_core::plan::{Collect, PlacedFile};

pub use config::DockerConfig;
pub use doctor::docker_doctor;
pub use prepare::Progress;

use crate::admission::{Admission, Clear};
use crate::processors::Share;
use crate::{
    Admitted, BoxStep, Collected, Demand, Description, Gather, GatherFiles, Gathered, OpenBox, Sandbox, SandboxError,
    Sink, page_cache,
};
use launch::Launcher;
use orphans::Owner;
use pool::{Lease, Pool};
use source::Source;

/// Boxes of a Docker daemon.
pub struct DockerSandbox {
    pool: Arc<Pool>,
    admission: Admission,
    description: Description,
}

impl DockerSandbox {
    /// Connects to the daemon, removes what a dead worker of our name left, and gets ready to open boxes. Must be
    /// called in a runtime, whose tasks keep the pool.
    ///
    /// # Errors
    /// The daemon cannot be reached, or cannot hold programs as they must be held.
    pub async fn connect(config: DockerConfig) -> Result<Self, SandboxError> {
        let docker = client::connect(&config).await?;
        let (mut description, traits) = doctor::look(&docker, &config).await?;
        description.tell_of(config.processors.as_deref());
        let owner = Owner::new(&config.worker);
        owner.remove_orphans(&docker).await;
        stale::remove_stale(&docker).await;
        let launcher = Launcher::new(docker.clone(), owner.clone(), &config, traits);
        let (isolation, budget) = (config.isolation, config.memory_budget);
        let pool = Pool::new(Source::new(docker, owner, launcher), config);
        let weak = Arc::downgrade(&pool);
        let clear: Clear = Arc::new(move || {
            let pool = weak.upgrade();
            Box::pin(async move {
                if let Some(pool) = pool {
                    pool.clear().await;
                    page_cache::drop_all().await;
                }
            })
        });
        Ok(Self { pool, admission: Admission::new(isolation, budget, clear), description })
    }

    /// Sees that the daemon still answers.
    ///
    /// # Errors
    /// It does not.
    pub async fn ping(&self) -> Result<(), SandboxError> {
        self.pool.source.docker.ping().await.map(drop).map_err(|error| client::unavailable(&error))
    }

    /// What a container for each run costs, with nothing of ours: created, started, waited for, removed.
    ///
    /// # Errors
    /// The daemon refuses, or the program does not end with 0.
    pub async fn plain_run(&self, image: &str, argv: &[String]) -> Result<Duration, SandboxError> {
        plain::run(&self.pool.source.docker, &self.pool.source.owner, image, argv).await
    }

    /// Has `image` at hand: fetched, with the agent in it.
    ///
    /// # Errors
    /// It cannot be had, or not be prepared.
    pub async fn prepare(&self, image: &str, progress: &Progress) -> Result<(), SandboxError> {
        self.pool.source.prepare(image, &self.pool.config, progress).await.map(drop)
    }
}

#[async_trait]
impl Sandbox for DockerSandbox {
    async fn open(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.open_with(image, Share::own(self.pool.config.processors.as_ref()).await?).await
    }

    async fn open_unpinned(&self, image: &str) -> Result<Box<dyn OpenBox>, SandboxError> {
        self.open_with(image, Share::rest(self.pool.config.processors.as_ref())).await
    }

    async fn admit(&self, demand: &Demand) -> Result<Admitted, SandboxError> {
        self.admission.admit(demand).await
    }

    fn describe(&self) -> Description {
        self.description.clone()
    }
}

impl DockerSandbox {
    async fn open_with(&self, image: &str, share: Share) -> Result<Box<dyn OpenBox>, SandboxError> {
        if image.is_empty() {
            return Err(SandboxError::Unavailable {
                message: "a box in a container needs an image".to_owned(),
                hint: "the plugin has to name one".to_owned(),
            });
        }
        Ok(Box::new(DockerBox { lease: self.pool.open(image, share).await? }))
    }
}

struct DockerBox {
    lease: Lease,
}

#[async_trait]
impl OpenBox for DockerBox {
    async fn stage(&mut self, files: &[PlacedFile]) -> Result<(), SandboxError> {
        self.lease.talk(async |talk| talk.stage(files).await).await
    }

    async fn run(&mut self, step: &BoxStep<'_>, sink: &mut dyn Sink) -> Result<Outcome, SandboxError> {
        self.lease.make_room(step.limits.memory_bytes).await?;
        self.lease.talk(async |talk| talk.run(step, sink).await).await
    }

    async fn collect(&mut self, paths: &[Collect]) -> Result<Collected, SandboxError> {
        let cap_bytes = self.lease.collect_bytes();
        self.lease.talk(async |talk| talk.collect(paths, cap_bytes).await).await
    }

    async fn restore(&mut self, collected: &Collected) -> Result<(), SandboxError> {
        self.lease.talk(async |talk| talk.restore(collected).await).await
    }
}

#[async_trait]
impl GatherFiles for DockerBox {
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError> {
        self.lease.talk(async |talk| talk.gather(search).await).await
    }
}

/// Whether `text` fits a pattern in which `*` stands for any text.
fn fits(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).any(|skipped| tail.get(skipped..).is_some_and(|tail| fits(rest, tail)))
        }),
    }
}
