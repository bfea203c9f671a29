//! Recurrence rules of RFC 5545, expanded in civil time.
//!
//! A rule divides the calendar from its start on into periods, takes from each the days and times that its parts name,
//! and of these the positions of `BYSETPOS`. Where the RFC leaves room, python-dateutil decides: a start that the rule
//! does not name is no occurrence, and of a weekly rule's first week only the days from the start on have positions.

mod filter;
mod moment;
mod parts;
mod rule;
mod text;

pub(crate) use self::text::read;

#[cfg(test)]
mod tests;
