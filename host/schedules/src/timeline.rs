//! From civil times to instants: where a zone's clocks jump, a civil time happens never, once or twice.
//!
//! Between two transitions a zone has one offset, and civil times and instants run side by side. So the timeline is cut
//! into these segments, and each is searched on its own: no answer depends on how often a rule fires.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use crate::budget::{Budget, Exhausted};
use crate::civil::Civil;
use crate::spec::{Dst, Fold, Gap};

/// The clocks of a zone, and what is done where they jump.
#[derive(Debug, Clone)]
pub(crate) struct Timeline {
    pub(crate) zone: TimeZone,
    pub(crate) dst: Dst,
}

impl Timeline {
    /// The first instant, `from` or later, at which the zone's clocks show a time of the rule.
    pub(crate) fn next(
        &self,
        rule: &dyn Civil,
        from: Timestamp,
        budget: &mut Budget,
    ) -> Result<Option<Timestamp>, Exhausted> {
        let mut at = from;
        loop {
            budget.step()?;
            let Some(segment) = Segment::at(&self.zone, at) else { return Ok(None) };
            let own = self.in_segment(&segment, rule, at, budget)?;
            let shifted = self.shifted(&segment, rule, at, budget)?;
            if let Some(found) = [own, shifted].into_iter().flatten().min() {
                return Ok(Some(found));
            }
            let Some(end) = segment.end else { return Ok(None) };
            let earliest = segment.offset.to_datetime(end).min(segment.after.to_datetime(end));
            let Some(next) = rule.next(earliest, budget)? else { return Ok(None) };
            // A day of margin on each side holds every jump of every zone.
            let near = Offset::UTC.to_timestamp(next).ok().and_then(|near| near.checked_sub(MARGIN).ok());
            at = near.map_or(end, |near| near.max(end));
        }
    }

    /// The instant of a civil time that is written out; none, if it is skipped.
    pub(crate) fn first_of(&self, time: DateTime, budget: &mut Budget) -> Result<Option<Timestamp>, Exhausted> {
        let Some(from) = Offset::UTC.to_timestamp(time).ok().and_then(|near| near.checked_sub(MARGIN).ok()) else {
            return Ok(None);
        };
        self.next(&vec![time], from, budget)
    }

    /// Times that the segment's own clock shows.
    fn in_segment(
        &self,
        segment: &Segment,
        rule: &dyn Civil,
        at: Timestamp,
        budget: &mut Budget,
    ) -> Result<Option<Timestamp>, Exhausted> {
        let (mut first, offset) = (segment.offset.to_datetime(at), segment.offset);
        let mut end = segment.end.map(|end| offset.to_datetime(end));
        // What the clocks showed before they went back comes a second time now.
        if let (Fold::First, Some(start)) = (self.dst.fold, segment.start) {
            first = first.max(segment.before.to_datetime(start));
        }
        // What comes again after the clocks have gone back is left for then.
        if let (Fold::Last, Some(instant)) = (self.dst.fold, segment.end) {
            end = end.min(Some(segment.after.to_datetime(instant)));
        }
        let found = rule.next(first, budget)?.filter(|time| end.is_none_or(|end| *time < end));
        Ok(found.and_then(|time| offset.to_timestamp(time).ok()))
    }

    /// Times that the clocks skipped at the segment's start, read with the offset before it: as much later as they jumped.
    fn shifted(
        &self,
        segment: &Segment,
        rule: &dyn Civil,
        at: Timestamp,
        budget: &mut Budget,
    ) -> Result<Option<Timestamp>, Exhausted> {
        let Some(start) = segment.start else { return Ok(None) };
        let (first, end) = (segment.before.to_datetime(at), segment.offset.to_datetime(start));
        if self.dst.gap == Gap::Skip || first >= end {
            return Ok(None);
        }
        let found = rule.next(first, budget)?.filter(|time| *time < end);
        Ok(found.and_then(|time| segment.before.to_timestamp(time).ok()))
    }
}

/// More than any zone is away from UTC, and than any has ever jumped.
const MARGIN: jiff::SignedDuration = jiff::SignedDuration::from_hours(50);
const SECOND: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// The time between two transitions of a zone.
struct Segment {
    start: Option<Timestamp>,
    end: Option<Timestamp>,
    /// The offsets before it, in it, and after it.
    before: Offset,
    offset: Offset,
    after: Offset,
}

impl Segment {
    /// The segment that holds an instant; none at the end of time.
    fn at(zone: &TimeZone, at: Timestamp) -> Option<Self> {
        let start = zone.preceding(at.checked_add(SECOND).ok()?).next().map(|transition| transition.timestamp());
        let end = zone.following(at).next().map(|transition| transition.timestamp());
        let offset = zone.to_offset(at);
        let before = start.and_then(|start| start.checked_sub(SECOND).ok()).map_or(offset, |at| zone.to_offset(at));
        let after = end.map_or(offset, |end| zone.to_offset(end));
        Some(Self { start, end, before, offset, after })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// The instants of some civil times.
    fn instants(zone: &str, dst: Dst, times: &[DateTime]) -> Vec<String> {
        let timeline = Timeline { zone: crate::zone::find(zone).unwrap(), dst };
        let rule = times.to_vec();
        let (mut from, mut found) = ("1960-01-01T00:00:00Z".parse::<Timestamp>().unwrap(), Vec::new());
        while let Some(next) = timeline.next(&rule, from, &mut Budget::new()).unwrap() {
            found.push(next.to_string());
            from = next + SECOND;
        }
        found
    }

    fn dst(gap: Gap, fold: Fold) -> Dst {
        Dst { gap, fold }
    }

    #[test]
    fn a_time_that_the_clocks_skip_is_shifted_or_skipped() {
        // Berlin, 29 March 2026: 02:00 becomes 03:00, at 01:00 UTC.
        let times = [date(2026, 3, 29).at(2, 30, 0, 0), date(2026, 3, 29).at(3, 0, 0, 0)];
        let shift = instants("Europe/Berlin", dst(Gap::Shift, Fold::First), &times);
        assert_eq!(shift, ["2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"]);
        let skip = instants("Europe/Berlin", dst(Gap::Skip, Fold::First), &times);
        assert_eq!(skip, ["2026-03-29T01:00:00Z"]);
        let both = [date(2026, 3, 29).at(2, 30, 0, 0), date(2026, 3, 29).at(3, 30, 0, 0)];
        let once = instants("Europe/Berlin", dst(Gap::Shift, Fold::First), &both);
        assert_eq!(once, ["2026-03-29T01:30:00Z"], "two civil times at one instant are one");
    }

    #[test]
    fn a_time_that_comes_twice_fires_first_last_or_both_times() {
        // New York, 1 November 2026: 02:00 becomes 01:00, at 06:00 UTC.
        let times = [date(2026, 11, 1).at(1, 30, 0, 0)];
        let of = |fold| instants("America/New_York", dst(Gap::Shift, fold), &times);
        assert_eq!(of(Fold::First), ["2026-11-01T05:30:00Z"]);
        assert_eq!(of(Fold::Last), ["2026-11-01T06:30:00Z"]);
        assert_eq!(of(Fold::Both), ["2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"]);
    }

    #[test]
    fn a_day_that_a_zone_left_out_is_a_gap_too() {
        // Samoa went from 29 to 31 December 2011.
        let times = [date(2011, 12, 30).at(12, 0, 0, 0)];
        assert_eq!(instants("Pacific/Apia", dst(Gap::Shift, Fold::First), &times), ["2011-12-30T22:00:00Z"]);
        assert_eq!(instants("Pacific/Apia", dst(Gap::Skip, Fold::First), &times), Vec::<String>::new());
    }
}
