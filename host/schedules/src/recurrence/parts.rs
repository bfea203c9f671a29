//! The parts of `RRULE`: `FREQ=MONTHLY;BYDAY=-1FR`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{DateTime, Weekday};
use optimus_core::fault::Invalid;

use super::filter::DayFilter;
use super::moment::{Moment, moment};
use super::rule::{Frequency, Rule};
use crate::budget::Budget;
use crate::civil::TimeSet;

/// More times are counted by `UNTIL`.
const MOST_COUNTED: u32 = 10_000;
const MOST_INTERVAL: u32 = 1_000_000;
/// Values of one part.
const MOST_VALUES: usize = 400;

const KNOWN: [&str; 14] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "WKST",
    "BYSETPOS",
    "BYMONTH",
    "BYWEEKNO",
    "BYYEARDAY",
    "BYMONTHDAY",
    "BYDAY",
    "BYHOUR",
    "BYMINUTE",
    "BYSECOND",
];

/// Parts by name.
struct Parts<'a>(BTreeMap<String, &'a str>);

/// Reads the parts of a rule; an `UNTIL` in UTC stands by itself.
pub(super) fn read(text: &str, start: DateTime) -> Result<(Rule, Option<Timestamp>), Invalid> {
    let parts = Parts::split(text)?;
    let frequency = parts.frequency()?;
    let interval = i64::from(parts.number("INTERVAL", MOST_INTERVAL)?.unwrap_or(1));
    let week_start = parts.0.get("WKST").map_or(Ok(Weekday::Monday), |day| weekday("WKST", day))?;
    let mut filter = DayFilter {
        months: parts.list("BYMONTH", 1, 12, false)?,
        weeks: parts.list("BYWEEKNO", 1, 53, true)?,
        year_days: parts.list("BYYEARDAY", 1, 366, true)?,
        month_days: parts.list("BYMONTHDAY", 1, 31, true)?,
        weekdays: parts.weekdays()?,
        counts_in_year: false,
        week_start: Some(week_start),
    };
    filter.counts_in_year = frequency == Frequency::Yearly && filter.months.is_empty();
    parts.check(frequency, &filter)?;
    complete(&mut filter, frequency, start);
    let times = parts.times(frequency, start)?;
    let positions: Vec<i32> = parts.list("BYSETPOS", 1, 366, true)?.into_iter().map(i32::from).collect();
    let (end, until) = match parts.0.get("UNTIL").map(|text| moment("UNTIL", text)).transpose()? {
        Some(Moment::Civil(end)) => (Some(end), None),
        Some(Moment::Instant(until)) => (None, Some(until)),
        None => (None, None),
    };
    let mut rule = Rule { frequency, interval, start, week_start, filter, times, positions, end };
    if let Some(count) = parts.number("COUNT", MOST_COUNTED)? {
        let nth = rule.nth(count, &mut Budget::new()).map_err(|_| {
            Invalid::new("COUNT", format!("{count} times take too long to count")).hint("give UNTIL instead of COUNT")
        })?;
        rule.end = Some(nth.ok_or_else(|| Invalid::new("", "the rule names no time"))?);
    }
    Ok((rule, until))
}

/// A rule that names no day means that of its start.
fn complete(filter: &mut DayFilter, frequency: Frequency, start: DateTime) {
    if !filter.names_no_day() {
        return;
    }
    match frequency {
        Frequency::Yearly => {
            if filter.months.is_empty() {
                filter.months.push(i16::from(start.month()));
            }
            filter.month_days.push(i16::from(start.day()));
        }
        Frequency::Monthly => filter.month_days.push(i16::from(start.day())),
        Frequency::Weekly => filter.weekdays.push((0, start.weekday())),
        _ => {}
    }
}

impl<'a> Parts<'a> {
    fn split(text: &'a str) -> Result<Self, Invalid> {
        let mut parts = BTreeMap::new();
        for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let name = name.trim().to_ascii_uppercase();
            if !KNOWN.contains(&name.as_str()) {
                let error = Invalid::new("", format!("RFC 5545 has no part `{}`", name.escape_debug()));
                return Err(error.hint(format!("the parts are {}", KNOWN.join(", "))));
            }
            if parts.insert(name.clone(), value.trim()).is_some() {
                return Err(Invalid::new(name, "stands there twice").hint("list the values with commas"));
            }
        }
        Ok(Self(parts))
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    fn frequency(&self) -> Result<Frequency, Invalid> {
        const HINT: &str = "YEARLY, MONTHLY, WEEKLY, DAILY, HOURLY, MINUTELY or SECONDLY";
        let Some(name) = self.0.get("FREQ") else {
            return Err(Invalid::new("FREQ", "the rule does not say how often").hint(HINT));
        };
        Ok(match name.to_ascii_uppercase().as_str() {
            "YEARLY" => Frequency::Yearly,
            "MONTHLY" => Frequency::Monthly,
            "WEEKLY" => Frequency::Weekly,
            "DAILY" => Frequency::Daily,
            "HOURLY" => Frequency::Hourly,
            "MINUTELY" => Frequency::Minutely,
            "SECONDLY" => Frequency::Secondly,
            _ => return Err(Invalid::new("FREQ", format!("`{}` is no frequency", name.escape_debug())).hint(HINT)),
        })
    }

    /// A number from 1 on.
    fn number(&self, name: &str, most: u32) -> Result<Option<u32>, Invalid> {
        let Some(text) = self.0.get(name) else { return Ok(None) };
        let number = text.parse::<u32>().ok().filter(|number| (1..=most).contains(number));
        number.map(Some).ok_or_else(|| {
            let error = Invalid::new(name, format!("`{}` is no number from 1 to {most}", text.escape_debug()));
            if name == "COUNT" {
                error.hint("for more times, give UNTIL")
            } else {
                error.hint("write a smaller number")
            }
        })
    }

    /// Numbers from `least` to `most`; with `from_end`, their negatives too.
    fn list(&self, name: &str, least: i16, most: i16, from_end: bool) -> Result<Vec<i16>, Invalid> {
        let Some(text) = self.0.get(name) else { return Ok(Vec::new()) };
        let sign = if from_end { ", or -1 and so on from the end" } else { "" };
        let number = |word: &str| {
            let word = word.trim();
            let number = word.parse::<i16>().ok();
            let is_in = |n: &i16| (least..=most).contains(n) || (from_end && (-most..=-least).contains(n));
            number.filter(is_in).ok_or_else(|| {
                if name == "BYSECOND" && word == "60" {
                    let error = Invalid::new(name, "a leap second is no time that clocks show");
                    return error.hint("write 59");
                }
                let error = Invalid::new(name, format!("`{}` is out of range", word.escape_debug()));
                error.hint(format!("numbers from {least} to {most}{sign}"))
            })
        };
        bounded(name, text)?.into_iter().map(number).collect()
    }

    /// `MO,2TU,-1FR`
    fn weekdays(&self) -> Result<Vec<(i16, Weekday)>, Invalid> {
        let Some(text) = self.0.get("BYDAY") else { return Ok(Vec::new()) };
        let day = |word: &str| {
            let word = word.trim();
            let wrong = || {
                let error = Invalid::new("BYDAY", format!("`{}` is no day of the week", word.escape_debug()));
                error.hint("write MO, TU, WE, TH, FR, SA, SU; with a number as in `2MO` or `-1FR`")
            };
            let split = word.len().checked_sub(2).filter(|at| word.is_char_boundary(*at)).ok_or_else(wrong)?;
            let (number, name) = word.split_at(split);
            let number = match number {
                "" => 0,
                number => number.parse::<i16>().ok().filter(|n| (1..=53).contains(&n.abs())).ok_or_else(wrong)?,
            };
            Ok((number, weekday("BYDAY", name).map_err(|_| wrong())?))
        };
        bounded("BYDAY", text)?.into_iter().map(day).collect()
    }

    /// Times of day: those of the start, where the rule names none and its periods are longer.
    fn times(&self, frequency: Frequency, start: DateTime) -> Result<TimeSet, Invalid> {
        let list = |name: &str, end: i16, own: i8, is_free: bool| -> Result<Vec<i8>, Invalid> {
            let named = self.list(name, 0, end - 1, false)?;
            let numbers = match named.is_empty() {
                false => named,
                true if is_free => (0..end).collect(),
                true => vec![i16::from(own)],
            };
            Ok(numbers.into_iter().filter_map(|number| i8::try_from(number).ok()).collect())
        };
        Ok(TimeSet::new(
            list("BYHOUR", 24, start.hour(), frequency >= Frequency::Hourly)?,
            list("BYMINUTE", 60, start.minute(), frequency >= Frequency::Minutely)?,
            list("BYSECOND", 60, start.second(), frequency >= Frequency::Secondly)?,
        ))
    }

    /// What RFC 5545, 3.3.10, rules out.
    fn check(&self, frequency: Frequency, filter: &DayFilter) -> Result<(), Invalid> {
        use Frequency::{Daily, Monthly, Weekly, Yearly};
        let refuse = |name: &str, message: &str, hint: &str| Err(Invalid::new(name, message).hint(hint));
        if self.has("COUNT") && self.has("UNTIL") {
            return refuse("UNTIL", "a rule has COUNT or UNTIL, not both", "leave one out");
        }
        if self.has("BYWEEKNO") && frequency != Yearly {
            return refuse("BYWEEKNO", "only a yearly rule has weeks with numbers", "write FREQ=YEARLY");
        }
        if self.has("BYYEARDAY") && [Daily, Weekly, Monthly].contains(&frequency) {
            return refuse("BYYEARDAY", "this frequency has no days of the year", "write FREQ=YEARLY");
        }
        if self.has("BYMONTHDAY") && frequency == Weekly {
            return refuse("BYMONTHDAY", "a weekly rule has no days of the month", "write FREQ=MONTHLY or FREQ=DAILY");
        }
        let is_numbered = filter.weekdays.iter().any(|(number, _)| *number != 0);
        if is_numbered && (![Yearly, Monthly].contains(&frequency) || self.has("BYWEEKNO")) {
            return refuse(
                "BYDAY",
                "numbered weekdays are those of a month or year",
                "leave out the number, or BYWEEKNO",
            );
        }
        let has_other = KNOWN.iter().any(|name| name.starts_with("BY") && *name != "BYSETPOS" && self.has(name));
        if self.has("BYSETPOS") && !has_other {
            return refuse("BYSETPOS", "the rule names no set to choose from", "add BYDAY or another BY part");
        }
        Ok(())
    }
}

/// The values of a list; not too many, and none empty.
fn bounded<'a>(name: &str, text: &'a str) -> Result<Vec<&'a str>, Invalid> {
    let values: Vec<&str> = text.split(',').collect();
    if values.len() > MOST_VALUES {
        return Err(Invalid::new(name, format!("has more than {MOST_VALUES} values")));
    }
    Ok(values)
}

fn weekday(part: &str, name: &str) -> Result<Weekday, Invalid> {
    Ok(match name.to_ascii_uppercase().as_str() {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => {
            let error = Invalid::new(part, format!("`{}` is no day of the week", name.escape_debug()));
            return Err(error.hint("write MO, TU, WE, TH, FR, SA or SU"));
        }
    })
}
