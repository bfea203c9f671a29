//! A cron expression as text: its zone, its comment, its names, and five, six or seven fields.

use jiff::tz::TimeZone;
use optimus_core::fault::Invalid;

use super::rule::CronRule;
use crate::interval::Interval;
use crate::zone;

/// The longest expression, in bytes.
const LONGEST: usize = 1024;

/// What an expression means.
#[derive(Debug)]
pub(crate) enum Expression {
    /// Times of a calendar; in this zone, if it names one.
    Times(Box<CronRule>, Option<TimeZone>),
    /// `@every 90m/19m`.
    Interval(Interval),
}

/// Reads an expression.
///
/// # Errors
/// Names the field that is wrong.
pub(crate) fn read(text: &str) -> Result<Expression, Invalid> {
    if text.len() > LONGEST {
        return Err(Invalid::new("", format!("a cron expression has at most {LONGEST} bytes")));
    }
    // ` # why` is a comment; `5#2` is the second Friday.
    let text = text.trim();
    let text = if text.starts_with('#') { "" } else { text.split(" #").next().unwrap_or(text).trim() };
    let (zone, text) = match text.strip_prefix("CRON_TZ=").or_else(|| text.strip_prefix("TZ=")) {
        Some(rest) => {
            let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            (Some(zone::find(name)?), rest.trim())
        }
        None => (None, text),
    };
    if let Some(name) = text.strip_prefix('@') {
        return named(name, zone);
    }
    let fields = seven(text)?;
    Ok(Expression::Times(Box::new(CronRule::new(&fields)?), zone))
}

/// Those that begin with `@`.
fn named(name: &str, zone: Option<TimeZone>) -> Result<Expression, Invalid> {
    let lower = name.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("every").filter(|rest| rest.starts_with(char::is_whitespace)) {
        let (every, phase) = rest.split_once('/').map_or((rest, None), |(every, phase)| (every, Some(phase)));
        return Interval::new(every, phase).map(Expression::Interval);
    }
    let fields = match lower.as_str() {
        "yearly" | "annually" => "0 0 1 1 *",
        "monthly" => "0 0 1 * *",
        "weekly" => "0 0 * * 0",
        "daily" | "midnight" => "0 0 * * *",
        "hourly" => "0 * * * *",
        _ => {
            let error = Invalid::new("", format!("there is no `@{}`", name.escape_debug()));
            return Err(error.hint("there are @yearly, @monthly, @weekly, @daily, @hourly, and `@every 90m/19m`"));
        }
    };
    Ok(Expression::Times(Box::new(CronRule::new(&seven(fields)?)?), zone))
}

/// Five fields are minute to day of the week; a sixth is the year; seven begin with the second.
fn seven(text: &str) -> Result<[String; 7], Invalid> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    let all: [&str; 7] = match fields[..] {
        [minute, hour, day, month, weekday] => ["0", minute, hour, day, month, weekday, "*"],
        [minute, hour, day, month, weekday, year] => {
            check_sixth(year)?;
            ["0", minute, hour, day, month, weekday, year]
        }
        [second, minute, hour, day, month, weekday, year] => [second, minute, hour, day, month, weekday, year],
        _ => {
            let error =
                Invalid::new("", format!("a cron expression has five, six or seven fields, not {}", fields.len()));
            return Err(
                error.hint("minute, hour, day of the month, month, day of the week; then a year; before all, a second")
            );
        }
    };
    Ok(all.map(str::to_owned))
}

/// Other programs take six fields for a second and five; what can be no year is explained.
fn check_sixth(year: &str) -> Result<(), Invalid> {
    let can_be_year =
        year == "*" || year.split([',', '-', '/']).next().is_some_and(|first| first == "*" || first.len() == 4);
    if can_be_year {
        return Ok(());
    }
    let error = Invalid::new("year", format!("the sixth field is the year, and `{}` is none", year.escape_debug()));
    Err(error.hint("for seconds, write seven fields: second, minute, hour, day, month, day of the week, `*`"))
}
