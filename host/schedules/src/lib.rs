//! When schedules fire: specs in, firing times out.
//!
//! In: a [`Spec`], as clients write it. Out: a [`Schedule`], which answers "when next?" from the spec, the zone data that
//! this release carries, and the time that the caller names. This crate reads no clock and stores nothing. Every rule of
//! civil time (cron, calendars, recurrence rules) is expanded on the calendar first; one room, `timeline`, turns civil
//! times into instants. Each question is answered within a bounded number of steps.

mod budget;
mod civil;
mod compile;
mod cron;
mod interval;
mod recurrence;
mod schedule;
mod source;
mod spec;
mod timeline;
mod zone;

pub use budget::Exhausted;
pub use schedule::{Firing, Schedule};
pub use spec::{Calendar, Dst, Exclusion, Fold, Gap, Interval, Number, Spec};
