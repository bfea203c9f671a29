//! One session: what is known of it, and where its interpreter is.

use std::time::{Duration, Instant};

use optimus_core::cells::{Loss, LossReason};
use optimus_core::{Limits, Timestamp};
use tokio_util::sync::CancellationToken;

use super::interpreter::Interpreter;

/// What is known of a session.
#[derive(Debug, Clone)]
pub(crate) struct Info {
    pub(crate) id: String,
    pub(crate) tenant: Option<String>,
    pub(crate) language: String,
    pub(crate) created_at: Timestamp,
    pub(crate) limits: Limits,
    /// Of each cell that asks for nothing.
    pub(crate) cell: Duration,
    pub(crate) idle: Duration,
    pub(crate) life: Duration,
    pub(crate) output_bytes: u64,
    /// Cells that were begun.
    pub(crate) cells: u64,
}

/// How a session is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    Idle,
    Running,
    Lost(Loss),
}

/// A session of this process.
pub(super) struct Session {
    pub(super) info: Info,
    pub(super) began: Instant,
    pub(super) state: State,
}

/// Where the interpreter of a session is.
pub(super) enum State {
    /// It is being started: nobody knows the session yet.
    Starting,
    Idle {
        interpreter: Box<dyn Interpreter>,
        since: Instant,
    },
    /// A task runs a cell with it, until this is cancelled.
    Running(CancellationToken),
    /// It is gone.
    Lost {
        loss: Loss,
        since: Instant,
    },
}

impl Session {
    pub(super) fn is_open(&self) -> bool {
        !matches!(self.state, State::Lost { .. })
    }

    /// How it is; none while it is being started.
    pub(super) fn phase(&self) -> Option<Phase> {
        match &self.state {
            State::Starting => None,
            State::Idle { .. } => Some(Phase::Idle),
            State::Running(_) => Some(Phase::Running),
            State::Lost { loss, .. } => Some(Phase::Lost(loss.clone())),
        }
    }

    /// Why it has to end now, if it has to.
    pub(super) fn due(&mut self, now: Instant) -> Option<Loss> {
        if matches!(self.state, State::Idle { .. } | State::Running(_))
            && now.duration_since(self.began) >= self.info.life
        {
            let message = format!("the session reached its end, {} s after its beginning", self.info.life.as_secs());
            return Some(Loss::new(LossReason::Life, message));
        }
        let State::Idle { interpreter, since } = &mut self.state else { return None };
        interpreter.lost().or_else(|| {
            let message = format!("no cell came for {} s", self.info.idle.as_secs());
            (now.duration_since(*since) >= self.info.idle).then(|| Loss::new(LossReason::Idle, message))
        })
    }

    /// Ends it. Its interpreter goes with its box.
    pub(super) fn lose(&mut self, loss: Loss, now: Instant) {
        if let State::Running(task) = &self.state {
            task.cancel();
        }
        self.state = State::Lost { loss, since: now };
    }
}
