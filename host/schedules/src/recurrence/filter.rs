//! Which days a rule's parts name.

use jiff::civil::{Date, Weekday};

/// Lists of days; an empty list names every day. Negative numbers count from the end.
#[derive(Debug, Default)]
pub(super) struct DayFilter {
    /// `BYMONTH`
    pub(super) months: Vec<i16>,
    /// `BYWEEKNO`
    pub(super) weeks: Vec<i16>,
    /// `BYYEARDAY`
    pub(super) year_days: Vec<i16>,
    /// `BYMONTHDAY`
    pub(super) month_days: Vec<i16>,
    /// `BYDAY`: 0 is every such weekday, 2 the second one, -1 the last one.
    pub(super) weekdays: Vec<(i16, Weekday)>,
    /// The numbers of weekdays count in the year, not in the month.
    pub(super) counts_in_year: bool,
    /// `WKST`
    pub(super) week_start: Option<Weekday>,
}

impl DayFilter {
    /// Returns true if only months, or nothing, are named: the rule's start then says the day.
    pub(super) fn names_no_day(&self) -> bool {
        self.weeks.is_empty() && self.year_days.is_empty() && self.month_days.is_empty() && self.weekdays.is_empty()
    }

    pub(super) fn is_match(&self, date: Date) -> bool {
        let (of_year, of_month) =
            ((date.day_of_year(), date.days_in_year()), (day(date), i16::from(date.days_in_month())));
        (self.months.is_empty() || self.months.contains(&i16::from(date.month())))
            && names(&self.month_days, of_month)
            && names(&self.year_days, of_year)
            && (self.weekdays.is_empty() || self.has_weekday(date))
            && (self.weeks.is_empty() || names(&self.weeks, week(date, self.week_start.unwrap_or(Weekday::Monday))))
    }

    fn has_weekday(&self, date: Date) -> bool {
        let (day, days) = match self.counts_in_year {
            true => (date.day_of_year(), date.days_in_year()),
            false => (day(date), i16::from(date.days_in_month())),
        };
        let (nth, last) = ((day - 1) / 7 + 1, -((days - day) / 7 + 1));
        let is_named = |(number, weekday): &(i16, Weekday)| {
            *weekday == date.weekday() && (*number == 0 || *number == nth || *number == last)
        };
        self.weekdays.iter().any(is_named)
    }
}

fn day(date: Date) -> i16 {
    i16::from(date.day())
}

/// Returns true if a list is empty, or has the number, counted from the beginning or from the end.
fn names(list: &[i16], (number, all): (i16, i16)) -> bool {
    list.is_empty() || list.contains(&number) || list.contains(&(number - all - 1))
}

/// Days from one weekday to the next other: 0 to 6.
pub(super) fn days_since(from: Weekday, to: Weekday) -> i16 {
    i16::from((to.to_monday_zero_offset() - from.to_monday_zero_offset()).rem_euclid(7))
}

/// The number of a day's week, and of weeks in that week's year. A week belongs to the year that has most of its days.
fn week(date: Date, start: Weekday) -> (i16, i16) {
    let (mut year, mut middle) = (date.year(), date.day_of_year() - days_since(start, date.weekday()) + 3);
    let days = date.days_in_year();
    if middle < 1 {
        year -= 1;
        middle += date.first_of_year().yesterday().map_or(365, Date::days_in_year);
    } else if middle > days {
        year += 1;
        middle -= days;
    }
    // 28 December is always in the last week of its year.
    let last = Date::new(year, 12, 28).map_or(364, |last| last.day_of_year() - days_since(start, last.weekday()) + 3);
    ((middle - 1) / 7 + 1, (last - 1) / 7 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_are_those_of_iso_8601_where_they_begin_on_monday() {
        let mut date = Date::constant(2009, 12, 1);
        while date.year() < 2033 {
            let iso = date.iso_week_date();
            let weeks = if iso.in_long_year() { 53 } else { 52 };
            assert_eq!(week(date, Weekday::Monday), (i16::from(iso.week()), weeks), "{date}");
            date = date.tomorrow().unwrap();
        }
    }
}
