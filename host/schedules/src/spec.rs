//! What clients write: the times of a schedule, as data.

use serde::{Deserialize, Serialize};

/// When a schedule fires: at every time that one of its rules names, except those that `exclude` names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The zone of rules that name none: an IANA name. `UTC`, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Cron expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cron: Vec<String>,
    /// Recurrence rules of RFC 5545, with their `DTSTART`, `RDATE` and `EXDATE` lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rrule: Vec<String>,
    /// Calendars, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<Calendar>,
    /// Times at equal distances.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub intervals: Vec<Interval>,
    /// Times that are written out: each fires once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub at: Vec<String>,
    /// Times at which the schedule does not fire.
    #[serde(default, skip_serializing_if = "Exclusion::is_empty")]
    pub exclude: Exclusion,
    /// The schedule fires at this time or later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_at: Option<String>,
    /// The schedule fires at this time or earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_at: Option<String>,
    /// Each firing is delayed by some time up to this one, and never past the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<String>,
    /// Where the clocks jump.
    #[serde(default)]
    pub dst: Dst,
}

/// Rules whose times are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Cron expressions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cron: Vec<String>,
    /// Recurrence rules.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rrule: Vec<String>,
    /// Calendars.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<Calendar>,
    /// Whole days, `2026-12-25`, in the schedule's zone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dates: Vec<String>,
}

impl Exclusion {
    /// Returns true if it names nothing.
    pub fn is_empty(&self) -> bool {
        self.cron.is_empty() && self.rrule.is_empty() && self.calendars.is_empty() && self.dates.is_empty()
    }
}

/// A calendar: the times at which every field matches. Each field is a number or an expression: `*`, `5`, `1-5`, `10/15`,
/// `*/2`, `MON,WED`. An absent second, minute or hour is 0; an absent field of the date matches every date.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the names say it")]
pub struct Calendar {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minute: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hour: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_month: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub month: Option<Number>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub year: Option<Number>,
    /// 0 is Sunday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_of_week: Option<Number>,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A field of a calendar: a number, or an expression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Number {
    Plain(u16),
    Expression(String),
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Plain(number) => number.fmt(f),
            Self::Expression(text) => f.write_str(text),
        }
    }
}

/// Times at equal distances: 1970-01-01T00:00:00Z + n·`every` + `phase`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// `90m`, `1h 30m`, `PT90M`; at least one second.
    pub every: String,
    /// Less than `every`; zero, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
}

/// What happens to civil times at which a zone's clocks jump.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Dst {
    /// A time that the clocks skip.
    pub gap: Gap,
    /// A time that the clocks show twice.
    pub fold: Fold,
}

/// A time that the clocks skip.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// It does not fire.
    Skip,
    /// It fires as much later as the clocks jump: 02:30 at 03:30.
    #[default]
    Shift,
}

/// A time that the clocks show twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Fold {
    #[default]
    First,
    Last,
    Both,
}
