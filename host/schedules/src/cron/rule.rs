//! The seven fields of a cron expression or a calendar, and the times that they name.

use croner::parser::{CronParser, Seconds, Year};
use croner::{CronComponent, CronPattern, Weekday};
use jiff::civil::{Date, DateTime, Time};
use optimus_core::fault::Invalid;

use crate::budget::{Budget, Exhausted};
use crate::civil::{Civil, LAST_YEAR, TimeSet};
use crate::spec::Calendar;

/// The fields in the order in which `croner` reads them.
const FIELDS: [&str; 7] = ["second", "minute", "hour", "day_of_month", "month", "day_of_week", "year"];
const FIRST_YEAR: i16 = 1970;

/// Every day that the fields name, at every time of day that they name. Unlike crontab(5), and like Temporal, the day of
/// the month and the day of the week must both match.
#[derive(Debug)]
pub(crate) struct CronRule {
    days: CronPattern,
    months: Vec<i8>,
    /// Empty: every year.
    years: Vec<i16>,
    times: TimeSet,
}

impl CronRule {
    /// A rule out of seven fields.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub(crate) fn new(fields: &[String; 7]) -> Result<Self, Invalid> {
        for (name, field) in FIELDS.iter().zip(fields) {
            check(name, field)?;
        }
        let mut days = parse(fields).map_err(|message| Invalid::new("", message))?;
        let list =
            |component: &CronComponent| component.values().iter().filter_map(|n| i8::try_from(*n).ok()).collect();
        let years = match fields[6].as_str() {
            "*" => Vec::new(),
            _ => days.years.values().iter().filter_map(|year| i16::try_from(*year).ok()).collect(),
        };
        let times = TimeSet::new(list(&days.hours), list(&days.minutes), list(&days.seconds));
        let months = list(&days.months);
        // The list of five thousand years is most of a pattern's memory, and is not asked for days.
        days.years = CronComponent::default();
        let rule = Self { days, months, years, times };
        rule.check_dates(fields)?;
        Ok(rule)
    }

    /// A rule out of a calendar.
    pub(crate) fn of_calendar(calendar: &Calendar) -> Result<Self, Invalid> {
        let field = |number: &Option<crate::spec::Number>, absent: &str| {
            number.as_ref().map_or_else(|| absent.to_owned(), |number| number.to_string().trim().to_owned())
        };
        Self::new(&[
            field(&calendar.second, "0"),
            field(&calendar.minute, "0"),
            field(&calendar.hour, "0"),
            field(&calendar.day_of_month, "*"),
            field(&calendar.month, "*"),
            field(&calendar.day_of_week, "*"),
            field(&calendar.year, "*"),
        ])
    }

    /// Refuses a rule all of whose dates are impossible.
    fn check_dates(&self, fields: &[String; 7]) -> Result<(), Invalid> {
        let first = Date::new(FIRST_YEAR, 1, 1).map(|date| date.to_datetime(Time::midnight()));
        let is_possible = first.is_ok_and(|first| !matches!(self.next(first, &mut Budget::new()), Ok(None)));
        if is_possible {
            return Ok(());
        }
        let [_, _, _, day, month, weekday, year] = fields;
        let named = [(day, "day of the month"), (month, "month"), (weekday, "day of the week"), (year, "year")];
        let named: Vec<String> =
            named.iter().filter(|(f, _)| *f != "*").map(|(f, name)| format!("{name} `{f}`")).collect();
        let error = Invalid::new("day_of_month", format!("there is no date of {}", named.join(", ")));
        Err(error.hint("30 February never comes; `L` is the last day of a month"))
    }

    fn is_day(&self, date: Date) -> bool {
        let (Ok(month), Ok(day)) = (u32::try_from(date.month()), u32::try_from(date.day())) else { return false };
        let weekday = u32::try_from(date.weekday().to_sunday_zero_offset()).unwrap_or(0);
        let weekday = Weekday::from_days_from_sunday(weekday);
        self.days.day_match(i32::from(date.year()), month, day, weekday).unwrap_or(false)
    }

    /// The day on which the search goes on, if it need not look at the rest of a year or month.
    fn skip(&self, date: Date) -> Option<Date> {
        if !self.years.is_empty() && !self.years.contains(&date.year()) {
            let year = self.years.iter().find(|year| **year > date.year()).copied().unwrap_or(LAST_YEAR + 1);
            return Date::new(year, 1, 1).ok();
        }
        if !self.months.contains(&date.month()) {
            return date.last_of_month().tomorrow().ok();
        }
        None
    }
}

impl Civil for CronRule {
    fn next(&self, from: DateTime, budget: &mut Budget) -> Result<Option<DateTime>, Exhausted> {
        let (mut date, mut time) = (from.date(), from.time());
        while date.year() <= LAST_YEAR {
            budget.step()?;
            if let Some(later) = self.skip(date) {
                (date, time) = (later, Time::midnight());
                continue;
            }
            if self.is_day(date)
                && let Some(time) = self.times.at_or_after(time)
            {
                return Ok(Some(date.to_datetime(time)));
            }
            let Ok(tomorrow) = date.tomorrow() else { break };
            (date, time) = (tomorrow, Time::midnight());
        }
        Ok(None)
    }
}

/// What `croner` makes of seven fields; else, what it says.
fn parse(fields: &[String; 7]) -> Result<CronPattern, String> {
    // `10/15` begins at 10, as Temporal reads it.
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Required);
    let parser = parser.dom_and_dow(true).sloppy_ranges(true).build();
    parser.parse(&fields.join(" ")).map(|cron| cron.pattern).map_err(|error| plain(&error.to_string()))
}

/// `croner`'s sentence in our form: lowercase, no full stop.
fn plain(message: &str) -> String {
    let message = message.rsplit(": ").next().unwrap_or(message).trim_end_matches('.');
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// Refuses a field that is wrong by itself, by name.
fn check(name: &str, field: &str) -> Result<(), Invalid> {
    let wrong = |message: String| {
        let range = match name {
            "second" | "minute" => "0 to 59",
            "hour" => "0 to 23",
            "day_of_month" => "1 to 31, or `L`, `15W`",
            "month" => "1 to 12, or JAN to DEC",
            "day_of_week" => "0 to 7, or SUN to SAT, `5L`, `5#2`; 0 and 7 are Sunday",
            _ => "1970 to 2199",
        };
        Invalid::new(name, message)
            .hint(format!("a {} is {range}; `*`, `1-5`, `*/2` and `1,3` are lists", name.replace('_', " ")))
    };
    if name == "second" && field.split([',', '-', '/']).any(|number| number == "60") {
        let error = Invalid::new(name, "a leap second is no time that clocks show");
        return Err(error.hint("write 59, or minute and second 0 of what follows"));
    }
    if field.is_empty() || field.split(',').any(str::is_empty) || field.contains(char::is_whitespace) {
        return Err(wrong(format!("`{}` is no list", field.escape_debug())));
    }
    let mut fields = FIELDS.map(|_| "*".to_owned());
    let place = FIELDS.iter().position(|field| *field == name).unwrap_or(0);
    field.clone_into(&mut fields[place]);
    let pattern = parse(&fields).map_err(|message| wrong(format!("`{}`: {message}", field.escape_debug())))?;
    let years = pattern.years.values();
    let is_far = |year: &u16| !(FIRST_YEAR..=LAST_YEAR).contains(&i16::try_from(*year).unwrap_or(0));
    if name == "year" && field != "*" && years.iter().any(is_far) {
        return Err(wrong(format!("`{field}` is outside these years")));
    }
    Ok(())
}
