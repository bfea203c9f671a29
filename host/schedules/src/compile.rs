//! From a spec to a schedule: everything is read once, and what is wrong is named by its place.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use optimus_core::fault::Invalid;

use crate::budget::Budget;
use crate::cron::{self, CronRule, Expression};
use crate::interval::{Interval, duration};
use crate::schedule::Schedule;
use crate::source::Source;
use crate::spec::{Calendar, Dst, Spec};
use crate::timeline::Timeline;
use crate::{recurrence, zone};

/// Entries of one list.
const MOST: usize = 100;
const LONGEST_JITTER: i64 = 24 * 3600;

/// What the rules of one spec share.
struct Base {
    zone: TimeZone,
    dst: Dst,
    start: Option<Timestamp>,
}

impl Spec {
    /// Reads the whole spec. `name` decides how each firing is delayed by `jitter`.
    ///
    /// # Errors
    /// Names the first field that is wrong: `spec.cron[0].hour`.
    pub fn compile(&self, name: &str) -> Result<Schedule, Invalid> {
        self.read(name).map_err(at("spec"))
    }

    fn read(&self, name: &str) -> Result<Schedule, Invalid> {
        let zone =
            self.timezone.as_deref().map_or(Ok(TimeZone::UTC), |name| zone::find(name).map_err(at("timezone")))?;
        let mut base = Base { zone, dst: self.dst, start: None };
        base.start = self.start_at.as_deref().map(|text| base.instant("start_at", text)).transpose()?;
        let end = self.end_at.as_deref().map(|text| base.instant("end_at", text)).transpose()?;
        if let (Some(start), Some(end)) = (base.start, end)
            && end < start
        {
            return Err(Invalid::new("end_at", "is before `start_at`").hint("exchange them, or leave one out"));
        }
        let jitter = self.jitter.as_deref().map_or(Ok(0), |text| duration("jitter", text))?;
        if jitter > LONGEST_JITTER {
            return Err(Invalid::new("jitter", "is more than a day").hint("write `24h` or less"));
        }
        let mut sources = base.rules("", (&self.cron, &self.rrule, &self.calendars))?;
        sources.extend(each("intervals", &self.intervals, |one| Interval::compile(one).map(Source::Interval))?);
        if !self.at.is_empty() {
            sources.push(base.instants(&self.at)?);
        }
        if sources.is_empty() {
            let error = Invalid::new("cron", "the spec names no time");
            return Err(error.hint("give one of `cron`, `rrule`, `calendars`, `intervals` and `at`"));
        }
        let exclude = &self.exclude;
        let excluded = base.rules("exclude.", (&exclude.cron, &exclude.rrule, &exclude.calendars))?;
        let mut dates = each("exclude.dates", &exclude.dates, |text| date(text))?;
        dates.sort_unstable();
        let schedule = Schedule {
            sources,
            excluded,
            dates,
            start: base.start,
            end,
            jitter,
            zone: base.zone,
            name: name.to_owned(),
        };
        check_fires(&schedule)?;
        Ok(schedule)
    }
}

/// Refuses a schedule that never fires, whatever the time is.
fn check_fires(schedule: &Schedule) -> Result<(), Invalid> {
    let (message, hint) = match schedule.nominal(Timestamp::UNIX_EPOCH, &mut Budget::new()) {
        Ok(Some(_)) => return Ok(()),
        Ok(None) => {
            ("never fires: its rules name no date that exists, or all are left out", "preview one rule after the other")
        }
        Err(_) => ("no firing time was found in a long search", "leave out what excludes most times"),
    };
    Err(Invalid::new("", message).hint(hint))
}

/// The same refusal, in a field of the spec.
fn at(place: &str) -> impl Fn(Invalid) -> Invalid {
    move |error| match error.field.is_empty() {
        true => Invalid { field: place.to_owned(), ..error },
        false => error.under(place),
    }
}

/// Reads every entry of a list.
fn each<T, U>(field: &str, list: &[T], read: impl Fn(&T) -> Result<U, Invalid>) -> Result<Vec<U>, Invalid> {
    if list.len() > MOST {
        return Err(Invalid::new(field, format!("has more than {MOST} entries")).hint("make two schedules"));
    }
    list.iter().enumerate().map(|(n, entry)| read(entry).map_err(at(&format!("{field}[{n}]")))).collect()
}

impl Base {
    fn timeline(&self, zone: Option<TimeZone>) -> Timeline {
        Timeline { zone: zone.unwrap_or_else(|| self.zone.clone()), dst: self.dst }
    }

    /// Cron expressions, recurrence rules and calendars.
    fn rules(
        &self,
        under: &str,
        (cron, rrule, calendars): (&[String], &[String], &[Calendar]),
    ) -> Result<Vec<Source>, Invalid> {
        let mut sources = each(&format!("{under}cron"), cron, |text| {
            Ok(match cron::read(text)? {
                Expression::Times(rule, zone) => Source::Civil { rule, timeline: self.timeline(zone), until: None },
                Expression::Interval(interval) => Source::Interval(interval),
            })
        })?;
        sources.extend(each(&format!("{under}rrule"), rrule, |text| {
            let mut rule = recurrence::read(text, self.start, &self.zone)?;
            let (zone, until) = (rule.zone.take(), rule.until);
            Ok(Source::Civil { rule: Box::new(rule), timeline: self.timeline(zone), until })
        })?);
        sources.extend(each(&format!("{under}calendars"), calendars, |calendar| {
            let rule = Box::new(CronRule::of_calendar(calendar)?);
            Ok(Source::Civil { rule, timeline: self.timeline(None), until: None })
        })?);
        Ok(sources)
    }

    /// Times that are written out.
    fn instants(&self, texts: &[String]) -> Result<Source, Invalid> {
        let mut instants = each("at", texts, |text| self.instant("", text))?;
        instants.sort_unstable();
        instants.dedup();
        Ok(Source::Instants(instants))
    }

    /// An instant: RFC 3339, or a civil time in the schedule's zone.
    fn instant(&self, field: &str, text: &str) -> Result<Timestamp, Invalid> {
        const HINT: &str = "write `2026-12-24T18:00:00Z`, with an offset, or without one in the schedule's zone";
        if text.contains(":60") {
            let error = Invalid::new(field, format!("`{text}`: a leap second is no time that clocks show"));
            return Err(error.hint("write second 59, or the next minute"));
        }
        let wrong = || Invalid::new(field, format!("`{}` is no date and time", text.escape_debug())).hint(HINT);
        let at = match text.trim().parse::<Timestamp>() {
            Ok(at) => at,
            Err(_) => {
                let civil: DateTime = text.trim().parse().map_err(|_| wrong())?;
                let found = self.timeline(None).first_of(civil, &mut Budget::new()).map_err(|_| wrong())?;
                found.ok_or_else(|| {
                    let error = Invalid::new(field, format!("the clocks of the zone skip `{text}`"));
                    error.hint("write another time, or `dst.gap: shift`")
                })?
            }
        };
        if at.subsec_nanosecond() != 0 {
            return Err(
                Invalid::new(field, format!("`{text}` is within a second")).hint("schedules fire at whole seconds")
            );
        }
        let years = Timestamp::UNIX_EPOCH..Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 366 * 230);
        if !years.contains(&at) {
            return Err(Invalid::new(field, format!("`{text}` is outside the years 1970 to 2199")).hint(HINT));
        }
        Ok(at)
    }
}

fn date(text: &str) -> Result<Date, Invalid> {
    text.trim()
        .parse()
        .map_err(|_| Invalid::new("", format!("`{}` is no date", text.escape_debug())).hint("write `2026-12-25`"))
}

#[cfg(test)]
mod tests;
