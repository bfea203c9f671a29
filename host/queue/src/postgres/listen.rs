//! The connection that listens: for jobs while a worker waits, for events while somebody follows a job.

use std::future::poll_fn;
use std::time::Duration;

use optimus_core::JobId;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_postgres::{AsyncMessage, Client, Notification};

use super::fault::Trouble;
use super::topics::Heard;
use super::{Arc, Shared};
use crate::background::Outage;

/// Delay between two attempts to reach the server.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a silent connection is looked after.
const CHECK: Duration = Duration::from_secs(15);
const ANSWER: Duration = Duration::from_secs(5);

pub(super) const WORK: &str = "work";
pub(super) const EVENTS: &str = "events";

/// The channels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Channels {
    work: bool,
    events: bool,
}

/// Which channels are wanted, and which are heard.
pub(super) struct Listening {
    wanted: watch::Sender<Channels>,
    heard: watch::Sender<Channels>,
}

impl Default for Listening {
    fn default() -> Self {
        Self { wanted: watch::Sender::new(Channels::default()), heard: watch::Sender::new(Channels::default()) }
    }
}

impl Listening {
    /// Work is listened for from now on.
    pub(super) fn want_work(&self) {
        self.want(|channels| &mut channels.work);
    }

    /// Returns once events are heard; `false`, if they cannot be.
    pub(super) async fn hears_events(&self) -> bool {
        self.want(|channels| &mut channels.events);
        let mut heard = self.heard.subscribe();
        let hearing = heard.wait_for(|channels| channels.events);
        tokio::time::timeout(ANSWER, hearing).await.is_ok_and(|heard| heard.is_ok())
    }

    fn want(&self, channel: impl Fn(&mut Channels) -> &mut bool) {
        self.wanted.send_if_modified(|wanted| !std::mem::replace(channel(wanted), true));
    }
}

/// The listening task.
pub(super) async fn listen(shared: Arc<Shared>) {
    let mut wanted = shared.listening.wanted.subscribe();
    let mut outage = Outage::of("listen for notifications of postgres");
    loop {
        if wanted.wait_for(|wanted| *wanted != Channels::default()).await.is_err() {
            return;
        }
        let connected = Listener::connect(&shared).await;
        outage.note(&connected);
        if let Ok(mut listener) = connected {
            let trouble = listener.run(&shared, &mut wanted).await;
            tracing::debug!(%trouble, "the connection that listens broke");
        }
        shared.listening.heard.send_replace(Channels::default());
        tokio::time::sleep(PAUSE).await;
    }
}

struct Listener {
    client: Client,
    notifications: mpsc::UnboundedReceiver<Notification>,
    /// Drives the connection; ends with this.
    _driver: JoinSet<()>,
}

impl Listener {
    async fn connect(shared: &Shared) -> Result<Self, Trouble> {
        let address = shared.database.address();
        let (client, mut connection) = address.config.connect(address.tls.clone()).await?;
        let (sender, notifications) = mpsc::unbounded_channel();
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(notification) = message
                    && sender.send(notification).is_err()
                {
                    return;
                }
            }
        });
        Ok(Self { client, notifications, _driver: driver })
    }

    /// Until the connection breaks; returns why.
    async fn run(&mut self, shared: &Shared, wanted: &mut watch::Receiver<Channels>) -> Trouble {
        let (work, events) = (shared.database.channel(WORK), shared.database.channel(EVENTS));
        let mut heard = Channels::default();
        let mut check = tokio::time::interval(CHECK);
        loop {
            let now = *wanted.borrow_and_update();
            if now != heard {
                let begin = |new: bool, channel: &str| if new { format!("LISTEN {channel};") } else { String::new() };
                let sql = begin(now.work && !heard.work, &work) + &begin(now.events && !heard.events, &events);
                if let Err(trouble) = self.execute(&sql).await {
                    return trouble;
                }
                // Told before anyone relies on this connection: a follower that comes later has missed nothing.
                if now.events && !heard.events {
                    shared.topics.dispatch_gap();
                }
                heard = now;
                shared.listening.heard.send_replace(heard);
                shared.wakes.wake_all();
            }
            tokio::select! {
                notification = self.notifications.recv() => match notification {
                    Some(heard) if heard.channel() == work => shared.wakes.wake(heard.payload()),
                    Some(heard) => dispatch(shared, heard.payload()),
                    None => return Trouble::Closed,
                },
                _ = wanted.changed() => {}
                _ = check.tick() => if let Err(trouble) = self.execute("").await { return trouble },
            }
        }
    }

    async fn execute(&self, sql: &str) -> Result<(), Trouble> {
        let done = tokio::time::timeout(ANSWER, self.client.batch_execute(sql)).await;
        Ok(done.map_err(|_| Trouble::Late(ANSWER))??)
    }
}

/// `JOB NUMBER WHAT`; anything else is of another version, and is looked up when the job is over.
fn dispatch(shared: &Shared, payload: &str) {
    let mut parts = payload.splitn(3, ' ');
    let (Some(id), Some(number), Some(what)) = (parts.next(), parts.next(), parts.next()) else { return };
    let (Ok(id), Ok(number)) = (id.parse::<JobId>(), number.parse()) else { return };
    let heard = if what == "done" { Heard::Done } else { Heard::Event(number, what.into()) };
    shared.topics.dispatch(id, heard);
}
