//! Following a job: its state, then what notifications tell, until its end.
//!
//! Notifications are lost while the connection that listens is broken, so the end of a job is looked up whenever it may
//! have been missed.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::{Event, JobId, Report};
use tokio::sync::{broadcast, mpsc};
use tokio_postgres::Row;

use super::push::odd;
use super::topics::{BUFFER, Heard};
use super::{Shared, number};
use crate::{EventId, NumberedEvent, NumberedEventStream, QueueError, Status};

/// The database numbers the events with the job, so all processes share one epoch.
const EPOCH: u64 = 0;
/// After this long without a notification the follower looks whether the job is over.
const SILENCE: Duration = Duration::from_secs(15);

const STATE: &str = "SELECT stage::text, report, said, stated FROM job \
                     WHERE id = $1 AND (expires IS NULL OR expires > clock_timestamp())";

/// A job as one look shows it.
pub(super) struct Stand {
    pub(super) status: Status,
    /// The number of its last event.
    said: u64,
    /// That of the last one that said where it stands.
    stated: u64,
}

impl Shared {
    pub(super) async fn stand_of(&self, id: JobId) -> Result<Option<Stand>, QueueError> {
        let rows = self.database.query("look a job up", STATE, &[&id.0]).await?;
        rows.first().map(|row| read(id, row)).transpose()
    }

    /// Streams a job's state or missed events, then new ones, until its end.
    pub(super) async fn follow(
        self: &Arc<Self>,
        id: JobId,
        after: Option<EventId>,
    ) -> Result<Option<NumberedEventStream>, QueueError> {
        // What this process has told before is not for this follower.
        self.publisher.flush().await;
        if !self.listening.hears_events().await {
            return Err(self.database.fault("listen to a job", super::fault::Trouble::Closed));
        }
        let receiver = Some(self.topics.subscribe(id));
        let mut follower = Follower { shared: Arc::clone(self), id, receiver };
        let Some(stand) = self.stand_of(id).await? else { return Ok(None) };
        let state = match stand.status {
            Status::Done { report } => return Ok(Some(Box::pin(tokio_stream::once(done(report))))),
            Status::Queued => Event::Queued,
            Status::Running => Event::Started,
        };
        let first = match after {
            None => vec![numbered(stand.said, state)],
            Some(after) => self.missed(id, after, (stand.said, stand.stated), state).await?,
        };
        let (sender, events) = mpsc::channel(BUFFER);
        tokio::spawn(async move {
            for event in first {
                if sender.send(event).await.is_err() {
                    return;
                }
            }
            follower.forward(stand.said, &sender).await;
        });
        Ok(Some(Box::pin(tokio_stream::wrappers::ReceiverStream::new(events))))
    }

    /// The events after `after` that are still stored; later ones are heard.
    async fn missed(
        &self,
        id: JobId,
        after: EventId,
        (said, stated): (u64, u64),
        state: Event,
    ) -> Result<Vec<NumberedEvent>, QueueError> {
        const MISSED: &str =
            "SELECT number, body FROM event WHERE job = $1 AND number > $2 AND number <= $3 ORDER BY number";
        let after = if after.epoch == EPOCH { after.number } else { 0 };
        let rows = self.database.query("read what was told", MISSED, &[&id.0, &number(after), &number(said)]).await?;
        let mut missed: Vec<NumberedEvent> = rows.iter().filter_map(stored).collect();
        if stated > after {
            missed.push(numbered(stated, state));
            missed.sort_by_key(|event| event.id.map(|id| id.number));
        }
        Ok(missed)
    }

    /// An event that was too large for a notification.
    async fn stored_event(&self, id: JobId, event: u64) -> Option<NumberedEvent> {
        const STORED: &str = "SELECT number, body FROM event WHERE job = $1 AND number = $2";
        let rows = self.database.query("read an event", STORED, &[&id.0, &number(event)]).await.ok()?;
        rows.first().and_then(stored)
    }
}

fn read(id: JobId, row: &Row) -> Result<Stand, QueueError> {
    let read = || Ok((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?, row.try_get(3)?));
    let (stage, report, said, stated): (&str, Option<&str>, i64, i64) =
        read().map_err(|_: tokio_postgres::Error| odd())?;
    let status = match (stage, report) {
        ("done", Some(report)) => {
            let report = serde_json::from_str(report).map_err(|error| QueueError::Store {
                doing: format!("read the report of {id}"),
                source: error.into(),
            })?;
            Status::Done { report }
        }
        ("running", _) => Status::Running,
        _ => Status::Queued,
    };
    Ok(Stand { status, said: said.unsigned_abs(), stated: stated.unsigned_abs() })
}

fn stored(row: &Row) -> Option<NumberedEvent> {
    let (number, body): (i64, &str) = (row.try_get(0).ok()?, row.try_get(1).ok()?);
    Some(numbered(number.unsigned_abs(), serde_json::from_str(body).ok()?))
}

fn numbered(number: u64, event: Event) -> NumberedEvent {
    NumberedEvent { id: Some(EventId { epoch: EPOCH, number }), event }
}

fn done(report: Box<Report>) -> NumberedEvent {
    NumberedEvent { id: None, event: Event::Done { report } }
}

/// Leaves the topic when dropped.
struct Follower {
    shared: Arc<Shared>,
    id: JobId,
    receiver: Option<broadcast::Receiver<Heard>>,
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.shared.topics.leave(self.id, self.receiver.take());
    }
}

impl Follower {
    /// Passes on what is heard after event `last`, until the end.
    async fn forward(&mut self, mut last: u64, sender: &mpsc::Sender<NumberedEvent>) {
        let Some(receiver) = &mut self.receiver else { return };
        loop {
            let heard = tokio::select! {
                () = sender.closed() => return,
                heard = tokio::time::timeout(SILENCE, receiver.recv()) => heard,
            };
            let event = match heard {
                // What a look at the job has already shown is not news.
                Ok(Ok(Heard::Event(number, _))) if number <= last => None,
                Ok(Ok(Heard::Event(number, what))) => {
                    last = number;
                    match &*what {
                        "queued" => Some(numbered(number, Event::Queued)),
                        "running" => Some(numbered(number, Event::Started)),
                        "stored" => self.shared.stored_event(self.id, number).await,
                        _ => parse(number, &what),
                    }
                }
                Ok(Err(broadcast::error::RecvError::Lagged(_))) => None,
                Ok(Err(broadcast::error::RecvError::Closed)) => return,
                Ok(Ok(Heard::Done | Heard::Gap)) | Err(_) => match self.shared.stand_of(self.id).await {
                    Ok(Some(Stand { status: Status::Done { report }, .. })) => Some(done(report)),
                    Ok(Some(_)) | Err(_) => None,
                    Ok(None) => return,
                },
            };
            if let Some(event) = event {
                let is_last = event.id.is_none();
                if sender.send(event).await.is_err() || is_last {
                    return;
                }
            }
        }
    }
}

/// `event JSON`.
fn parse(number: u64, what: &str) -> Option<NumberedEvent> {
    Some(numbered(number, serde_json::from_str(what.strip_prefix("event ")?).ok()?))
}
