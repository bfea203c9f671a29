//! A rule, and the times that it names.

use std::collections::BTreeSet;

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::filter::{self, DayFilter};
use crate::budget::{Budget, Exhausted};
use crate::civil::{Civil, LAST_YEAR, TimeSet};

/// A rule with the dates that are added to it and left out of it.
#[derive(Debug)]
pub(crate) struct Recurrence {
    pub(super) rule: Option<Rule>,
    /// `RDATE`, in order.
    pub(super) added: Vec<DateTime>,
    /// `EXDATE`.
    pub(super) left_out: BTreeSet<DateTime>,
    /// The zone of `DTSTART`, if it names one.
    pub(crate) zone: Option<TimeZone>,
    /// `UNTIL` in UTC.
    pub(crate) until: Option<Timestamp>,
}

impl Civil for Recurrence {
    fn next(&self, from: DateTime, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted> {
        let mut from = from;
        loop {
            let ruled = self.rule.as_ref().map(|rule| rule.next(from, budget)).transpose()?.flatten();
            let added = self.added.next(from, budget)?;
            let Some(found) = [ruled, added].into_iter().flatten().min() else { return Ok(None) };
            if !self.left_out.contains(&found) {
                return Ok(Some(found));
            }
            let Ok(later) = found.checked_add(SignedDuration::from_secs(1)) else { return Ok(None) };
            from = later;
        }
    }
}

/// How long a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Frequency {
    Yearly,
    Monthly,
    Weekly,
    Daily,
    Hourly,
    Minutely,
    Secondly,
}

impl Frequency {
    /// Seconds of a period of less than a day.
    fn seconds(self) -> Option<i64> {
        match self {
            Self::Hourly => Some(3600),
            Self::Minutely => Some(60),
            Self::Secondly => Some(1),
            _ => None,
        }
    }
}

/// `RRULE` and its start.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) frequency: Frequency,
    pub(super) interval: i64,
    pub(super) start: DateTime,
    pub(super) week_start: Weekday,
    pub(super) filter: DayFilter,
    pub(super) times: TimeSet,
    /// `BYSETPOS`; empty: all of a period.
    pub(super) positions: Vec<i32>,
    /// Of `COUNT`, or of an `UNTIL` without a zone: the last time.
    pub(super) end: Option<DateTime>,
}

/// Days and times of one period.
struct Period<'a> {
    first: Date,
    last: Date,
    times: &'a TimeSet,
}

impl Rule {
    fn next(&self, from: DateTime, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted> {
        let from = from.max(self.start);
        let found = match self.frequency.seconds() {
            Some(unit) => self.next_within_days(from, unit, budget)?,
            None => self.next_of_days(from, budget)?,
        };
        Ok(found.filter(|found| self.end.is_none_or(|end| *found <= end)))
    }

    /// The last of the first `count` times.
    pub(super) fn nth(&self, count: u32, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted> {
        let (mut from, mut last) = (self.start, None);
        for _ in 0..count {
            let Some(found) = self.next(from, budget)? else { break };
            last = Some(found);
            let Ok(later) = found.checked_add(SignedDuration::from_secs(1)) else { break };
            from = later;
        }
        Ok(last)
    }

    /// Periods of whole days.
    fn next_of_days(&self, from: DateTime, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted> {
        let mut index = self.index_at(from.date());
        loop {
            budget.step()?;
            let Some((first, last)) = self.days_of(index).filter(|(first, _)| first.year() <= LAST_YEAR) else {
                return Ok(None);
            };
            if let Some(found) = self.in_period(&Period { first, last, times: &self.times }, from, budget)? {
                return Ok(Some(found));
            }
            index += 1;
        }
    }

    /// The first period that may hold this day.
    fn index_at(&self, date: Date) -> i64 {
        let start = self.start.date();
        let years = i64::from(date.year()) - i64::from(start.year());
        let between = match self.frequency {
            Frequency::Yearly => years,
            Frequency::Monthly => years * 12 + i64::from(date.month()) - i64::from(start.month()),
            Frequency::Weekly => days_between(self.week_of(start), self.week_of(date)) / 7,
            _ => days_between(start, date),
        };
        (between + self.interval - 1).div_euclid(self.interval).max(0)
    }

    /// The first and the last day of a period.
    fn days_of(&self, index: i64) -> Option<(Date, Date)> {
        let (start, count) = (self.start.date(), index.checked_mul(self.interval)?);
        match self.frequency {
            Frequency::Yearly => {
                let year = i16::try_from(i64::from(start.year()).checked_add(count)?).ok()?;
                Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?))
            }
            Frequency::Monthly => {
                let months = i64::from(start.month() - 1).checked_add(count)?;
                let year = i16::try_from(i64::from(start.year()) + months / 12).ok()?;
                let first = Date::new(year, i8::try_from(months % 12 + 1).ok()?, 1).ok()?;
                Some((first, first.last_of_month()))
            }
            Frequency::Weekly => {
                let first = days_later(self.week_of(start), count.checked_mul(7)?)?;
                Some((first.max(start), days_later(first, 6)?))
            }
            _ => days_later(start, count).map(|day| (day, day)),
        }
    }

    /// The first day of a day's week.
    fn week_of(&self, date: Date) -> Date {
        days_later(date, -i64::from(filter::days_since(self.week_start, date.weekday()))).unwrap_or(date)
    }

    /// Periods of hours, minutes or seconds. Civil ones: each day has 24 hours.
    fn next_within_days(&self, from: DateTime, unit: i64, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted> {
        let (origin, every) = (seconds(self.start).div_euclid(unit) * unit, self.interval * unit);
        let mut at = seconds(from).div_euclid(unit) * unit;
        loop {
            budget.step()?;
            at = origin + (at - origin + every - 1).div_euclid(every) * every;
            let Some(begin) = civil(at).filter(|begin| begin.year() <= LAST_YEAR) else { return Ok(None) };
            let time = begin.time();
            // What cannot match is left behind as a whole.
            let skipped = match () {
                () if !self.filter.is_match(begin.date()) => Some(DAY),
                () if !self.times.has_hour(time) => Some(3600),
                () if unit < 3600 && !self.times.has_minute(time) => Some(60),
                () if unit < 60 && !self.times.has_second(time) => Some(1),
                () => None,
            };
            if let Some(skipped) = skipped {
                at = (at.div_euclid(skipped) + 1) * skipped;
                continue;
            }
            let times = self.times.within(time, unit);
            let period = Period { first: begin.date(), last: begin.date(), times: &times };
            if let Some(found) = self.in_period(&period, from, budget)? {
                return Ok(Some(found));
            }
            at += unit;
        }
    }

    /// The first time of a period that is `from` or later.
    fn in_period(
        &self,
        period: &Period<'_>,
        from: DateTime,
        budget: &mut Budget,
    ) -> Result<Option<DateTime>, Exhausted> {
        if !self.positions.is_empty() {
            return self.at_positions(period, from, budget);
        }
        let mut date = period.first.max(from.date());
        while date <= period.last {
            budget.step()?;
            let earliest = if date == from.date() { from.time() } else { Time::midnight() };
            if self.filter.is_match(date)
                && let Some(time) = period.times.at_or_after(earliest)
            {
                return Ok(Some(date.to_datetime(time)));
            }
            let Ok(tomorrow) = date.tomorrow() else { break };
            date = tomorrow;
        }
        Ok(None)
    }

    fn at_positions(
        &self,
        period: &Period<'_>,
        from: DateTime,
        budget: &mut Budget,
    ) -> Result<Option<DateTime>, Exhausted> {
        let (mut days, mut date) = (Vec::new(), period.first);
        while date <= period.last {
            budget.step()?;
            if self.filter.is_match(date) {
                days.push(date);
            }
            let Ok(tomorrow) = date.tomorrow() else { break };
            date = tomorrow;
        }
        let count = i64::try_from(days.len() * period.times.len()).unwrap_or(i64::MAX);
        let at = |position: &i32| {
            let position = i64::from(*position);
            let index = usize::try_from(if position > 0 { position - 1 } else { count + position }).ok()?;
            let day = days.get(index / period.times.len().max(1))?;
            Some(day.to_datetime(period.times.get(index % period.times.len())?))
        };
        Ok(self.positions.iter().filter_map(at).filter(|time| *time >= from).min())
    }
}

const DAY: i64 = 24 * 3600;

fn days_between(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_secs() / DAY
}

fn days_later(date: Date, days: i64) -> Option<Date> {
    date.checked_add(SignedDuration::from_secs(days.checked_mul(DAY)?)).ok()
}

/// Seconds since 1970, as if there were no zones.
fn seconds(time: DateTime) -> i64 {
    time.duration_since(EPOCH).as_secs()
}

fn civil(seconds: i64) -> Option<DateTime> {
    EPOCH.checked_add(SignedDuration::from_secs(seconds)).ok()
}

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
