use jiff::civil::date;

use super::*;
use crate::budget::Budget;
use crate::civil::Civil as _;

fn rule(text: &str) -> CronRule {
    match read(text) {
        Ok(Expression::Times(rule, _)) => *rule,
        other => panic!("{text}: {other:?}"),
    }
}

/// The first times of an expression from the beginning of 2026.
fn times(text: &str, count: usize) -> Vec<String> {
    let rule = rule(text);
    let (mut from, mut found) = (date(2026, 1, 1).at(0, 0, 0, 0), Vec::new());
    while found.len() < count {
        let Some(next) = rule.next(from, &mut Budget::new()).unwrap() else { break };
        found.push(next.to_string());
        from = next + jiff::SignedDuration::from_secs(1);
    }
    found
}

#[test]
fn five_six_and_seven_fields() {
    assert_eq!(times("30 9 * * 1-5", 2), ["2026-01-01T09:30:00", "2026-01-02T09:30:00"]);
    assert_eq!(times("0 0 1 1 * 2027-2028", 9), ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]);
    assert_eq!(times("*/30 0 0 1 1 * *", 3), ["2026-01-01T00:00:00", "2026-01-01T00:00:30", "2027-01-01T00:00:00"]);
}

#[test]
fn names_zones_and_comments() {
    assert_eq!(times("@weekly # on Sunday", 1), ["2026-01-04T00:00:00"]);
    assert_eq!(times("0 12 * FEB mon", 1), ["2026-02-02T12:00:00"]);
    let Ok(Expression::Times(_, Some(zone))) = read("CRON_TZ=Asia/Tokyo 0 12 * * *") else { panic!("no zone") };
    assert_eq!(zone.iana_name(), Some("Asia/Tokyo"));
    assert!(matches!(read("@every 90m/19m"), Ok(Expression::Interval(_))));
}

#[test]
fn both_days_must_match() {
    assert_eq!(times("0 0 13 * 5", 2), ["2026-02-13T00:00:00", "2026-03-13T00:00:00"], "Friday the 13th");
    assert_eq!(times("0 0 29 2 1", 1), ["2044-02-29T00:00:00"], "a rare date is found");
}

#[test]
fn last_days_nth_weekdays_and_nearest_workdays() {
    assert_eq!(times("0 0 L 2 *", 3), ["2026-02-28T00:00:00", "2027-02-28T00:00:00", "2028-02-29T00:00:00"]);
    assert_eq!(times("0 0 * * 5#2", 1), ["2026-01-09T00:00:00"]);
    assert_eq!(times("0 0 * * 5L", 1), ["2026-01-30T00:00:00"]);
    assert_eq!(times("0 0 3W * *", 1), ["2026-01-02T00:00:00"], "the 3rd is a Saturday");
}

#[test]
fn what_is_wrong_is_named_with_a_remedy() {
    for (text, field) in [
        ("61 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("0 0 32 * *", "day_of_month"),
        ("0 0 30 2 *", "day_of_month"),
        ("0 0 31 4,6 *", "day_of_month"),
        ("0 0 * 13 *", "month"),
        ("0 0 * * 8", "day_of_week"),
        ("0 0 * * * 3000", "year"),
        ("0 0 * * * 1-5", "year"),
        ("60 0 0 * * * *", "second"),
        ("5-1 * * * *", "minute"),
        ("*/0 * * * *", "minute"),
        (", * * * *", "minute"),
        ("* * * *", ""),
        ("", ""),
        ("# all of it", ""),
        ("@reboot", ""),
        ("CRON_TZ=Mars/Base 0 0 * * *", ""),
        ("@every 1ms", "every"),
    ] {
        let error = read(text).unwrap_err();
        assert_eq!(error.field, field, "{text}: {error}");
        assert!(error.hint.is_some(), "{text}: {error}");
    }
}

#[test]
fn an_impossible_year_and_month_end_soon() {
    // Of 2026, 29 February: no leap year.
    assert!(read("0 0 29 2 * 2026").is_err());
    assert!(read("0 0 29 2 * 2028").is_ok());
}
