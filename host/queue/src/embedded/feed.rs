//! Feeds of the embedded queue: in memory. A restart begins new feeds, whose ids have another epoch.

use std::collections::{HashMap, VecDeque};

use crate::feed::{FEED_EVENTS, FeedEvent};
use crate::{EventId, FeedPage};

/// Bytes of all feeds; beyond, the longest one forgets its oldest events.
const BYTES: usize = 64 << 20;

#[derive(Default)]
pub(super) struct Feeds {
    of_tenants: HashMap<String, Feed>,
    bytes: usize,
}

#[derive(Default)]
struct Feed {
    /// The number of the newest event.
    last: u64,
    kept: VecDeque<String>,
    bytes: usize,
}

impl Feeds {
    pub(super) fn add(&mut self, tenant: Option<&str>, event: &FeedEvent) {
        let json = event.to_json();
        let feed = self.of_tenants.entry(tenant.unwrap_or_default().to_owned()).or_default();
        self.bytes += json.len();
        feed.bytes += json.len();
        feed.last += 1;
        feed.kept.push_back(json);
        if feed.kept.len() as u64 > FEED_EVENTS {
            self.bytes -= feed.forget_oldest();
        }
        while self.bytes > BYTES
            && let Some(longest) = self.of_tenants.values_mut().max_by_key(|feed| feed.bytes)
        {
            self.bytes -= longest.forget_oldest();
        }
    }

    /// The page after an event. `epoch` is the process's.
    pub(super) fn page(&self, epoch: u64, tenant: Option<&str>, after: Option<EventId>, limit: usize) -> FeedPage {
        let Some(feed) = self.of_tenants.get(tenant.unwrap_or_default()) else { return FeedPage::default() };
        let id = |number| EventId { epoch, number };
        let first = feed.last - feed.kept.len() as u64 + 1;
        let numbered = (first..).map(id).zip(&feed.kept);
        let wanted = numbered.filter(|(id, _)| after.is_none_or(|after| *id > after));
        let events = wanted.take(limit).map(|(id, json)| (id, FeedEvent::from_json(json))).collect();
        FeedPage { first: (!feed.kept.is_empty()).then(|| id(first)), last: Some(id(feed.last)), events }
    }
}

impl Feed {
    /// Returns how many bytes that were.
    fn forget_oldest(&mut self) -> usize {
        let bytes = self.kept.pop_front().map_or(0, |json| json.len());
        self.bytes -= bytes;
        bytes
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn all_feeds_together_are_bounded_and_the_longest_pays() {
        let (mut feeds, large) = (Feeds::default(), FeedEvent::new("x", json!("x".repeat(4_000))));
        feeds.add(Some("small"), &large);
        for tenant in 0..3 {
            (0..9_000).for_each(|_| feeds.add(Some(&tenant.to_string()), &large));
        }
        assert!(feeds.bytes <= BYTES);
        assert_eq!(feeds.bytes, feeds.of_tenants.values().map(|feed| feed.bytes).sum::<usize>());
        let page = feeds.page(7, Some("small"), None, 10);
        assert_eq!(
            (page.first, page.last),
            (Some(EventId { epoch: 7, number: 1 }), Some(EventId { epoch: 7, number: 1 }))
        );
        let page = feeds.page(7, Some("0"), None, 0);
        assert!(
            page.first > Some(EventId { epoch: 7, number: 1 })
                && page.last == Some(EventId { epoch: 7, number: 9_000 })
        );
    }
}
