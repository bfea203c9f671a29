//! What an operator may say about boxes in containers.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::{Isolation, Processors};

/// What an operator may say about boxes in containers.
#[derive(Debug, Clone)]
pub struct DockerConfig {
    /// Where the daemon is: `unix:///…`, `tcp://…`, `https://…`. Absent: `DOCKER_HOST`, or the usual socket.
    pub host: Option<String>,
    /// The daemon's runtime for containers (`runc`, `runsc`, `kata`). Absent: its default.
    pub runtime: Option<String>,
    /// A runtime for some images only, by patterns in which `*` stands for any text.
    pub runtimes: BTreeMap<String, String>,
    /// A container for each job, rather than a pool of them.
    pub container_per_job: bool,
    /// Boxes of one image that may wait, built ahead: as many as jobs run at once.
    pub slots: usize,
    /// Containers at the same time, of all images, working or waiting.
    pub containers: usize,
    /// Of which each box gets one to itself; all boxes share all, when absent. The daemon's machine must be this one.
    pub processors: Option<Arc<Processors>>,
    /// How far tenants are kept apart.
    pub isolation: Isolation,
    /// Memory for all programs at once; none: unbounded.
    pub memory_budget: Option<u64>,
    /// Share the start-up of commands whose plugin says that it may be (decision 0400).
    pub warm: bool,
    /// Jobs that a box serves before it is replaced.
    pub jobs_per_box: u32,
    /// How long a box waits for a job before it is given up.
    pub idle: Duration,
    /// Images must be named by digest, so that the same name always means the same bytes.
    pub require_digest: bool,
    /// Fetch an image that is not there.
    pub pull: bool,
    /// The registry that has the images which this project's files build, as `HOST[:PORT][/PATH]`; none: they are here, or nowhere.
    pub registry: Option<String>,
    /// Whose containers these are: a worker that starts again under the same name removes what the dead one left.
    pub worker: String,
    /// The most that the stage of a box may hold.
    pub stage_bytes: u64,
    /// The most that a build may leave.
    pub collect_bytes: u64,
}

impl Default for DockerConfig {
    fn default() -> Self {
        Self {
            host: None,
            runtime: None,
            runtimes: BTreeMap::new(),
            container_per_job: false,
            slots: 2,
            containers: 64,
            processors: None,
            isolation: Isolation::None,
            memory_budget: None,
            warm: true,
            jobs_per_box: 256,
            idle: Duration::from_secs(300),
            require_digest: false,
            pull: true,
            registry: None,
            worker: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            stage_bytes: 1 << 30,
            collect_bytes: 256 << 20,
        }
    }
}
