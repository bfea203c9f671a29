//! Starts boxes: a container whose only process is the agent, and the first words with it over its attached streams.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};

use bollard::Docker;
use bollard::models::{
    ContainerCreateBody, ContainerUpdateBody, HostConfig, HostConfigCgroupnsModeEnum, HostConfigLogConfig, Mount,
    MountTmpfsOptions, MountType,
};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptions, RemoveContainerOptionsBuilder, StartContainerOptions,
};
use optimus_agent::protocol::{Cgroup, Hello, Ids, Wall};
use optimus_core::Limits;

use super::client::{failed, is_going, is_missing, words};
use super::config::DockerConfig;
use super::orphans::Owner;
use super::prepare::{AGENT, Prepared, no_healthcheck};
use super::profile::PROFILE;
use super::stream::Attached;
use crate::SandboxError;
use crate::client::AgentClient;

/// What the agent needs to build a box's walls, before it has heard a byte of anybody's: ids of the box's own
/// (`SETUID`, `SETGID`), and a user namespace with the container's root in it, from which the container's own cgroup can
/// be mounted (`SETFCAP`, user_namespaces(7)). The box itself has none of them.
const CAPABILITIES: [&str; 3] = ["SETFCAP", "SETGID", "SETUID"];
/// Above what any step may have, and the agent's own.
const PIDS: i64 = Limits::CAP.processes.cast_signed() + 64;
/// What the agent needs for itself, generously.
const AGENT_BYTES: u64 = 64 << 20;
/// Memory limits are multiples of this, so that jobs that ask for nearly the same need no update.
const MEMORY_STEP: u64 = 256 << 20;
/// As in `native`: above what distributions hand out. A daemon that maps ids itself has no such.
const FIRST_ID: u32 = 0x7000_0000;
const FIRST_MAPPED_ID: u32 = 20_000;
const ID_PAIRS: u32 = 1 << 14;

/// Starts boxes.
#[derive(Debug)]
pub(super) struct Launcher {
    docker: Docker,
    owner: Owner,
    stage_bytes: u64,
    warm: bool,
    /// What the daemon adds to every container on its own.
    traits: Traits,
    next: AtomicU32,
}

/// What of a daemon matters for how a container must be asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Traits {
    /// Its AppArmor profile forbids to mount.
    pub(super) apparmor: bool,
    /// Containers' ids are not the machine's.
    pub(super) maps_ids: bool,
}

/// A box that has been started.
#[derive(Debug)]
pub(super) struct Live {
    docker: Docker,
    pub(super) container: String,
    /// Until the box is to end.
    agent: Option<AgentClient<Attached>>,
    pub(super) jobs: u32,
    /// Whose jobs it has served, once it has served one.
    pub(super) tenant: Option<Option<String>>,
    memory: u64,
    stage_bytes: u64,
}

impl Launcher {
    pub(super) fn new(docker: Docker, owner: Owner, config: &DockerConfig, traits: Traits) -> Self {
        let next = AtomicU32::new(std::process::id().wrapping_mul(64));
        Self { docker, owner, stage_bytes: config.stage_bytes, warm: config.warm, traits, next }
    }

    /// Starts a box.
    pub(super) async fn launch(&self, image: &Prepared, runtime: Option<&str>) -> Result<Live, SandboxError> {
        let memory = container_memory(Limits::COMPILE.memory_bytes, self.stage_bytes);
        let body = self.body(image, runtime, memory);
        let created = self.docker.create_container(None::<CreateContainerOptions>, body).await;
        let container = created.map_err(failed("create a container"))?.id;
        let mut live = Live {
            docker: self.docker.clone(),
            container,
            agent: None,
            jobs: 0,
            tenant: None,
            memory,
            stage_bytes: self.stage_bytes,
        };
        match self.greet(&mut live, image).await {
            Ok(()) => Ok(live),
            Err(error) => {
                live.destroy().await;
                Err(error)
            }
        }
    }

    async fn greet(&self, live: &mut Live, image: &Prepared) -> Result<(), SandboxError> {
        let options = AttachContainerOptionsBuilder::default().stream(true).stdin(true).stdout(true).stderr(true);
        let attached = self.docker.attach_container(&live.container, Some(options.build())).await;
        let attached = Attached::new(attached.map_err(failed("attach to a container"))?);
        let started = self.docker.start_container(&live.container, None::<StartContainerOptions>).await;
        started.map_err(failed("start a container"))?;
        let agent = live.agent.insert(AgentClient::new(attached));
        agent.hello(self.hello(image)).await
    }

    fn hello(&self, image: &Prepared) -> Hello {
        let number = self.next.fetch_add(1, Ordering::Relaxed) % ID_PAIRS;
        let first = if self.traits.maps_ids { FIRST_MAPPED_ID } else { FIRST_ID };
        Hello {
            wall: Wall {
                views: Vec::new(),
                hidden: Vec::new(),
                shares_inodes: false,
                links: Vec::new(),
                files: own_files(),
                ids: Ids::Within { base: first + number * 2 },
            },
            cgroup: Cgroup::Within,
            path: image.path.clone(),
            env: image.env.clone(),
            stage_bytes: self.stage_bytes,
            warm: self.warm,
        }
    }

    fn body(&self, image: &Prepared, runtime: Option<&str>, memory: u64) -> ContainerCreateBody {
        let mut security = vec!["no-new-privileges".to_owned(), format!("seccomp={PROFILE}")];
        if self.traits.apparmor {
            security.push("apparmor=unconfined".to_owned());
        }
        let none = HostConfigLogConfig { typ: Some("none".to_owned()), config: Some(HashMap::new()) };
        let host = HostConfig {
            auto_remove: Some(true),
            readonly_rootfs: Some(true),
            network_mode: Some("none".to_owned()),
            ipc_mode: Some("none".to_owned()),
            cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(CAPABILITIES.map(str::to_owned).into()),
            security_opt: Some(security),
            // A box's own /proc can be mounted only where nothing covers the container's; the box does not see it.
            masked_paths: Some(vec!["/sys/firmware".to_owned()]),
            readonly_paths: Some(Vec::new()),
            pids_limit: Some(PIDS),
            memory: Some(memory.cast_signed()),
            memory_swap: Some(memory.cast_signed()),
            log_config: Some(none),
            runtime: runtime.map(str::to_owned),
            mounts: Some(image.volumes.iter().map(|path| in_place_of_volume(path)).collect()),
            ..HostConfig::default()
        };
        ContainerCreateBody {
            image: Some(image.id.clone()),
            hostname: Some("box".to_owned()),
            user: Some("0:0".to_owned()),
            entrypoint: Some(vec![AGENT.to_owned()]),
            cmd: Some(Vec::new()),
            working_dir: Some("/".to_owned()),
            healthcheck: Some(no_healthcheck()),
            network_disabled: Some(true),
            open_stdin: Some(true),
            stdin_once: Some(true),
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            labels: Some(self.owner.labels()),
            host_config: Some(host),
            ..ContainerCreateBody::default()
        }
    }
}

/// Machines are told apart by it, and programs are told nothing of machines.
const MACHINE_ID: &str = "/etc/machine-id";

fn own_files() -> Vec<(String, String)> {
    let mut files = crate::etc::own_files();
    files.push((MACHINE_ID.to_owned(), String::new()));
    files
}

/// A volume would be made for each container, and outlive it.
fn in_place_of_volume(path: &str) -> Mount {
    let options = MountTmpfsOptions { size_bytes: Some(4096), ..MountTmpfsOptions::default() };
    Mount {
        target: Some(path.to_owned()),
        typ: Some(MountType::TMPFS),
        read_only: Some(true),
        tmpfs_options: Some(options),
        ..Mount::default()
    }
}

/// What a container must be allowed so that the step's own limit, below it, is always met first: the step's memory, the
/// stage and the build area, which are not charged to steps, and the agent.
fn container_memory(step: u64, stage: u64) -> u64 {
    (step + stage + Limits::COMPILE.work_bytes + AGENT_BYTES).next_multiple_of(MEMORY_STEP)
}

impl Live {
    /// Whether the agent has gone.
    pub(super) fn is_dead(&mut self) -> bool {
        self.agent.as_mut().is_none_or(AgentClient::is_over)
    }

    /// The client of the agent in this box.
    pub(super) fn agent(&mut self) -> Result<&mut AgentClient<Attached>, SandboxError> {
        self.agent.as_mut().ok_or_else(|| SandboxError::Lost("the box has been closed".to_owned()))
    }

    /// Makes room for a step: the container's limit follows, where the step's own would be above it.
    pub(super) async fn make_room(&mut self, step: u64) -> Result<(), SandboxError> {
        let wanted = container_memory(step, self.stage_bytes);
        if wanted <= self.memory {
            return Ok(());
        }
        self.set_memory(wanted).await
    }

    /// Takes back what [`make_room`](Self::make_room) gave.
    pub(super) async fn settle(&mut self) -> Result<(), SandboxError> {
        let usual = container_memory(Limits::COMPILE.memory_bytes, self.stage_bytes);
        if self.memory == usual { Ok(()) } else { self.set_memory(usual).await }
    }

    async fn set_memory(&mut self, wanted: u64) -> Result<(), SandboxError> {
        let memory = Some(wanted.cast_signed());
        let update = ContainerUpdateBody { memory, memory_swap: memory, ..ContainerUpdateBody::default() };
        self.docker
            .update_container(&self.container, update)
            .await
            .map_err(failed("set a container's memory limit"))?;
        self.memory = wanted;
        Ok(())
    }

    /// Ends everything in the box, and waits until the daemon has removed it.
    pub(super) async fn destroy(mut self) {
        // Without a host the agent leaves, and the daemon removes the container. It may also be stuck, or not started.
        drop(self.agent.take());
        let options = RemoveContainerOptionsBuilder::default().force(true).v(true).build();
        match self.docker.remove_container(&self.container, Some(options)).await {
            Err(error) if !is_missing(&error) && !is_going(&error) => {
                tracing::warn!(container = self.container, error = words(&error), "a container could not be removed");
            }
            _ => {}
        }
    }
}
