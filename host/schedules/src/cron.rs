//! Cron expressions and calendars: `croner` reads their fields, and days are looked at one by one.

mod expression;
mod rule;

pub(crate) use self::expression::{Expression, read};
pub(crate) use self::rule::CronRule;

#[cfg(test)]
mod tests;
