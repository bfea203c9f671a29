//! Subscriptions to events of jobs: one Redis channel per job, received by one task with its own connection.
//!
//! A channel loses messages while no subscriber is connected, so the end of a job is looked up whenever it may have been
//! missed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use optimus_core::{Event, JobId, Report};
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_stream::StreamExt as _;

use super::{Shared, lock};
use crate::{EventId, NumberedEvent, NumberedEventStream, QueueError, Status};

/// Redis numbers the events with the job, so all processes share one epoch.
const EPOCH: u64 = 0;
/// Maximum number of events that a slow subscriber lags behind before it loses some.
const SUBSCRIBER_BUFFER: usize = 64;
/// After this long without a message the subscriber looks up whether the job is over.
const SILENCE: Duration = Duration::from_secs(15);
/// Timeout after which a connection counts as dead.
const ANSWER: Duration = Duration::from_secs(5);
/// Delay between two attempts to reach Redis.
const PAUSE: Duration = Duration::from_millis(500);

/// A message of a channel.
#[derive(Clone)]
enum ChannelMessage {
    Text(Arc<str>),
    /// Messages may have been lost.
    Gap,
}

/// A request to the subscribing task.
pub(super) enum SubscriptionChange {
    Subscribe { channel: String, ready: oneshot::Sender<()> },
    Unsubscribe { channel: String },
}

/// Distributes the messages of all channels to their subscribers.
pub(super) struct Subscriptions {
    topics: Mutex<HashMap<String, broadcast::Sender<ChannelMessage>>>,
    sender: mpsc::UnboundedSender<SubscriptionChange>,
}

impl Subscriptions {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<SubscriptionChange>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { topics: Mutex::default(), sender }, receiver)
    }

    fn subscribe(&self, channel: &str) -> (broadcast::Receiver<ChannelMessage>, oneshot::Receiver<()>) {
        let (ready, is_ready) = oneshot::channel();
        let mut topics = lock(&self.topics);
        let topic = topics.entry(channel.to_owned()).or_insert_with(|| broadcast::channel(SUBSCRIBER_BUFFER).0);
        let receiver = topic.subscribe();
        let _ = self.sender.send(SubscriptionChange::Subscribe { channel: channel.to_owned(), ready });
        (receiver, is_ready)
    }

    fn unsubscribe(&self, channel: &str, receiver: Option<broadcast::Receiver<ChannelMessage>>) {
        let mut topics = lock(&self.topics);
        // Under the lock, so that of two who leave one is the last.
        drop(receiver);
        if topics.get(channel).is_some_and(|topic| topic.receiver_count() == 0) {
            topics.remove(channel);
            let _ = self.sender.send(SubscriptionChange::Unsubscribe { channel: channel.to_owned() });
        }
    }

    fn dispatch(&self, channel: &str, heard: ChannelMessage) {
        if let Some(topic) = lock(&self.topics).get(channel) {
            // Without subscribers the message is dropped.
            let _ = topic.send(heard);
        }
    }
}

/// The subscribing task: receives messages for all subscribers of this process.
pub(super) async fn run_subscriptions(shared: Arc<Shared>, mut commands: mpsc::UnboundedReceiver<SubscriptionChange>) {
    // The connection is opened with the first subscriber.
    let Some(mut first) = commands.recv().await.map(Some) else { return };
    loop {
        match connect(&shared).await {
            Ok((sink, stream, subscribed)) => {
                let mut subscription = Subscription { sink, stream, subscribed };
                let broken = subscription.run(&shared, &mut commands, first.take()).await;
                match broken {
                    Some(error) => tracing::debug!(%error, "the event subscription to redis broke"),
                    None => return,
                }
            }
            Err(error) => {
                tracing::debug!(%error, "cannot subscribe to redis events");
                // Pending subscriptions fail.
                first = None;
                while commands.try_recv().is_ok() {}
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// A connection that hears all that anybody listens to; who was subscriptions looks whether something was missed.
async fn connect(shared: &Shared) -> redis::RedisResult<(PubSubSink, PubSubStream, HashSet<String>)> {
    let (mut sink, stream) = shared.connection.address().listen().await?.split();
    let channels: HashSet<String> = lock(&shared.subscriptions.topics).keys().cloned().collect();
    if !channels.is_empty() {
        sink.subscribe(channels.iter().collect::<Vec<_>>()).await?;
    }
    for channel in &channels {
        shared.subscriptions.dispatch(channel, ChannelMessage::Gap);
    }
    Ok((sink, stream, channels))
}

struct Subscription {
    sink: PubSubSink,
    stream: PubSubStream,
    subscribed: HashSet<String>,
}

impl Subscription {
    /// Until the connection breaks, which is the error, or the queue is gone.
    async fn run(
        &mut self,
        shared: &Shared,
        commands: &mut mpsc::UnboundedReceiver<SubscriptionChange>,
        first: Option<SubscriptionChange>,
    ) -> Option<redis::RedisError> {
        let mut batch: Vec<SubscriptionChange> = first.into_iter().collect();
        let mut check = tokio::time::interval(SILENCE);
        loop {
            if let Err(error) = self.apply(&mut batch).await {
                return Some(error);
            }
            tokio::select! {
                message = self.stream.next() => {
                    let Some(message) = message else {
                        return Some((redis::ErrorKind::Io, "the connection was closed").into());
                    };
                    let text = String::from_utf8_lossy(message.get_payload_bytes()).into();
                    shared.subscriptions.dispatch(message.get_channel_name(), ChannelMessage::Text(text));
                }
                count = commands.recv_many(&mut batch, 256) => if count == 0 { return None },
                _ = check.tick() => {
                    let alive = tokio::time::timeout(ANSWER, self.sink.ping::<redis::Value>()).await;
                    match alive {
                        Ok(Ok(_)) => {}
                        Ok(Err(error)) => return Some(error),
                        Err(_) => return Some((redis::ErrorKind::Io, "the connection is silent").into()),
                    }
                }
            }
        }
    }

    /// New channels together, in one round trip.
    async fn apply(&mut self, batch: &mut Vec<SubscriptionChange>) -> redis::RedisResult<()> {
        let (mut joined, mut readies) = (Vec::new(), Vec::new());
        for command in batch.drain(..) {
            match command {
                SubscriptionChange::Subscribe { channel, ready } => {
                    if self.subscribed.insert(channel.clone()) {
                        joined.push(channel);
                    }
                    readies.push(ready);
                }
                SubscriptionChange::Unsubscribe { channel } => {
                    if let Some(at) = joined.iter().position(|joined| *joined == channel) {
                        joined.remove(at);
                        self.subscribed.remove(&channel);
                    } else if self.subscribed.remove(&channel) {
                        self.sink.unsubscribe(channel).await?;
                    }
                }
            }
        }
        if !joined.is_empty() {
            self.sink.subscribe(joined).await?;
        }
        for ready in readies {
            // Who has gone meanwhile need not know.
            let _ = ready.send(());
        }
        Ok(())
    }
}

/// Streams a job's state or missed events, then new ones, until its end.
pub(super) async fn follow(
    shared: &Arc<Shared>,
    id: JobId,
    after: Option<EventId>,
) -> Result<Option<NumberedEventStream>, QueueError> {
    let Some(language) = shared.route(id).await? else { return Ok(None) };
    // What this process has told before is not for this listener.
    shared.publisher.flush().await;
    let channel = shared.key(&language, &format!("ev:{id}"));
    let (receiver, ready) = shared.subscriptions.subscribe(&channel);
    let mut subscriber = Subscriber { shared: Arc::clone(shared), channel, receiver: Some(receiver) };
    if !matches!(tokio::time::timeout(ANSWER, ready).await, Ok(Ok(()))) {
        let error = std::io::Error::new(std::io::ErrorKind::NotConnected, "cannot listen there at the moment");
        return Err(shared.connection.fault("listen to a job")(error.into()));
    }
    let Some((status, counters)) = shared.state_of(id, &language).await? else { return Ok(None) };
    let stand = match status {
        Status::Done { report } => {
            return Ok(Some(Box::pin(tokio_stream::once(done(report)))));
        }
        Status::Queued => Event::Queued,
        Status::Running => Event::Started,
    };
    let first = match after {
        None => vec![marked(counters.last_seq, stand)],
        Some(after) => shared.missed(id, &language, after, (counters, stand)).await?,
    };
    let (sender, events) = mpsc::channel(SUBSCRIBER_BUFFER);
    tokio::spawn(async move {
        for event in first {
            if sender.send(event).await.is_err() {
                return;
            }
        }
        if let Some(receiver) = &mut subscriber.receiver {
            forward_events(&subscriber.shared, id, &language, counters.last_seq, receiver, &sender).await;
        }
    });
    Ok(Some(Box::pin(tokio_stream::wrappers::ReceiverStream::new(events))))
}

fn marked(number: u64, event: Event) -> NumberedEvent {
    NumberedEvent { id: Some(EventId { epoch: EPOCH, number }), event }
}

fn done(report: Box<Report>) -> NumberedEvent {
    NumberedEvent { id: None, event: Event::Done { report } }
}

/// Leaves the channel when dropped.
struct Subscriber {
    shared: Arc<Shared>,
    channel: String,
    receiver: Option<broadcast::Receiver<ChannelMessage>>,
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.shared.subscriptions.unsubscribe(&self.channel, self.receiver.take());
    }
}

/// Positions in a job's event log at the time of a read.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventCounters {
    /// The number of the last event.
    pub(super) last_seq: u64,
    /// That of the last one that said where the job stands.
    pub(super) status_seq: u64,
}

impl Shared {
    /// The events after `after` that are still stored; later ones arrive on the channel.
    async fn missed(
        &self,
        id: JobId,
        language: &str,
        after: EventId,
        (counters, stand): (EventCounters, Event),
    ) -> Result<Vec<NumberedEvent>, QueueError> {
        let after = if after.epoch == EPOCH { after.number } else { 0 };
        let mut command = redis::cmd("XRANGE");
        command
            .arg(self.key(language, &format!("told:{id}")))
            .arg(format!("({after}-0"))
            .arg(format!("{}-0", counters.last_seq));
        let kept: Vec<(String, Vec<Vec<u8>>)> = self.connection.query("read what was told", &command).await?;
        let read = |(number, fields): (String, Vec<Vec<u8>>)| {
            let number = number.split('-').next()?.parse().ok()?;
            Some(marked(number, serde_json::from_slice(fields.get(1)?).ok()?))
        };
        let mut missed: Vec<NumberedEvent> = kept.into_iter().filter_map(read).collect();
        if counters.status_seq > after {
            missed.push(marked(counters.status_seq, stand));
            missed.sort_by_key(|event| event.id.map(|id| id.number));
        }
        Ok(missed)
    }
}

async fn forward_events(
    shared: &Shared,
    id: JobId,
    language: &str,
    mut last_seq: u64,
    receiver: &mut broadcast::Receiver<ChannelMessage>,
    sender: &mpsc::Sender<NumberedEvent>,
) {
    loop {
        let heard = tokio::select! {
            () = sender.closed() => return,
            heard = tokio::time::timeout(SILENCE, receiver.recv()) => heard,
        };
        let event = match heard {
            Ok(Ok(ChannelMessage::Text(text))) if &*text != "done" => parse_event(&text, &mut last_seq),
            Ok(Err(broadcast::error::RecvError::Lagged(_))) => None,
            Ok(Err(broadcast::error::RecvError::Closed)) => return,
            Ok(Ok(_)) | Err(_) => match shared.state_of(id, language).await {
                Ok(Some((Status::Done { report }, _))) => {
                    let _ = sender.send(done(report)).await;
                    return;
                }
                Ok(Some(_)) | Err(_) => None,
                Ok(None) => return,
            },
        };
        if let Some(event) = event
            && sender.send(event).await.is_err()
        {
            return;
        }
    }
}

/// `NUMBER:queued`, `NUMBER:running` or `NUMBER:event:JSON`. What a look at the job has already shown is not news.
fn parse_event(text: &str, last_seq: &mut u64) -> Option<NumberedEvent> {
    let (number, what) = text.split_once(':')?;
    let number: u64 = number.parse().ok()?;
    if number <= *last_seq {
        return None;
    }
    *last_seq = number;
    let event = match what {
        "queued" => Event::Queued,
        "running" => Event::Started,
        _ => serde_json::from_str(what.strip_prefix("event:")?).ok()?,
    };
    Some(marked(number, event))
}
