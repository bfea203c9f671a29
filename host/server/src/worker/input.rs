//! Takes what clients send to a running program out of the job's events.

use std::collections::BTreeMap;
use std::future::pending;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use optimus_core::{Event, Fault, JobId};
use optimus_queue::{Backend, EventId, NumberedEvent};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep, timeout_at};

/// Time in which a missing piece has to come: it may be on its way through another process.
const WAIT: Duration = Duration::from_secs(1);
/// Readings of the kept events that may bring nothing new, one after another.
const READINGS: u32 = 10;

/// Passes input on, from its beginning, until the program's stdin ends, and then waits. It returns when a piece is lost:
/// what the program would read without it is not what was sent.
pub(super) async fn pass_on(queue: &dyn Backend, id: JobId, sender: Option<UnboundedSender<Bytes>>) -> Fault {
    let Some(sender) = sender else { return pending().await };
    let (mut pieces, mut in_vain) = (Pieces::default(), 0);
    while in_vain < READINGS {
        let before = pieces.passed;
        if read(queue, id, &mut pieces, &sender).await.is_ok() {
            drop(sender);
            return pending().await;
        }
        in_vain = if pieces.passed > before { 0 } else { in_vain + 1 };
    }
    let message = format!("what clients sent to the program after byte {} was lost", pieces.passed);
    Fault::new("input_lost", message).hint("submit the job again")
}

/// A piece of the input did not come.
struct Missing;

/// Reads the kept events of a job and then its new ones, until its input is complete or the job is over.
async fn read(
    queue: &dyn Backend,
    id: JobId,
    pieces: &mut Pieces,
    sender: &UnboundedSender<Bytes>,
) -> Result<(), Missing> {
    let mut events = match queue.follow(id, Some(EventId::BEGINNING)).await {
        Ok(Some(events)) => events,
        Ok(None) => return Ok(()),
        Err(error) => {
            tracing::warn!(job = %id, %error, "cannot read the input of a running program");
            sleep(WAIT).await;
            return Err(Missing);
        }
    };
    let mut missing_since = None;
    loop {
        let next = match pieces.early.is_empty() {
            true => {
                missing_since = None;
                events.next().await
            }
            false => {
                let since = *missing_since.get_or_insert_with(Instant::now);
                timeout_at(since + WAIT, events.next()).await.map_err(|_| Missing)?
            }
        };
        match next {
            Some(NumberedEvent { event: Event::Input { offset, content, end }, .. }) => {
                pieces.early.insert(offset, (content.bytes(), end));
                if pieces.pass(sender) {
                    return Ok(());
                }
            }
            Some(NumberedEvent { event: Event::Done { .. }, .. }) | None => return Ok(()),
            Some(_) => {}
        }
    }
}

/// Input that has come.
#[derive(Default)]
struct Pieces {
    /// Bytes that were passed on.
    passed: u64,
    /// Pieces that were not, by the number of bytes before them.
    early: BTreeMap<u64, (Bytes, bool)>,
}

impl Pieces {
    /// Passes on what is complete, and forgets what was passed on before; true after the last piece.
    fn pass(&mut self, sender: &UnboundedSender<Bytes>) -> bool {
        while let Some(first) = self.early.first_entry() {
            if *first.key() > self.passed {
                return false;
            }
            let (offset, (bytes, is_last)) = first.remove_entry();
            if offset == self.passed {
                self.passed += bytes.len() as u64;
                // A program that has ended reads nothing more.
                let _ = sender.send(bytes);
                if is_last {
                    return true;
                }
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_passed_on_in_order_and_once() {
        let (sender, mut passed) = tokio::sync::mpsc::unbounded_channel();
        let mut pieces = Pieces::default();
        let mut add = |offset: u64, bytes: &'static str, end: bool| {
            pieces.early.insert(offset, (Bytes::from_static(bytes.as_bytes()), end));
            pieces.pass(&sender)
        };
        assert!(!add(0, "ab", false));
        assert!(!add(3, "d", false), "a byte before it is missing");
        assert!(!add(0, "ab", false), "this was passed on");
        assert!(!add(2, "c", false));
        assert!(add(4, "", true));
        let mut all = Vec::new();
        while let Ok(bytes) = passed.try_recv() {
            all.extend_from_slice(&bytes);
        }
        assert_eq!(all, b"abcd");
    }
}
