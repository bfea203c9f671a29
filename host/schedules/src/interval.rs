//! Times at equal distances, counted from 1970 as Temporal counts them; and how durations are written.

use jiff::{SignedDuration, Timestamp};
use optimus_core::fault::Invalid;

use crate::spec;

/// Times at 1970-01-01T00:00:00Z + n·`every` + `phase`, in seconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Interval {
    every: i64,
    phase: i64,
}

impl Interval {
    pub(crate) fn compile(written: &spec::Interval) -> Result<Self, Invalid> {
        Self::new(&written.every, written.phase.as_deref())
    }

    pub(crate) fn new(every: &str, phase: Option<&str>) -> Result<Self, Invalid> {
        let every = duration("every", every)?;
        let phase = phase.map_or(Ok(0), |phase| duration("phase", phase))?;
        if every == 0 {
            return Err(Invalid::new("every", "the shortest interval is one second").hint("write `1s` or more"));
        }
        if every > LONGEST {
            return Err(Invalid::new("every", "the longest interval is ten years").hint("use a calendar"));
        }
        if phase >= every {
            let error = Invalid::new("phase", "the phase is not less than the interval");
            return Err(error.hint(format!("write `{}s`, which means the same", phase % every)));
        }
        Ok(Self { every, phase })
    }

    /// The first of its times that is `from` or later.
    pub(crate) fn next(&self, from: Timestamp) -> Option<Timestamp> {
        let since = from.as_second().checked_sub(self.phase)?;
        let count = since.div_euclid(self.every) + i64::from(since.rem_euclid(self.every) != 0);
        Timestamp::from_second(count.checked_mul(self.every)?.checked_add(self.phase)?).ok()
    }
}

const LONGEST: i64 = 10 * 366 * 24 * 3600;

/// Whole seconds of a duration: `90m`, `1h 30m`, `PT90M`.
pub(crate) fn duration(field: &str, text: &str) -> Result<i64, Invalid> {
    const HINT: &str = "write hours, minutes and seconds: `90m`, `1h 30m`, `24h`";
    let read: SignedDuration = text.trim().parse().map_err(|_| {
        let message = format!("`{}` is not a duration", text.escape_debug());
        Invalid::new(field, message).hint(HINT)
    })?;
    if read.is_negative() {
        return Err(Invalid::new(field, format!("`{text}` is less than zero")).hint(HINT));
    }
    if read.subsec_nanos() != 0 {
        let error = Invalid::new(field, format!("`{text}` is not a whole number of seconds"));
        return Err(error.hint("schedules fire at whole seconds"));
    }
    Ok(read.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_counted_from_1970() {
        // Temporal's own example: every 90 minutes with a phase of 19.
        let interval = Interval::new("90m", Some("19m")).unwrap();
        let first = interval.next(Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(first.as_second(), 19 * 60);
        assert_eq!(interval.next(first), Some(first), "`from` itself counts");
        assert_eq!(interval.next(first + SignedDuration::from_secs(1)).unwrap().as_second(), (19 + 90) * 60);
    }

    #[test]
    fn what_is_no_interval_is_refused_with_a_remedy() {
        for (every, phase, field) in [
            ("1ms", None, "every"),
            ("0s", None, "every"),
            ("-5m", None, "every"),
            ("soon", None, "every"),
            ("1h", Some("2h"), "phase"),
            ("200000h", None, "every"),
        ] {
            let error = Interval::new(every, phase).unwrap_err();
            assert_eq!(error.field, field, "{every}");
            assert!(error.hint.is_some(), "{error}");
        }
    }
}
