//! The lines of a recurrence: `DTSTART`, `RRULE`, `RDATE`, `EXDATE`.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use optimus_core::fault::Invalid;

use super::moment::{Moment, moment};
use super::parts;
use super::rule::Recurrence;
use crate::zone;

/// The longest text, in bytes.
const LONGEST: usize = 16 << 10;

/// The lines, as they are written.
#[derive(Default)]
struct Lines<'a> {
    start: Option<Line<'a>>,
    rule: Option<&'a str>,
    added: Vec<Line<'a>>,
    left_out: Vec<Line<'a>>,
}

/// A line of dates: its name, its zone, its values.
struct Line<'a> {
    name: &'a str,
    zone: Option<TimeZone>,
    values: &'a str,
}

/// Reads a recurrence. `default_start` stands for an absent `DTSTART`, and `zone` for an absent `TZID`.
///
/// # Errors
/// Names the part that is wrong.
pub(crate) fn read(text: &str, default_start: Option<Timestamp>, zone: &TimeZone) -> Result<Recurrence, Invalid> {
    if text.len() > LONGEST {
        return Err(Invalid::new("", format!("a recurrence rule has at most {LONGEST} bytes")));
    }
    // A line that begins with a blank continues the one before it: RFC 5545, 3.1.
    let text = text.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "");
    let lines = lines(&text)?;
    let (start, own) = match &lines.start {
        Some(line) => start(line)?,
        None => (default_start.map(|at| zone.to_datetime(at)), None),
    };
    let zone = own.as_ref().unwrap_or(zone);
    let (added, left_out) = (dates(&lines.added, zone)?, dates(&lines.left_out, zone)?);
    let (rule, until) = match (lines.rule, start) {
        (Some(rule), Some(start)) => {
            let (rule, until) = parts::read(rule, start)?;
            (Some(rule), until)
        }
        (Some(_), None) => {
            let error = Invalid::new("DTSTART", "the rule does not say from when it counts");
            return Err(error.hint("begin with a line `DTSTART:20260101T090000`, or give `start_at`"));
        }
        (None, _) if added.is_empty() => {
            return Err(Invalid::new("RRULE", "there is no rule").hint("write `RRULE:FREQ=WEEKLY;BYDAY=MO,WE`"));
        }
        (None, _) => (None, None),
    };
    Ok(Recurrence { rule, added, left_out: left_out.into_iter().collect(), zone: own, until })
}

fn lines(text: &str) -> Result<Lines<'_>, Invalid> {
    let mut lines = Lines::default();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (head, values) = line.split_once(':').unwrap_or(("RRULE", line));
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        match name.to_ascii_uppercase().as_str() {
            "RRULE" if lines.rule.is_some() => {
                return Err(Invalid::new("RRULE", "there are two rules").hint("give each an entry of its own"));
            }
            "RRULE" => lines.rule = Some(values),
            "DTSTART" if lines.start.is_some() => return Err(Invalid::new("DTSTART", "there are two starts")),
            "DTSTART" => lines.start = Some(dated("DTSTART", parameters, values)?),
            "RDATE" => lines.added.push(dated("RDATE", parameters, values)?),
            "EXDATE" => lines.left_out.push(dated("EXDATE", parameters, values)?),
            "EXRULE" => {
                return Err(Invalid::new("EXRULE", "RFC 5545 has no EXRULE").hint("put the rule into `exclude.rrule`"));
            }
            other => {
                let error = Invalid::new("", format!("there is no line `{}`", other.escape_debug()));
                return Err(error.hint("there are DTSTART, RRULE, RDATE and EXDATE"));
            }
        }
    }
    Ok(lines)
}

/// A line of dates, with its parameters.
fn dated<'a>(name: &'a str, parameters: &str, values: &'a str) -> Result<Line<'a>, Invalid> {
    let mut zone = None;
    for parameter in parameters.split(';').filter(|parameter| !parameter.is_empty()) {
        let (key, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        match key.to_ascii_uppercase().as_str() {
            "TZID" => zone = Some(zone::find(value.trim_matches('"')).map_err(|error| error.under(name))?),
            "VALUE" if ["DATE", "DATE-TIME"].contains(&value.to_ascii_uppercase().as_str()) => {}
            _ => {
                let error = Invalid::new(name, format!("`{}` means nothing here", parameter.escape_debug()));
                return Err(error.hint("there are TZID, and VALUE=DATE or VALUE=DATE-TIME"));
            }
        }
    }
    Ok(Line { name, zone, values })
}

/// When a rule begins, and in which zone, if the line says so.
fn start(line: &Line<'_>) -> Result<(Option<DateTime>, Option<TimeZone>), Invalid> {
    match moment(line.name, line.values)? {
        Moment::Civil(start) => Ok((Some(start), line.zone.clone())),
        Moment::Instant(_) if line.zone.is_some() => {
            Err(Invalid::new(line.name, "a time in UTC has no TZID").hint("leave out the `Z`, or the TZID"))
        }
        Moment::Instant(at) => Ok((Some(TimeZone::UTC.to_datetime(at)), Some(TimeZone::UTC))),
    }
}

/// All dates of some lines, in order, as the clocks of `zone` show them.
fn dates(lines: &[Line<'_>], zone: &TimeZone) -> Result<Vec<DateTime>, Invalid> {
    let mut dates = Vec::new();
    for line in lines {
        for value in line.values.split(',') {
            dates.push(match (moment(line.name, value)?, &line.zone) {
                (Moment::Civil(time), None) => time,
                (Moment::Civil(time), Some(own)) => {
                    let at = own.to_ambiguous_timestamp(time).compatible();
                    zone.to_datetime(at.map_err(|_| Invalid::new(line.name, format!("`{value}` is out of range")))?)
                }
                (Moment::Instant(at), _) => zone.to_datetime(at),
            });
        }
    }
    dates.sort_unstable();
    Ok(dates)
}
