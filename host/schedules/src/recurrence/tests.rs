use jiff::SignedDuration;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::*;
use crate::budget::{Budget, Exhausted};
use crate::civil::Civil as _;

/// The first times of a rule.
fn times(text: &str, count: usize) -> Vec<String> {
    let rule = read(text, None, &TimeZone::UTC).unwrap();
    let (mut from, mut found) = (DateTime::constant(1970, 1, 1, 0, 0, 0, 0), Vec::new());
    while found.len() < count {
        let Some(next) = rule.next(from, &mut Budget::new()).unwrap() else { break };
        found.push(next.strftime("%Y-%m-%d %H:%M:%S").to_string().trim_end_matches(" 09:00:00").to_owned());
        from = next + SignedDuration::from_secs(1);
    }
    found
}

/// Examples of RFC 5545, 3.8.5.3: all begin at nine on 2 September 1997, if they do not say otherwise.
#[test]
fn examples_of_the_rfc() {
    let of = |rule: &str, count| times(&format!("DTSTART:19970902T090000\nRRULE:{rule}"), count);
    assert_eq!(of("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", 9), ["1997-09-05", "1997-10-03", "1997-11-07"]);
    assert_eq!(of("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", 9), ["1997-09-22", "1997-10-20", "1997-11-17"]);
    assert_eq!(of("FREQ=MONTHLY;BYMONTHDAY=-3", 2), ["1997-09-28", "1997-10-29"]);
    assert_eq!(
        of("FREQ=YEARLY;INTERVAL=3;COUNT=4;BYYEARDAY=1,100,200", 9),
        ["2000-01-01", "2000-04-09", "2000-07-18", "2003-01-01"]
    );
    assert_eq!(of("FREQ=YEARLY;BYDAY=20MO", 2), ["1998-05-18", "1999-05-17"]);
    assert_eq!(of("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", 2), ["1998-05-11", "1999-05-17"]);
    assert_eq!(of("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", 2), ["1998-02-13", "1998-03-13"]);
    assert_eq!(of("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", 9), ["1997-09-04", "1997-10-07", "1997-11-06"]);
    assert_eq!(of("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", 2), ["1997-09-29", "1997-10-30"]);
    assert_eq!(of("FREQ=HOURLY;INTERVAL=3;UNTIL=19970902T170000Z", 9).len(), 9, "the zone's side decides on UTC");
    assert_eq!(of("FREQ=MINUTELY;INTERVAL=90;COUNT=2", 9), ["1997-09-02", "1997-09-02 10:30:00"]);
    assert_eq!(
        of("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8", 2),
        ["1997-11-04", "2001-11-06"]
    );
    let weekly = |start| {
        times(&format!("DTSTART:19970805T090000\nRRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST={start}"), 9)
    };
    assert_eq!(weekly("MO"), ["1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"]);
    assert_eq!(weekly("SU"), ["1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"]);
}

#[test]
fn months_without_the_day_are_passed_over_and_not_counted() {
    let days = times("DTSTART:20260131T090000\nRRULE:FREQ=MONTHLY;COUNT=4", 9);
    assert_eq!(days, ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]);
}

#[test]
fn dates_are_added_and_left_out_and_do_not_change_the_count() {
    let text = "DTSTART;TZID=Europe/Berlin:20260105T090000\r\nRRULE:FREQ=WEEKLY;\r\n COUNT=3\r\n\
                RDATE:20260107T090000\r\nEXDATE;TZID=Europe/Berlin:20260112T090000\r\n";
    assert_eq!(times(text, 9), ["2026-01-05", "2026-01-07", "2026-01-19"]);
    assert_eq!(times("RDATE:20260107T090000,20260101T090000", 9), ["2026-01-01", "2026-01-07"]);
}

#[test]
fn what_is_wrong_is_named() {
    for (rule, field) in [
        ("FREQ=NEVER", "FREQ"),
        ("BYDAY=MO", "FREQ"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL"),
        ("FREQ=DAILY;COUNT=0", "COUNT"),
        ("FREQ=DAILY;COUNT=1000000", "COUNT"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20270101", "UNTIL"),
        ("FREQ=DAILY;UNTIL=20270230", "UNTIL"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR"),
        ("FREQ=DAILY;BYSECOND=60", "BYSECOND"),
        ("FREQ=WEEKLY;BYDAY=1MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=0MO", "BYDAY"),
        ("FREQ=MONTHLY;BYDAY=é", "BYDAY"),
        ("FREQ=MONTHLY;BYWEEKNO=3", "BYWEEKNO"),
        ("FREQ=DAILY;BYYEARDAY=3", "BYYEARDAY"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "BYMONTHDAY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS"),
        ("FREQ=DAILY;FREQ=DAILY", "FREQ"),
        ("FREQ=DAILY;BYEASTER=0", ""),
        ("FREQ=DAILY;WKST=XX", "WKST"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1", ""),
    ] {
        let error = read(&format!("DTSTART:20260101T090000\nRRULE:{rule}"), None, &TimeZone::UTC).unwrap_err();
        assert_eq!(error.field, field, "{rule}: {error}");
    }
    for text in [
        "",
        "DTSTART:2026",
        "DTSTART:20261301T000000",
        "DTSTART:20260101T000060\nRRULE:FREQ=DAILY",
        "EXRULE:FREQ=DAILY",
        "VEVENT:1",
    ] {
        assert!(read(text, None, &TimeZone::UTC).is_err(), "{text}");
    }
}

#[test]
fn a_rule_that_never_fires_ends_after_bounded_work() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;INTERVAL=60;BYSECOND=5",
        "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3",
    ] {
        let rule = read(&format!("DTSTART:20260101T090000\nRRULE:{rule}"), None, &TimeZone::UTC).unwrap();
        let found = rule.next(DateTime::constant(2026, 1, 1, 0, 0, 0, 0), &mut Budget::new());
        assert!(matches!(found, Ok(None) | Err(Exhausted)), "{found:?}");
    }
}
