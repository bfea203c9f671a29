//! A listener's place in a feed.

use std::sync::Arc;

use optimus_core::Timestamp;
use optimus_queue::{Backend, EventId, FeedEvent, FeedPage, LOST, QueueError};
use serde_json::json;

use super::tails::Tail;

/// Events of one read.
const PAGE: usize = 256;
/// The place before all events of a feed.
const BEGIN: EventId = EventId { epoch: 0, number: 0 };

/// Where a listener begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// With what happens from now on.
    Now,
    /// After the last event that it has.
    After(EventId),
    /// With the first event of this time or later.
    Since(Timestamp),
}

/// Reads a feed from one place on.
pub(crate) struct Follower {
    queue: Arc<dyn Backend>,
    tenant: Option<String>,
    tail: Tail,
    place: EventId,
    /// Earlier events are passed over.
    since: Option<Timestamp>,
}

impl Follower {
    /// # Errors
    /// The feed cannot be read.
    pub(crate) async fn new(
        queue: Arc<dyn Backend>,
        tenant: Option<String>,
        tail: Tail,
        start: Start,
    ) -> Result<Self, QueueError> {
        let (place, since) = match start {
            Start::Now => (queue.feed(tenant.as_deref(), None, 0).await?.last.unwrap_or(BEGIN), None),
            Start::After(id) => (id, None),
            Start::Since(time) => {
                let oldest = queue.feed(tenant.as_deref(), None, 1).await?;
                (place_since(&oldest, time), Some(time))
            }
        };
        Ok(Self { queue, tenant, tail, place, since })
    }

    /// Waits for what follows. Cancel-safe.
    ///
    /// # Errors
    /// The feed cannot be read; it can be tried again.
    pub(crate) async fn next(&mut self) -> Result<Vec<(EventId, FeedEvent)>, QueueError> {
        loop {
            // What is added from here on is a change.
            self.tail.borrow_and_update();
            let page = self.queue.feed(self.tenant.as_deref(), Some(self.place), PAGE).await?;
            if let Some(place) = gap(self.place, &page) {
                let lost = FeedEvent::new(LOST, json!({ "after": self.place.to_string() }));
                self.place = place;
                return Ok(vec![(place, lost)]);
            }
            if let Some((last, _)) = page.events.last() {
                self.place = *last;
                let is_wanted = |event: &FeedEvent| self.since.is_none_or(|since| event.at >= since);
                return Ok(page.events.into_iter().filter(|(_, event)| is_wanted(event)).collect());
            }
            // The sender lives as long as anybody has its receiver.
            let _ = self.tail.changed().await;
        }
    }

    /// The place after all that was read.
    pub(crate) fn place(&self) -> EventId {
        self.place
    }
}

/// The place from which a listener hears all since a time. Where the oldest event is later and was not the first, events
/// of that time may be forgotten: then it is before the first, so that the listener is told.
fn place_since(oldest: &FeedPage, time: Timestamp) -> EventId {
    match oldest.events.first() {
        Some((first, event)) if event.at < time || first.number == 1 => EventId { number: first.number - 1, ..*first },
        _ => BEGIN,
    }
}

/// Where the listener goes on, if events after its place are missing, or may be.
fn gap(place: EventId, page: &FeedPage) -> Option<EventId> {
    let Some(last) = page.last else { return (place != BEGIN).then_some(BEGIN) };
    let before_first = page.first.map_or(last, |first| EventId { number: first.number - 1, ..first });
    let is_whole = match place {
        BEGIN => before_first.number == 0,
        place => place.epoch == last.epoch && place >= before_first && place <= last,
    };
    (!is_whole).then_some(before_first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(epoch: u64, number: u64) -> EventId {
        EventId { epoch, number }
    }

    fn page(first: u64, last: u64) -> FeedPage {
        FeedPage { first: Some(id(5, first)), last: Some(id(5, last)), events: Vec::new() }
    }

    #[test]
    fn a_gap_is_seen_and_only_a_gap() {
        assert_eq!(gap(id(5, 7), &page(3, 9)), None);
        assert_eq!(gap(id(5, 2), &page(3, 9)), None, "the next one is kept");
        assert_eq!(gap(id(5, 9), &page(3, 9)), None);
        assert_eq!(gap(id(5, 1), &page(3, 9)), Some(id(5, 2)));
        assert_eq!(gap(id(4, 7), &page(3, 9)), Some(id(5, 2)), "of an earlier feed");
        assert_eq!(gap(id(5, 10), &page(3, 9)), Some(id(5, 2)), "of none");
        assert_eq!(gap(BEGIN, &page(1, 9)), None);
        assert_eq!(gap(BEGIN, &page(3, 9)), Some(id(5, 2)));
        assert_eq!(gap(BEGIN, &FeedPage::default()), None);
        assert_eq!(gap(id(5, 1), &FeedPage::default()), Some(BEGIN), "all is forgotten");
        let emptied = FeedPage { first: None, ..page(1, 9) };
        assert_eq!((gap(id(5, 9), &emptied), gap(id(5, 8), &emptied)), (None, Some(id(5, 9))));
    }

    #[test]
    fn since_a_time_begins_before_the_oldest_that_is_kept() {
        let event = FeedEvent { at: Timestamp(100), ..FeedEvent::new("x", json!({})) };
        let oldest = |number| FeedPage { events: vec![(id(5, number), event.clone())], ..page(number, 9) };
        assert_eq!(place_since(&oldest(3), Timestamp(101)), id(5, 2));
        assert_eq!(place_since(&oldest(1), Timestamp(50)), id(5, 0));
        assert_eq!(place_since(&oldest(3), Timestamp(50)), BEGIN);
        assert_eq!(gap(BEGIN, &oldest(3)), Some(id(5, 2)), "what was forgotten may be of that time");
    }
}
