//! What can go wrong on our side of a box.

use rustix::io::Errno;

/// Our failure; never a statement about the program, except for [`SandboxError::Refused`].
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The box could not be built.
    #[error("box set-up: {stage}: {source}")]
    SetUp {
        /// Where it stopped: `unshare`, `pivot_root`, `seccomp`.
        stage: String,
        /// What the kernel said.
        source: std::io::Error,
    },
    /// The agent in the box went silent, died, or said something that makes no sense.
    #[error("box lost: {0}")]
    Lost(String),
    /// What the program left cannot be taken: `` `main` is a symlink ``. The program is to blame.
    #[error("{0}")]
    Refused(String),
    /// The job needs more than the machine has, so it cannot ever run here.
    #[error("{message}")]
    TooLarge {
        /// What it needs, and what there is.
        message: String,
    },
    /// The backend cannot work here.
    #[error("{message}")]
    Unavailable {
        /// What is missing.
        message: String,
        /// What to do.
        hint: String,
    },
}

impl SandboxError {
    /// Whether it is one of the machine's pools that is full for now: processes, descriptors, namespaces. That says
    /// nothing about the job, and passes.
    pub fn is_transient(&self) -> bool {
        let Self::SetUp { stage, source } = self else { return false };
        match Errno::from_io_error(source) {
            Some(Errno::MFILE | Errno::NFILE | Errno::USERS | Errno::TOOMANYREFS) => true,
            // Of these only where they cannot be about what a program or its files fill.
            Some(Errno::AGAIN | Errno::NOSPC | Errno::NOMEM) => {
                ["clone3", "unshare", "vfork", "start the agent", "create a cgroup", "cgroup: make"]
                    .iter()
                    .any(|known| stage.starts_with(known))
            }
            _ => false,
        }
    }

    /// What an operator does about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::SetUp { .. } => Some("run `optimus doctor`".to_owned()),
            Self::Unavailable { hint, .. } => Some(hint.clone()),
            Self::TooLarge { .. } => {
                Some("ask for less memory or fewer processes; the operator can raise `--memory-budget`".to_owned())
            }
            Self::Lost(_) | Self::Refused(_) => None,
        }
    }
}
