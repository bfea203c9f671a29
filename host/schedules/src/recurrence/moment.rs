//! Points in time as RFC 5545 writes them.

use jiff::Timestamp;
use jiff::civil::DateTime;
use optimus_core::fault::Invalid;

/// A point in time as RFC 5545 writes it.
pub(super) enum Moment {
    /// In the zone of whatever it belongs to.
    Civil(DateTime),
    /// In UTC.
    Instant(Timestamp),
}

/// Reads `20260329`, `20260329T023000` or `20260329T023000Z`.
pub(super) fn moment(name: &str, text: &str) -> Result<Moment, Invalid> {
    const HINT: &str = "write `20260329`, `20260329T023000`, or `20260329T013000Z` for UTC";
    let wrong = || Invalid::new(name, format!("`{}` is no date and time", text.escape_debug())).hint(HINT);
    let text = text.trim();
    let (digits, is_utc) = text.strip_suffix(['Z', 'z']).map_or((text, false), |digits| (digits, true));
    let (date, time) = digits.split_once(['T', 't']).unwrap_or((digits, "000000"));
    let is_number = |text: &str, length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(date, 8) || !is_number(time, 6) {
        return Err(wrong());
    }
    let part = |text: &str, from: usize| text[from..from + 2].parse::<i8>().map_err(|_| wrong());
    if part(time, 4)? == 60 {
        let error = Invalid::new(name, format!("`{text}`: a leap second is no time that clocks show"));
        return Err(error.hint("write second 59, or the next minute"));
    }
    let year = date[..4].parse::<i16>().map_err(|_| wrong())?;
    let (month, day) = (part(date, 4)?, part(date, 6)?);
    let civil = DateTime::new(year, month, day, part(time, 0)?, part(time, 2)?, part(time, 4)?, 0);
    let civil = civil.map_err(|_| Invalid::new(name, format!("there is no `{text}`")).hint(HINT))?;
    Ok(match is_utc {
        true => Moment::Instant(jiff::tz::Offset::UTC.to_timestamp(civil).map_err(|_| wrong())?),
        false => Moment::Civil(civil),
    })
}
