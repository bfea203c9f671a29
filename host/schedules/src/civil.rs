//! Civil time: dates and times of day as a calendar on the wall has them, without a zone.

use jiff::civil::{DateTime, Time};

use crate::budget::{Budget, Exhausted};

/// No rule looks beyond this year. A date that exists at all (29 February on a Monday) comes within 40 years.
pub(crate) const LAST_YEAR: i16 = 2199;

/// A rule that names civil times.
pub(crate) trait Civil: Send + Sync {
    /// The first of its times that is `from` or later.
    fn next(&self, from: DateTime, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted>;
}

/// Times of day: every combination of an hour, a minute and a second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TimeSet {
    hours: Vec<i8>,
    minutes: Vec<i8>,
    seconds: Vec<i8>,
}

impl TimeSet {
    /// Sorts and deduplicates each list.
    pub(crate) fn new(hours: Vec<i8>, minutes: Vec<i8>, seconds: Vec<i8>) -> Self {
        let sorted = |mut list: Vec<i8>| {
            list.sort_unstable();
            list.dedup();
            list
        };
        Self { hours: sorted(hours), minutes: sorted(minutes), seconds: sorted(seconds) }
    }

    pub(crate) fn len(&self) -> usize {
        self.hours.len() * self.minutes.len() * self.seconds.len()
    }

    /// The time at an index, in ascending order.
    pub(crate) fn get(&self, index: usize) -> Option<Time> {
        let second = self.seconds.get(index % self.seconds.len().max(1))?;
        let index = index / self.seconds.len();
        let minute = self.minutes.get(index % self.minutes.len().max(1))?;
        let hour = self.hours.get(index / self.minutes.len())?;
        Time::new(*hour, *minute, *second, 0).ok()
    }

    /// The first time that is `from` or later.
    pub(crate) fn at_or_after(&self, from: Time) -> Option<Time> {
        let hour = self.hours.partition_point(|hour| *hour < from.hour());
        let per_hour = self.minutes.len() * self.seconds.len();
        if self.hours.get(hour) != Some(&from.hour()) {
            return self.get(hour * per_hour);
        }
        let minute = self.minutes.partition_point(|minute| *minute < from.minute());
        let mut index = hour * per_hour + minute * self.seconds.len();
        if self.minutes.get(minute) == Some(&from.minute()) {
            index += self.seconds.partition_point(|second| *second < from.second());
        }
        self.get(index)
    }

    pub(crate) fn has_hour(&self, time: Time) -> bool {
        self.hours.contains(&time.hour())
    }

    pub(crate) fn has_minute(&self, time: Time) -> bool {
        self.minutes.contains(&time.minute())
    }

    pub(crate) fn has_second(&self, time: Time) -> bool {
        self.seconds.contains(&time.second())
    }

    /// Those of one hour, of one minute or of one second: `unit` seconds long.
    pub(crate) fn within(&self, time: Time, unit: i64) -> Self {
        let mut part = Self { hours: vec![time.hour()], ..self.clone() };
        if unit < 3600 {
            part.minutes = vec![time.minute()];
        }
        if unit < 60 {
            part.seconds = vec![time.second()];
        }
        part
    }
}

/// Civil times that are written out.
impl Civil for Vec<DateTime> {
    fn next(&self, from: DateTime, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted> {
        budget.step()?;
        Ok(self.get(self.partition_point(|time| *time < from)).copied())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    #[test]
    fn times_of_day_come_in_order() {
        let set = TimeSet::new(vec![17, 9], vec![30, 0], vec![15]);
        let all: Vec<Time> = (0..set.len()).filter_map(|index| set.get(index)).collect();
        assert_eq!(all, [time(9, 0, 15, 0), time(9, 30, 15, 0), time(17, 0, 15, 0), time(17, 30, 15, 0)]);
        assert_eq!(set.get(4), None);
        for (from, found) in [
            (time(0, 0, 0, 0), Some(all[0])),
            (time(9, 0, 15, 0), Some(all[0])),
            (time(9, 0, 16, 0), Some(all[1])),
            (time(9, 31, 0, 0), Some(all[2])),
            (time(17, 30, 15, 0), Some(all[3])),
            (time(17, 30, 16, 0), None),
            (time(23, 0, 0, 0), None),
        ] {
            assert_eq!(set.at_or_after(from), found, "{from}");
        }
    }

    #[test]
    fn a_set_without_times_answers_nothing() {
        let set = TimeSet::new(vec![1], Vec::new(), vec![0]);
        assert_eq!((set.len(), set.get(0), set.at_or_after(time(0, 0, 0, 0))), (0, None, None));
    }
}
