//! One rule of a schedule, as instants.

use jiff::Timestamp;

use crate::budget::{Budget, Exhausted};
use crate::civil::Civil;
use crate::interval::Interval;
use crate::timeline::Timeline;

/// A rule, and where its times are.
pub(crate) enum Source {
    /// Civil times, seen on a zone's clocks; none after `until`.
    Civil { rule: Box<dyn Civil>, timeline: Timeline, until: Option<Timestamp> },
    /// Equal distances.
    Interval(Interval),
    /// Instants that are written out, in order.
    Instants(Vec<Timestamp>),
}

impl Source {
    /// The first of its times that is `from` or later.
    pub(crate) fn next(&self, from: Timestamp, budget: &mut Budget) -> Result<Option<Timestamp>, Exhausted> {
        match self {
            Self::Civil { rule, timeline, until } => {
                if until.is_some_and(|until| from > until) {
                    return Ok(None);
                }
                let next = timeline.next(rule.as_ref(), from, budget)?;
                Ok(next.filter(|next| until.is_none_or(|until| *next <= until)))
            }
            Self::Interval(interval) => Ok(interval.next(from)),
            Self::Instants(instants) => Ok(instants.get(instants.partition_point(|at| *at < from)).copied()),
        }
    }

    /// Returns true if this is one of its times: for rules of civil time, if the clocks show one.
    pub(crate) fn names(&self, at: Timestamp, budget: &mut Budget) -> Result<bool, Exhausted> {
        match self {
            Self::Civil { rule, timeline, until } => {
                let shown = timeline.zone.to_datetime(at);
                Ok(until.is_none_or(|until| at <= until) && rule.next(shown, budget)? == Some(shown))
            }
            _ => Ok(self.next(at, budget)? == Some(at)),
        }
    }
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Civil { .. } => "Civil",
            Self::Interval(_) => "Interval",
            Self::Instants(_) => "Instants",
        })
    }
}
