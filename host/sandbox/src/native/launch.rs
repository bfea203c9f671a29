//! Starts boxes: a cgroup, an agent, and the first words with it.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdStream;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use optimus_agent::protocol::{Hello, Ids, Wall};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::sync::watch;
use tokio::time::timeout;

use super::agent::Agent;
use super::cgroup::{Group, Groups};
use super::config::NativeConfig;
use super::granted::Granted;
use super::view::HostView;
use crate::client::AgentClient;
use crate::{Ability, Description, SandboxError};

/// Box ids are taken from here on: above what distributions hand out to users, containers and their sub-users.
const FIRST_ID: u32 = 0x7000_0000;
/// Two ids a box, and no box gets those of another until so many have come between.
const ID_PAIRS: u32 = 1 << 20;

/// Before a box is tried again for which there was no room; twice as long each time, some 5 s in all.
const PAUSE: Duration = Duration::from_millis(40);

/// How long an agent may take to leave: the kernel tears down what its programs had.
const PARTING: Duration = Duration::from_secs(2);

/// Starts boxes.
#[derive(Debug)]
pub(super) struct Launcher {
    agent: Agent,
    groups: Groups,
    /// Absent until it is known what in it is private.
    view: watch::Receiver<Option<HostView>>,
    stage_bytes: u64,
    warm: bool,
    accounts: Accounts,
    allow_gaps: bool,
    /// This kernel has no overlay for boxes, and the operator accepts that.
    shares_inodes: AtomicBool,
    next: AtomicU32,
}

/// Which users of the kernel boxes are.
#[derive(Debug)]
enum Accounts {
    /// Two ids for each, as root gives them.
    Own,
    /// Two ids for each, of those that the user was granted.
    Granted(Granted),
    /// The user's own.
    One,
}

/// A box that has been started.
#[derive(Debug)]
pub(super) struct Live {
    /// Until the box is to end.
    agent: Option<AgentClient<UnixStream>>,
    pub(super) jobs: u32,
    /// Whose jobs it has served, once it has served one.
    pub(super) tenant: Option<Option<String>>,
    child: Child,
    group: Group,
}

impl Launcher {
    /// Looks at the machine.
    pub(super) fn new(config: &NativeConfig) -> Result<Self, SandboxError> {
        let is_root = rustix::process::geteuid().is_root();
        let mut view = HostView::find(config);
        view.keep_out(config)?;
        let agent = Agent::new()?;
        Ok(Self {
            accounts: Accounts::find(is_root, &agent),
            agent,
            groups: Groups::find(config.cgroup_root.as_deref()),
            view: view.search(is_root),
            stage_bytes: config.stage_bytes,
            warm: config.warm,
            allow_gaps: config.allow_gaps,
            shares_inodes: AtomicBool::new(false),
            // Another process of ours that starts now should not begin with the same ids.
            next: AtomicU32::new(std::process::id().wrapping_mul(64)),
        })
    }

    /// What boxes are made of here.
    pub(super) fn describe(&self) -> Description {
        let who = match self.accounts {
            Accounts::Own => "user namespaces with ids of their own",
            Accounts::Granted(_) => "user namespaces with subordinate ids of their own",
            Accounts::One => "user namespaces of one id",
        };
        let summary = format!("{who}, {}", self.groups.summary());
        Description {
            name: "native",
            summary,
            gaps: self.groups.gaps(),
            missing: vec![Ability::Fuel],
            ..Description::default()
        }
    }

    /// The directories that boxes see.
    pub(super) async fn views(&self) -> Result<Vec<String>, SandboxError> {
        self.view().await.map(|view| view.views)
    }

    async fn view(&self) -> Result<HostView, SandboxError> {
        let mut view = self.view.clone();
        let found = view.wait_for(Option::is_some).await.ok().and_then(|view| view.clone());
        found.ok_or_else(|| SandboxError::Lost("the search of the toolchains failed".to_owned()))
    }

    /// Starts a box. What is full for a moment is waited for.
    pub(super) async fn launch(&self) -> Result<Live, SandboxError> {
        let mut pause = PAUSE;
        loop {
            match self.try_launch().await {
                Err(error) if error.is_transient() && pause < PAUSE * 64 => {
                    tracing::debug!(%error, "a box cannot be built yet");
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(SandboxError::SetUp { stage, source }) if stage.starts_with("overlay") => {
                    self.do_without_overlay(&stage, &source)?;
                }
                other => return other,
            }
        }
    }

    /// Boxes share the inodes of what they see, if the operator accepts that.
    fn do_without_overlay(&self, stage: &str, source: &std::io::Error) -> Result<(), SandboxError> {
        let message = format!("programs of two boxes would share the inodes of toolchains: {stage}: {source}");
        if !self.allow_gaps || self.shares_inodes.swap(true, Ordering::Relaxed) {
            let hint = "load the kernel's module `overlay` (`modprobe overlay`), or put the toolchains onto a file \
                        system that is not two overlays deep; or accept this with `--allow-missing-limits`";
            return Err(SandboxError::Unavailable { message, hint: hint.to_owned() });
        }
        tracing::warn!("{message}; locks on them are a channel between tenants");
        Ok(())
    }

    async fn try_launch(&self) -> Result<Live, SandboxError> {
        let HostView { views, links, files, path, hidden } = self.view().await?;
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let ids = self.accounts.ids(number);
        let group = self.groups.create(number, ids)?;
        let (child, stream) = self.spawn().map_err(failed("start the agent"))?;
        let mut agent = AgentClient::new(stream);
        let shares_inodes = self.shares_inodes.load(Ordering::Relaxed);
        let hello = Hello {
            wall: Wall { views, hidden, shares_inodes, links, files, ids },
            cgroup: group.spec(),
            path,
            env: Vec::new(),
            stage_bytes: self.stage_bytes,
            warm: self.warm,
        };
        let greeted = agent.hello(hello).await;
        let live = Live { agent: Some(agent), jobs: 0, tenant: None, child, group };
        match greeted {
            Ok(()) => Ok(live),
            Err(error) => {
                live.destroy().await;
                Err(error)
            }
        }
    }

    fn spawn(&self) -> std::io::Result<(Child, UnixStream)> {
        let (ours, theirs) = StdStream::pair()?;
        ours.set_nonblocking(true)?;
        let child = Command::new(self.agent.path())
            .arg0("optimus-agent")
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        Ok((child, UnixStream::from_std(ours)?))
    }
}

impl Accounts {
    /// An ordinary user without granted ids is no error: pools of the kernel are then bounded, and `optimus doctor` tells.
    fn find(is_root: bool, agent: &Agent) -> Self {
        if is_root {
            return Self::Own;
        }
        match Granted::find(agent) {
            Ok(granted) => Self::Granted(granted),
            Err(reason) => {
                tracing::info!(%reason, "all boxes are one account of the kernel");
                Self::One
            }
        }
    }

    fn ids(&self, number: u32) -> Ids {
        match self {
            Self::Own => Ids::Own { base: FIRST_ID + (number % ID_PAIRS) * 2 },
            Self::Granted(granted) => granted.ids(number),
            Self::One => Ids::Same,
        }
    }
}

impl Live {
    /// Whether the agent has died.
    pub(super) fn is_dead(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// The client of the agent in this box.
    pub(super) fn agent(&mut self) -> Result<&mut AgentClient<UnixStream>, SandboxError> {
        self.agent.as_mut().ok_or_else(|| SandboxError::Lost("the box has been closed".to_owned()))
    }

    /// Ends everything in the box, waits until it is gone, and removes what it stood in.
    pub(super) async fn destroy(mut self) {
        // Without a host the agent leaves, the kernel ends whatever is in its pid namespace, and the process outside
        // of the box buries it. Killing that one takes the agent along, and leaves its burial to somebody else.
        drop(self.agent.take());
        if timeout(PARTING, self.child.wait()).await.is_err() {
            // Fails only when it is gone already.
            let _ = self.child.kill().await;
        }
        self.group.remove().await;
    }
}

impl Drop for Live {
    /// Without a runtime, or in one that is shutting down, the same as [`destroy`](Self::destroy), waiting in place.
    fn drop(&mut self) {
        drop(self.agent.take());
        let deadline = Instant::now() + PARTING;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() > deadline {
                // Fails only when it is gone already.
                let _ = self.child.start_kill();
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn failed(stage: &str) -> impl FnOnce(std::io::Error) -> SandboxError {
    let stage = stage.to_owned();
    |source| SandboxError::SetUp { stage, source }
}
