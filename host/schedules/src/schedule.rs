//! A schedule that was read: it answers when it fires.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use optimus_core::Timestamp as Milliseconds;
use sha2::{Digest as _, Sha256};

use crate::budget::{Budget, Exhausted};
use crate::source::Source;

/// When a schedule fires. Cheap to ask, and always with the same answer.
#[derive(Debug)]
pub struct Schedule {
    pub(crate) sources: Vec<Source>,
    pub(crate) excluded: Vec<Source>,
    /// Days on which it does not fire, in order.
    pub(crate) dates: Vec<Date>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) end: Option<Timestamp>,
    /// In seconds.
    pub(crate) jitter: i64,
    pub(crate) zone: TimeZone,
    pub(crate) name: String,
}

/// One firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Firing {
    /// The time that the spec names: what tells one firing from another.
    pub nominal: Milliseconds,
    /// When it happens: later by some of the jitter.
    pub at: Milliseconds,
}

impl Schedule {
    /// The first firing whose nominal time is later than `after`.
    ///
    /// # Errors
    /// The search took too many steps.
    pub fn next_after(&self, after: Milliseconds) -> Result<Option<Firing>, Exhausted> {
        self.next_within(after, &mut Budget::new())
    }

    fn next_within(&self, after: Milliseconds, budget: &mut Budget) -> Result<Option<Firing>, Exhausted> {
        let Some(nominal) = self.nominal(after_second(after), budget)? else { return Ok(None) };
        let mut delay = 0;
        if self.jitter > 0 {
            let next = self.nominal(later(nominal), budget)?;
            let most = next.map_or(self.jitter, |next| self.jitter.min(next.duration_since(nominal).as_secs()));
            delay = self.delay(nominal, most);
        }
        let nominal = milliseconds(nominal);
        Ok(Some(Firing { nominal, at: Milliseconds(nominal.0 + delay) }))
    }

    /// Up to `most` firings whose nominal times are later than `after`, and not later than `until`.
    ///
    /// # Errors
    /// The search took too many steps.
    pub fn firings(
        &self,
        after: Milliseconds,
        until: Option<Milliseconds>,
        most: usize,
    ) -> Result<Vec<Firing>, Exhausted> {
        let (mut firings, mut after) = (Vec::new(), after);
        while firings.len() < most {
            let next = self.next_after(after)?.filter(|next| until.is_none_or(|until| next.nominal <= until));
            let Some(next) = next else { break };
            after = next.nominal;
            firings.push(next);
        }
        Ok(firings)
    }

    /// The same, but all of them together take no more steps than one question: for whatever a client may ask.
    ///
    /// # Errors
    /// The search took too many steps.
    pub fn preview(
        &self,
        after: Milliseconds,
        until: Option<Milliseconds>,
        most: usize,
    ) -> Result<Vec<Firing>, Exhausted> {
        let (mut firings, mut after, mut budget) = (Vec::new(), after, Budget::new());
        while firings.len() < most {
            let next = self.next_within(after, &mut budget)?;
            let Some(next) = next.filter(|next| until.is_none_or(|until| next.nominal <= until)) else { break };
            after = next.nominal;
            firings.push(next);
        }
        Ok(firings)
    }

    /// A time as the clocks of the schedule's zone show it: `2026-03-29T03:30:00+02:00`.
    pub fn local(&self, at: Milliseconds) -> String {
        let Ok(at) = i64::try_from(at.0).map_err(drop).and_then(|ms| Timestamp::from_millisecond(ms).map_err(drop))
        else {
            return String::new();
        };
        at.display_with_offset(self.zone.to_offset(at)).to_string()
    }

    /// The first nominal time that is `from` or later.
    pub(crate) fn nominal(&self, from: Timestamp, budget: &mut Budget) -> Result<Option<Timestamp>, Exhausted> {
        let mut from = self.start.map_or(from, |start| start.max(from));
        loop {
            budget.step()?;
            let mut first: Option<Timestamp> = None;
            for source in &self.sources {
                let next = source.next(from, budget)?;
                first = [first, next].into_iter().flatten().min();
            }
            let Some(found) = first.filter(|at| self.end.is_none_or(|end| *at <= end)) else { return Ok(None) };
            if !self.is_excluded(found, budget)? {
                return Ok(Some(found));
            }
            from = later(found);
        }
    }

    fn is_excluded(&self, at: Timestamp, budget: &mut Budget) -> Result<bool, Exhausted> {
        if !self.dates.is_empty() && self.dates.binary_search(&self.zone.to_datetime(at).date()).is_ok() {
            return Ok(true);
        }
        for source in &self.excluded {
            if source.names(at, budget)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Milliseconds below `most` seconds: the same for the same firing, in every process.
    fn delay(&self, nominal: Timestamp, most: i64) -> u64 {
        let mut hash = Sha256::new();
        hash.update(self.name.as_bytes());
        hash.update(nominal.as_second().to_be_bytes());
        let first = hash.finalize().iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
        first % u64::try_from(most * 1000).unwrap_or(1).max(1)
    }
}

fn later(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX)
}

/// The first whole second after a time.
fn after_second(after: Milliseconds) -> Timestamp {
    let second = i64::try_from(after.0 / 1000 + 1).unwrap_or(i64::MAX);
    Timestamp::from_second(second).unwrap_or(Timestamp::MAX)
}

fn milliseconds(at: Timestamp) -> Milliseconds {
    Milliseconds(u64::try_from(at.as_millisecond()).unwrap_or(0))
}

#[cfg(test)]
mod tests;
