//! Numbered events: a client that reconnects sends the id of its last event and gets the events that it missed.

use std::fmt;
use std::pin::Pin;
use std::str::FromStr;

use futures_core::Stream;
use optimus_core::Event;

/// The id of an event within its job or feed, as sent in the SSE `id` field: `EPOCH-NUMBER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId {
    /// The numbering that `number` belongs to; ids of another epoch cannot be resumed from.
    pub epoch: u64,
    /// Grows by one with each event of the job, or of the feed.
    pub number: u64,
}

impl EventId {
    /// The id of no event: a listener that follows after it begins with the oldest event that is kept.
    pub const BEGINNING: Self = Self { epoch: u64::MAX, number: 0 };
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.epoch, self.number)
    }
}

impl FromStr for EventId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (epoch, number) = text.split_once('-').unwrap_or((text, ""));
        Ok(Self { epoch: epoch.parse()?, number: number.parse()? })
    }
}

/// An event with its id.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberedEvent {
    /// Absent for `Done`, the last event.
    pub id: Option<EventId>,
    /// The event.
    pub event: Event,
}

/// Numbered events, in order.
pub type NumberedEventStream = Pin<Box<dyn Stream<Item = NumberedEvent> + Send>>;

/// Events, in order.
pub type EventStream = Pin<Box<dyn Stream<Item = Event> + Send>>;
