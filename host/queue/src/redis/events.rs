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
use crate::{Mark, Marked, MarkedStream, QueueError, Status};

/// Events are counted by Redis, with the job: every process counts on.
const COUNT: u64 = 0;
/// Events on their way to Redis; beyond, some are lost.
const UNSENT: usize = 1024;
/// Events that a slow listener may be behind before it loses some.
const UNHEARD: usize = 64;
/// Whoever has heard nothing for this long looks whether the job is over.
const SILENCE: Duration = Duration::from_secs(15);
/// A connection that does not answer within this is dead.
const ANSWER: Duration = Duration::from_secs(5);
/// Between two tries to reach Redis.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) enum Tell {
    Event { id: JobId, language: String, json: String },
    Flush(oneshot::Sender<()>),
}

/// The speaking side.
pub(super) struct Publisher {
    sender: mpsc::Sender<Tell>,
    unsent: Arc<AtomicUsize>,
}

impl Publisher {
    pub(super) fn new() -> (Self, (mpsc::Receiver<Tell>, Arc<AtomicUsize>)) {
        let (sender, receiver) = mpsc::channel(UNSENT);
        let unsent = Arc::<AtomicUsize>::default();
        (Self { sender, unsent: Arc::clone(&unsent) }, (receiver, unsent))
    }

    /// Never waits.
    pub(super) fn tell(&self, id: JobId, language: String, event: &Event) {
        let Ok(json) = serde_json::to_string(event) else { return };
        self.unsent.fetch_add(1, Ordering::AcqRel);
        if self.sender.try_send(Tell::Event { id, language, json }).is_err() {
            self.unsent.fetch_sub(1, Ordering::AcqRel);
        }
    }

    /// Returns when all that was told before has been said.
    pub(super) async fn flush(&self) {
        if self.unsent.load(Ordering::Acquire) == 0 {
            return;
        }
        let (reply, said) = oneshot::channel();
        if self.sender.send(Tell::Flush(reply)).await.is_ok() {
            let _ = tokio::time::timeout(ANSWER, said).await;
        }
    }
}

/// Says what is told, in order.
pub(super) async fn tell(shared: Arc<Shared>, (mut published, unsent): (mpsc::Receiver<Tell>, Arc<AtomicUsize>)) {
    let mut batch = Vec::new();
    while published.recv_many(&mut batch, 64).await > 0 {
        let mut waiting: Option<(String, Args, usize)> = None;
        for message in batch.drain(..) {
            match message {
                Tell::Event { id, language, json } => {
                    if waiting.as_ref().is_some_and(|(of, ..)| *of != language) {
                        say(&shared, waiting.take(), &unsent).await;
                    }
                    let (of, args, count) = waiting.take().unwrap_or((language, Args::default(), 0));
                    waiting = Some((of, args.with(id.to_string()).with(json), count + 1));
                }
                Tell::Flush(reply) => {
                    say(&shared, waiting.take(), &unsent).await;
                    let _ = reply.send(());
                }
            }
        }
        say(&shared, waiting, &unsent).await;
    }
}

async fn say(shared: &Shared, batch: Option<(String, Args, usize)>, unsent: &AtomicUsize) {
    if let Some((language, args, count)) = batch {
        if let Err(error) = shared.run_once::<()>("tell events", &TELL, &language, &args).await {
            tracing::debug!(%error, count, "events were lost");
        }
        unsent.fetch_sub(count, Ordering::AcqRel);
    }
}

/// Something that was heard.
#[derive(Clone)]
enum Heard {
    Said(Arc<str>),
    /// Something may have been missed.
    Gap,
}

pub(super) enum Listen {
    To { channel: String, ready: oneshot::Sender<()> },
    NoMore { channel: String },
}

/// The hearing side.
pub(super) struct Listening {
    topics: Mutex<HashMap<String, broadcast::Sender<Heard>>>,
    sender: mpsc::UnboundedSender<Listen>,
}

impl Listening {
    pub(super) fn new() -> (Self, mpsc::UnboundedReceiver<Listen>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        (Self { topics: Mutex::default(), sender }, receiver)
    }

    fn join(&self, channel: &str) -> (broadcast::Receiver<Heard>, oneshot::Receiver<()>) {
        let (ready, is_ready) = oneshot::channel();
        let mut topics = lock(&self.topics);
        let topic = topics.entry(channel.to_owned()).or_insert_with(|| broadcast::channel(UNHEARD).0);
        let receiver = topic.subscribe();
        let _ = self.sender.send(Listen::To { channel: channel.to_owned(), ready });
        (receiver, is_ready)
    }

    fn leave(&self, channel: &str, receiver: Option<broadcast::Receiver<Heard>>) {
        let mut topics = lock(&self.topics);
        // Under the lock, so that of two who leave one is the last.
        drop(receiver);
        if topics.get(channel).is_some_and(|topic| topic.receiver_count() == 0) {
            topics.remove(channel);
            let _ = self.sender.send(Listen::NoMore { channel: channel.to_owned() });
        }
    }

    fn pass_on(&self, channel: &str, heard: Heard) {
        if let Some(topic) = lock(&self.topics).get(channel) {
            // Nobody listens any more: nothing to tell.
            let _ = topic.send(heard);
        }
    }
}

/// Hears for everybody in this process.
pub(super) async fn listen(shared: Arc<Shared>, mut commands: mpsc::UnboundedReceiver<Listen>) {
    // Nobody listens yet: no connection.
    let Some(mut first) = commands.recv().await.map(Some) else { return };
    loop {
        match connect(&shared).await {
            Ok((sink, stream, subscribed)) => {
                let mut subscription = Subscription { sink, stream, subscribed };
                let broken = subscription.hear(&shared, &mut commands, first.take()).await;
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

/// A connection that hears all that anybody listens to; who was listening looks whether something was missed.
async fn connect(shared: &Shared) -> redis::RedisResult<(PubSubSink, PubSubStream, HashSet<String>)> {
    let (mut sink, stream) = shared.link.address().listen().await?.split();
    let channels: HashSet<String> = lock(&shared.listening.topics).keys().cloned().collect();
    if !channels.is_empty() {
        sink.subscribe(channels.iter().collect::<Vec<_>>()).await?;
    }
    for channel in &channels {
        shared.listening.pass_on(channel, Heard::Gap);
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
    async fn hear(
        &mut self,
        shared: &Shared,
        commands: &mut mpsc::UnboundedReceiver<Listen>,
        first: Option<Listen>,
    ) -> Option<redis::RedisError> {
        let mut batch: Vec<Listen> = first.into_iter().collect();
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
                    shared.listening.pass_on(message.get_channel_name(), Heard::Said(text));
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
    async fn apply(&mut self, batch: &mut Vec<Listen>) -> redis::RedisResult<()> {
        let (mut joined, mut readies) = (Vec::new(), Vec::new());
        for command in batch.drain(..) {
            match command {
                Listen::To { channel, ready } => {
                    if self.subscribed.insert(channel.clone()) {
                        joined.push(channel);
                    }
                    readies.push(ready);
                }
                Listen::NoMore { channel } => {
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
    after: Option<Mark>,
) -> Result<Option<MarkedStream>, QueueError> {
    let Some(language) = shared.route(id).await? else { return Ok(None) };
    // What this process has told before is not for this listener.
    shared.publisher.flush().await;
    let channel = shared.key(&language, &format!("ev:{id}"));
    let (receiver, ready) = shared.listening.join(&channel);
    let mut ticket = Ticket { shared: Arc::clone(shared), channel, receiver: Some(receiver) };
    if !matches!(tokio::time::timeout(ANSWER, ready).await, Ok(Ok(()))) {
        let error = std::io::Error::new(std::io::ErrorKind::NotConnected, "cannot listen there at the moment");
        return Err(shared.link.fault("listen to a job")(error.into()));
    }
    let Some((status, told)) = shared.standing(id, &language).await? else { return Ok(None) };
    let stand = match status {
        Status::Done { report } => {
            return Ok(Some(Box::pin(tokio_stream::once(done(report)))));
        }
        Status::Queued => Event::Queued,
        Status::Running => Event::Started,
    };
    let first = match after {
        None => vec![marked(told.said, stand)],
        Some(after) => shared.missed(id, &language, after, (told, stand)).await?,
    };
    let (sender, events) = mpsc::channel(UNHEARD);
    tokio::spawn(async move {
        for event in first {
            if sender.send(event).await.is_err() {
                return;
            }
        }
        if let Some(receiver) = &mut ticket.receiver {
            listen_on(&ticket.shared, id, &language, told.said, receiver, &sender).await;
        }
    });
    Ok(Some(Box::pin(tokio_stream::wrappers::ReceiverStream::new(events))))
}

fn marked(number: u64, event: Event) -> Marked {
    Marked { mark: Some(Mark { count: COUNT, number }), event }
}

fn done(report: Box<Report>) -> Marked {
    Marked { mark: None, event: Event::Done { report } }
}

/// Leaves the channel when dropped.
struct Ticket {
    shared: Arc<Shared>,
    channel: String,
    receiver: Option<broadcast::Receiver<Heard>>,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.shared.listening.leave(&self.channel, self.receiver.take());
    }
}

/// How much of a job had been told when somebody looked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// The number of the last event.
    pub(super) said: u64,
    /// That of the last one that said where the job stands.
    pub(super) stated: u64,
}

impl Shared {
    /// What happened after `after` and is still known; what comes later is heard on the channel.
    async fn missed(
        &self,
        id: JobId,
        language: &str,
        after: Mark,
        (told, stand): (Told, Event),
    ) -> Result<Vec<Marked>, QueueError> {
        let after = if after.count == COUNT { after.number } else { 0 };
        let mut command = redis::cmd("XRANGE");
        command
            .arg(self.key(language, &format!("told:{id}")))
            .arg(format!("({after}-0"))
            .arg(format!("{}-0", told.said));
        let kept: Vec<(String, Vec<Vec<u8>>)> = self.link.query("read what was told", &command).await?;
        let read = |(number, fields): (String, Vec<Vec<u8>>)| {
            let number = number.split('-').next()?.parse().ok()?;
            Some(marked(number, serde_json::from_slice(fields.get(1)?).ok()?))
        };
        let mut missed: Vec<Marked> = kept.into_iter().filter_map(read).collect();
        if told.stated > after {
            missed.push(marked(told.stated, stand));
            missed.sort_by_key(|event| event.mark.map(|mark| mark.number));
        }
        Ok(missed)
    }
}

async fn listen_on(
    shared: &Shared,
    id: JobId,
    language: &str,
    mut said: u64,
    receiver: &mut broadcast::Receiver<Heard>,
    sender: &mpsc::Sender<Marked>,
) {
    loop {
        let heard = tokio::select! {
            () = sender.closed() => return,
            heard = tokio::time::timeout(SILENCE, receiver.recv()) => heard,
        };
        let event = match heard {
            Ok(Ok(Heard::Said(text))) if &*text != "done" => understand(&text, &mut said),
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
fn understand(text: &str, said: &mut u64) -> Option<Marked> {
    let (number, what) = text.split_once(':')?;
    let number: u64 = number.parse().ok()?;
    if number <= *said {
        return None;
    }
    *said = number;
    let event = match what {
        "queued" => Event::Queued,
        "running" => Event::Started,
        _ => serde_json::from_str(what.strip_prefix("event:")?).ok()?,
    };
    Some(marked(number, event))
}
