//! Events of jobs, over one channel a job: published by one task, received by another, each with a connection of its own.
//!
//! Channels lose what is said while nobody is connected; so the end of a job is looked up whenever it may have been
//! missed.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use optimus_core::{Event, JobId, Report};
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{broadcast, mpsc, oneshot};
use tokio_stream::StreamExt as _;

use super::script::{Args, TELL};
use super::{Shared, lock};
use crate::{EventId, NumberedEvent, NumberedEventStream, QueueError, Status};

/// Events are counted by Redis, with the job: every process counts on.
const EPOCH: u64 = 0;
/// Events on their way to Redis; beyond, some are lost.
const PUBLISH_BUFFER: usize = 1024;
/// Events that a slow listener may be behind before it loses some.
const SUBSCRIBER_BUFFER: usize = 64;
/// Whoever has heard nothing for this long looks whether the job is over.
const SILENCE: Duration = Duration::from_secs(15);
/// A connection that does not answer within this is dead.
const ANSWER: Duration = Duration::from_secs(5);
/// Between two tries to reach Redis.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) enum Publish {
    Event { id: JobId, language: String, json: String },
    Flush(oneshot::Sender<()>),
}

/// The speaking side.
pub(super) struct Publisher {
    sender: mpsc::Sender<Publish>,
    unsent: Arc<AtomicUsize>,
}

impl Publisher {
    pub(super) fn new() -> (Self, (mpsc::Receiver<Publish>, Arc<AtomicUsize>)) {
        let (sender, receiver) = mpsc::channel(PUBLISH_BUFFER);
        let unsent = Arc::<AtomicUsize>::default();
        (Self { sender, unsent: Arc::clone(&unsent) }, (receiver, unsent))
    }

    /// Never waits.
    pub(super) fn publish(&self, id: JobId, language: String, event: &Event) {
        let Ok(json) = serde_json::to_string(event) else { return };
        self.unsent.fetch_add(1, Ordering::AcqRel);
        if self.sender.try_send(Publish::Event { id, language, json }).is_err() {
            self.unsent.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Returns when all that was told before has been said.
    pub(super) async fn flush(&self) {
        if self.unsent.load(Ordering::Acquire) == 0 {
            return;
        }
        let (reply, said) = oneshot::channel();
        if self.sender.send(Publish::Flush(reply)).await.is_ok() {
            let _ = tokio::time::timeout(ANSWER, said).await;
        }
    }
}

/// Says what is told, in order.
pub(super) async fn publish_events(
    shared: Arc<Shared>,
    (mut published, unsent): (mpsc::Receiver<Publish>, Arc<AtomicUsize>),
) {
    let mut batch = Vec::new();
    while published.recv_many(&mut batch, 64).await > 0 {
        let mut waiting: Option<(String, Args, usize)> = None;
        for message in batch.drain(..) {
            match message {
                Publish::Event { id, language, json } => {
                    if waiting.as_ref().is_some_and(|(of, ..)| *of != language) {
                        publish_batch(&shared, waiting.take(), &unsent).await;
                    }
                    let (of, args, count) = waiting.take().unwrap_or((language, Args::default(), 0));
                    waiting = Some((of, args.with(id.to_string()).with(json), count + 1));
                }
                Publish::Flush(reply) => {
                    publish_batch(&shared, waiting.take(), &unsent).await;
                    let _ = reply.send(());
                }
            }
        }
        publish_batch(&shared, waiting, &unsent).await;
    }
}

async fn publish_batch(shared: &Shared, batch: Option<(String, Args, usize)>, unsent: &AtomicUsize) {
    if let Some((language, args, count)) = batch {
        if let Err(error) = shared.run_once::<()>("tell events", &TELL, &language, &args).await {
            tracing::debug!(%error, count, "events were lost");
        }
        unsent.fetch_sub(count, Ordering::AcqRel);
    }
}

/// Something that was heard.
#[derive(Clone)]
enum ChannelMessage {
    Text(Arc<str>),
    /// Something may have been missed.
    Gap,
}

pub(super) enum SubscriptionChange {
    Subscribe { channel: String, ready: oneshot::Sender<()> },
    Unsubscribe { channel: String },
}

/// The hearing side.
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
            // Nobody listens any more: nothing to tell.
            let _ = topic.send(heard);
        }
    }
}

/// Hears for everybody in this process.
pub(super) async fn run_subscriptions(shared: Arc<Shared>, mut commands: mpsc::UnboundedReceiver<SubscriptionChange>) {
    // Nobody listens yet: no connection.
    let Some(mut first) = commands.recv().await.map(Some) else { return };
    loop {
        match connect(&shared).await {
            Ok((sink, stream, subscribed)) => {
                let mut subscription = Subscription { sink, stream, subscribed };
                let broken = subscription.run(&shared, &mut commands, first.take()).await;
                match broken {
                    Some(error) => tracing::debug!(%error, "stopped hearing redis"),
                    None => return,
                }
            }
            Err(error) => {
                tracing::debug!(%error, "cannot listen at redis");
                // Those who wait to be ready hear that they are not.
                first = None;
                while commands.try_recv().is_ok() {}
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// A connection that hears all that anybody listens to; who was subscriptions looks whether something was missed.
async fn connect(shared: &Shared) -> redis::RedisResult<(PubSubSink, PubSubStream, HashSet<String>)> {
    let (mut sink, stream) = shared.link.address().listen().await?.split();
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

/// Where the job stands or what was missed, what happens from now on, and its end.
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
        return Err(shared.link.fault("listen to a job")(error.into()));
    }
    let Some((status, counters)) = shared.standing(id, &language).await? else { return Ok(None) };
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

/// How much of a job had been told when somebody looked.
#[derive(Debug, Clone, Copy)]
pub(super) struct EventCounters {
    /// The number of the last event.
    pub(super) last_seq: u64,
    /// That of the last one that said where the job stands.
    pub(super) status_seq: u64,
}

impl Shared {
    /// What happened after `after` and is still known; what comes later is heard on the channel.
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
        let kept: Vec<(String, Vec<Vec<u8>>)> = self.link.query("read what was told", &command).await?;
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
            Ok(Ok(_)) | Err(_) => match shared.standing(id, language).await {
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
