//! Time zones by their IANA names, out of the data that this release carries: the same on every machine.

use std::sync::LazyLock;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use optimus_core::fault::Invalid;
use optimus_core::suggest::nearest;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A zone by its name.
pub(crate) fn find(name: &str) -> Result<TimeZone, Invalid> {
    if let Ok(zone) = ZONES.get(name) {
        return Ok(zone);
    }
    let message = format!("there is no time zone `{}`", name.escape_debug());
    let names: Vec<String> = ZONES.available().map(|name| name.to_string()).collect();
    let lower: Vec<(String, &str)> = names.iter().map(|name| (name.to_ascii_lowercase(), name.as_str())).collect();
    let near = nearest(name, lower.iter().map(|(lower, _)| lower.as_str()));
    let near = near.and_then(|near| lower.iter().find(|(lower, _)| lower == near)).map(|(_, name)| *name);
    Err(Invalid::new("", message).hint(match near {
        Some(near) => format!("did you mean `{near}`?"),
        None => "name a zone of the IANA database: `Europe/Berlin`, `America/New_York`, `UTC`".to_owned(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_is_found_by_its_name_and_a_mistyped_one_is_suggested() {
        assert!(find("Europe/Berlin").is_ok() && find("UTC").is_ok() && find("europe/berlin").is_ok());
        let mistyped = find("Europe/Berlni").unwrap_err();
        assert_eq!(mistyped.hint.as_deref(), Some("did you mean `Europe/Berlin`?"));
        for unknown in ["", "Mars/Olympus", "../etc/passwd", "CET\u{0}"] {
            assert!(find(unknown).is_err(), "{unknown}");
        }
    }
}
