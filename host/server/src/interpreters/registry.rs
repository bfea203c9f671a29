//! All sessions of this process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use optimus_core::cells::{Cell, CellOutput, End, Loss, LossReason, Told};
use optimus_core::{Fault, Timestamp};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::interpreter::{Interpreter, Rules, StartInterpreter, Wanted};
use super::session::{Info, Phase, Session, State};
use crate::metrics::Metrics;

/// A session that is lost is remembered so long, to say why.
const REMEMBERED: Duration = Duration::from_secs(60 * 60);
/// Lost sessions that are remembered; the oldest go first.
const MOST_REMEMBERED: usize = 1_000;
/// Between two looks at which sessions are due.
const LOOK: Duration = Duration::from_millis(500);

/// Sessions, each with its interpreter.
pub struct Interpreters {
    starter: Option<Arc<dyn StartInterpreter>>,
    pub(crate) rules: Rules,
    /// Why there are none here, and what to do about it.
    none: Fault,
    sessions: Mutex<BTreeMap<String, Session>>,
    metrics: Arc<Metrics>,
    began_at: Timestamp,
}

/// Why no session was begun.
#[derive(Debug)]
pub(crate) enum NoRoom {
    /// There are none here.
    None(Fault),
    /// The tenant has as many as it may have.
    Tenant(usize),
    /// There are as many as there may be.
    Full(String),
    /// The interpreter did not start.
    Failed(Fault),
}

/// Whose sessions are asked about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whose<'a> {
    /// An administrator's question.
    Anybody,
    /// Without keys there are no tenants, and all sessions are of none.
    Of(Option<&'a str>),
}

impl Whose<'_> {
    fn has(self, session: &Session) -> bool {
        match self {
            Self::Anybody => true,
            Self::Of(tenant) => session.info.tenant.as_deref() == tenant,
        }
    }
}

/// Why a cell was not run.
#[derive(Debug)]
pub(crate) enum NotRun {
    /// The caller has no such session.
    Unknown,
    /// Another cell runs.
    Busy,
    /// The session is gone.
    Lost(Loss),
}

/// A cell that ran, and how its session is then.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) number: u64,
    pub(crate) output: CellOutput,
    pub(crate) end: Option<End>,
    pub(crate) loss: Option<Loss>,
}

impl Interpreters {
    /// Sessions whose interpreters `starter` starts.
    pub fn new(starter: Arc<dyn StartInterpreter>, rules: Rules, metrics: Arc<Metrics>) -> Arc<Self> {
        let none = Fault::new("no_sessions", "this server has no sessions");
        Self::with(Some(starter), rules, none.hint("have the operator start it with `--sessions N`"), metrics)
    }

    /// No sessions, for this reason.
    pub fn none(why: Fault) -> Arc<Self> {
        Self::with(None, Rules { most: 0, ..Rules::default() }, why, Arc::default())
    }

    fn with(starter: Option<Arc<dyn StartInterpreter>>, rules: Rules, none: Fault, metrics: Arc<Metrics>) -> Arc<Self> {
        let (sessions, began_at) = (Mutex::default(), Timestamp::now());
        Arc::new(Self { starter, rules, none, sessions, metrics, began_at })
    }

    /// Why there are no sessions here, where there are none.
    pub(crate) fn refusal(&self) -> Option<Fault> {
        (self.starter.is_none() || self.rules.most == 0).then(|| self.none.clone())
    }

    /// Begins a session, and returns its id. A caller that goes away leaves none behind.
    pub(crate) async fn begin(self: &Arc<Self>, info: Info, wanted: Wanted) -> Result<Info, NoRoom> {
        let Some(starter) = self.starter.as_ref().filter(|_| self.rules.most > 0) else {
            return Err(NoRoom::None(self.none.clone()));
        };
        let place = self.reserve(info)?;
        let interpreter = starter.start(wanted).await.map_err(NoRoom::Failed)?;
        place.fill(interpreter).ok_or_else(|| NoRoom::Full("the server stops".to_owned()))
    }

    /// Runs a cell in a task of its own: a client that goes away leaves the session as if it had waited.
    pub(crate) async fn run(
        self: &Arc<Self>,
        id: &str,
        tenant: Option<&str>,
        source: String,
        limit: Option<Duration>,
    ) -> Result<Ran, NotRun> {
        let (mut interpreter, cancelled, number, limit) = self.take(id, tenant, limit)?;
        let (all, id) = (Arc::clone(self), id.to_owned());
        let limit_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        let task = tokio::spawn(async move {
            let mut output = CellOutput::default();
            let cell = Cell { source, limit_ms };
            // The end comes from `run` itself.
            let mut hear = |told: Told| {
                output.add(told);
            };
            let ran = cancelled.run_until_cancelled(interpreter.run(&cell, &mut hear)).await;
            let (end, loss) = match ran {
                Some(Ok(end)) => (Some(end), interpreter.lost()),
                Some(Err(loss)) => (None, Some(loss)),
                None => (None, None),
            };
            let loss = all.give_back(&id, interpreter, loss);
            let word = end.as_ref().map_or("lost", |end| end.status.as_str());
            all.metrics.cell_ended(word);
            Ran { number, output, end, loss }
        });
        task.await
            .map_err(|error| NotRun::Lost(Loss::new(LossReason::Failed, format!("the cell's task ended: {error}"))))
    }

    /// Ends a session; one that is gone already stays so.
    pub(crate) fn close(&self, id: &str, whose: Whose<'_>) -> Result<(), NotRun> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(id).filter(|session| whose.has(session)).ok_or_else(|| self.unknown(id))?;
        if session.is_open() {
            self.lose(session, Loss::new(LossReason::Closed, "it was ended by a request"));
        }
        Ok(())
    }

    /// A session of the caller's, and how it is.
    pub(crate) fn find(&self, id: &str, whose: Whose<'_>) -> Result<(Info, Phase), NotRun> {
        let sessions = self.lock();
        let session = sessions.get(id).filter(|session| whose.has(session)).ok_or_else(|| self.unknown(id))?;
        let phase = session.phase().ok_or(NotRun::Unknown)?;
        Ok((session.info.clone(), phase))
    }

    /// Sessions, the newest first.
    pub(crate) fn list(&self, whose: Whose<'_>) -> Vec<(Info, Phase)> {
        let sessions = self.lock();
        let own = sessions.values().rev().filter(|session| whose.has(session));
        own.filter_map(|session| Some((session.info.clone(), session.phase()?))).collect()
    }

    /// Ends sessions when their time has come, until `shutdown`; then all.
    pub async fn keep_time(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            self.look(Instant::now());
        }
        let open: Vec<Session> = std::mem::take(&mut *self.lock()).into_values().collect();
        for mut session in open {
            session.lose(Loss::new(LossReason::Failed, "the server stopped"), Instant::now());
        }
    }

    fn look(&self, now: Instant) {
        let mut sessions = self.lock();
        for session in sessions.values_mut() {
            if let Some(loss) = session.due(now) {
                self.lose(session, loss);
            }
        }
        let lost = |session: &Session| match &session.state {
            State::Lost { since, .. } => Some(*since),
            _ => None,
        };
        sessions.retain(|_, session| lost(session).is_none_or(|since| now.duration_since(since) < REMEMBERED));
        let remembered = sessions.values().filter_map(lost).count();
        let superfluous: Vec<String> = sessions
            .iter()
            .filter(|(_, session)| !session.is_open())
            .map(|(id, _)| id.clone())
            .take(remembered.saturating_sub(MOST_REMEMBERED))
            .collect();
        superfluous.iter().for_each(|id| drop(sessions.remove(id)));
    }

    /// A place for a session whose interpreter is to be started.
    fn reserve(self: &Arc<Self>, info: Info) -> Result<Place, NoRoom> {
        let mut sessions = self.lock();
        let open = || sessions.values().filter(|session| session.is_open());
        if open().count() >= self.rules.most {
            return Err(NoRoom::Full(format!("{} sessions are open, as many as there may be here", self.rules.most)));
        }
        let of_tenant = open().filter(|session| info.tenant.is_some() && session.info.tenant == info.tenant);
        if of_tenant.count() >= self.rules.tenant_most {
            return Err(NoRoom::Tenant(self.rules.tenant_most));
        }
        let held: u64 = open().map(|session| session.info.limits.memory_bytes).sum();
        if let Some(most) = self.rules.memory_bytes.filter(|most| held.saturating_add(info.limits.memory_bytes) > *most)
        {
            return Err(NoRoom::Full(format!("all sessions together have at most {most} bytes of memory")));
        }
        let id = info.id.clone();
        sessions.insert(id.clone(), Session { info, began: Instant::now(), state: State::Starting });
        Ok(Place { all: Arc::clone(self), id })
    }

    /// Takes the interpreter of an idle session, to run a cell.
    fn take(&self, id: &str, tenant: Option<&str>, limit: Option<Duration>) -> Result<Taken, NotRun> {
        let mut sessions = self.lock();
        let whose = Whose::Of(tenant);
        let session = sessions.get_mut(id).filter(|session| whose.has(session)).ok_or_else(|| self.unknown(id))?;
        if let Some(loss) = session.due(Instant::now()) {
            self.lose(session, loss);
        }
        match std::mem::replace(&mut session.state, State::Starting) {
            State::Idle { interpreter, .. } => {
                let token = CancellationToken::new();
                session.state = State::Running(token.clone());
                session.info.cells += 1;
                let limit = limit.unwrap_or(session.info.cell).min(session.info.cell);
                Ok((interpreter, token, session.info.cells, limit))
            }
            other => {
                session.state = other;
                Err(match session.phase() {
                    Some(Phase::Lost(loss)) => NotRun::Lost(loss),
                    Some(_) => NotRun::Busy,
                    None => NotRun::Unknown,
                })
            }
        }
    }

    /// A cell is over. Returns why its session is gone, if it is.
    fn give_back(&self, id: &str, interpreter: Box<dyn Interpreter>, loss: Option<Loss>) -> Option<Loss> {
        let mut sessions = self.lock();
        let session = sessions.get_mut(id)?;
        if let State::Lost { loss, .. } = &session.state {
            return Some(loss.clone());
        }
        match &loss {
            Some(loss) => self.lose(session, loss.clone()),
            None => session.state = State::Idle { interpreter, since: Instant::now() },
        }
        loss
    }

    fn lose(&self, session: &mut Session, loss: Loss) {
        let (id, reason) = (&session.info.id, loss.reason.as_str());
        tracing::info!(session = id, language = session.info.language, reason, "a session ended");
        self.metrics.session_lost(reason);
        session.lose(loss, Instant::now());
    }

    /// An id that is not known here. One that was made before this process began can only be of a server before it.
    fn unknown(&self, id: &str) -> NotRun {
        match Uuid::parse_str(id).ok().and_then(|id| id.get_timestamp()).map(|time| time.to_unix()) {
            Some((seconds, nanos)) if seconds * 1_000 + u64::from(nanos) / 1_000_000 < self.began_at.0 => NotRun::Lost(
                Loss::new(LossReason::Failed, "it is older than this server, and sessions end with their server"),
            ),
            _ => NotRun::Unknown,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Session>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a cell is run with: the interpreter, what stops it, the cell's number, and its limit.
type Taken = (Box<dyn Interpreter>, CancellationToken, u64, Duration);

/// A place that is free again unless it is filled.
struct Place {
    all: Arc<Interpreters>,
    id: String,
}

impl Place {
    /// None where the server stops meanwhile.
    fn fill(self, interpreter: Box<dyn Interpreter>) -> Option<Info> {
        let mut sessions = self.all.lock();
        let session = sessions.get_mut(&self.id)?;
        session.state = State::Idle { interpreter, since: Instant::now() };
        let info = session.info.clone();
        tracing::info!(session = info.id, language = info.language, "a session began");
        self.all.metrics.session_began();
        Some(info)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut sessions = self.all.lock();
        if sessions.get(&self.id).is_some_and(|session| matches!(session.state, State::Starting)) {
            sessions.remove(&self.id);
        }
    }
}
