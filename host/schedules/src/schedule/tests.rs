use super::*;
use crate::spec::{Calendar, Dst, Exclusion, Fold, Gap, Interval, Number, Spec};

fn at(text: &str) -> Milliseconds {
    milliseconds(text.parse().unwrap())
}

/// The first firings after a time, in UTC.
fn fires(spec: &Spec, after: &str, count: usize) -> Vec<String> {
    let schedule = spec.compile("nightly").unwrap();
    let firings = schedule.firings(at(after), None, count).unwrap();
    let utc = |at: Milliseconds| Timestamp::from_millisecond(i64::try_from(at.0).unwrap()).unwrap().to_string();
    firings.iter().map(|firing| utc(firing.nominal)).collect()
}

fn cron(text: &str, timezone: &str) -> Spec {
    Spec { cron: vec![text.to_owned()], timezone: Some(timezone.to_owned()), ..Spec::default() }
}

#[test]
fn rules_are_united_and_each_time_fires_once() {
    let spec = Spec {
        cron: vec!["0 12 * * *".to_owned(), "CRON_TZ=Asia/Tokyo 0 21 * * *".to_owned()],
        intervals: vec![Interval { every: "6h".to_owned(), phase: None }],
        at: vec!["2026-05-01T12:00:01Z".to_owned()],
        ..Spec::default()
    };
    let expected = ["2026-05-01T12:00:00Z", "2026-05-01T12:00:01Z", "2026-05-01T18:00:00Z"];
    assert_eq!(fires(&spec, "2026-05-01T11:59:59.500Z", 3), expected);
}

#[test]
fn what_is_excluded_does_not_fire() {
    let exclude = Exclusion {
        calendars: vec![Calendar {
            day_of_week: Some(Number::Expression("SAT,SUN".into())),
            hour: Some(Number::Plain(9)),
            ..Calendar::default()
        }],
        dates: vec!["2026-12-25".to_owned()],
        ..Exclusion::default()
    };
    let spec = Spec { exclude, ..cron("0 9 * * *", "Europe/Berlin") };
    let expected = ["2026-12-24T08:00:00Z", "2026-12-28T08:00:00Z"];
    assert_eq!(fires(&spec, "2026-12-24T00:00:00Z", 2), expected, "neither Christmas nor the weekend after it");
}

#[test]
fn start_and_end_are_firing_times_themselves() {
    let (start_at, end_at) = (Some("2026-05-01T09:00:00Z".to_owned()), Some("2026-05-03T09:00:00".to_owned()));
    let spec = Spec { start_at, end_at, ..cron("0 9 * * *", "UTC") };
    let expected = ["2026-05-01T09:00:00Z", "2026-05-02T09:00:00Z", "2026-05-03T09:00:00Z"];
    assert_eq!(fires(&spec, "2020-01-01T00:00:00Z", 9), expected);
}

#[test]
fn clocks_that_jump_shift_and_repeat_as_the_spec_says() {
    let nightly = cron("30 2 * * *", "Europe/Berlin");
    let spring = ["2026-03-28T01:30:00Z", "2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"];
    assert_eq!(fires(&nightly, "2026-03-28T00:00:00Z", 3), spring);
    let skip = Spec { dst: Dst { gap: Gap::Skip, fold: Fold::First }, ..nightly.clone() };
    assert_eq!(fires(&skip, "2026-03-28T00:00:00Z", 2), [spring[0], spring[2]]);
    let autumn = ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
    assert_eq!(fires(&nightly, "2026-10-24T12:00:00Z", 2), autumn);
    let both = Spec { dst: Dst { gap: Gap::Shift, fold: Fold::Both }, ..nightly };
    assert_eq!(fires(&both, "2026-10-24T12:00:00Z", 2), [autumn[0], "2026-10-25T01:30:00Z"]);
}

#[test]
fn jitter_delays_the_same_firing_by_the_same_time_and_never_past_the_next() {
    let spec = Spec { jitter: Some("10m".to_owned()), ..cron("* * * * *", "UTC") };
    let (one, again, other) = (spec.compile("a").unwrap(), spec.compile("a").unwrap(), spec.compile("b").unwrap());
    let of = |schedule: &Schedule| schedule.firings(at("2026-05-01T00:00:00Z"), None, 200).unwrap();
    let firings = of(&one);
    assert_eq!(firings, of(&again));
    assert_ne!(firings, of(&other));
    assert!(firings.iter().all(|firing| (firing.nominal.0..firing.nominal.0 + 60_000).contains(&firing.at.0)));
    assert!(firings.iter().any(|firing| firing.at.0 - firing.nominal.0 > 30_000), "it delays at all");
}

#[test]
fn a_range_is_open_at_its_beginning_and_closed_at_its_end() {
    let schedule = cron("0 * * * *", "UTC").compile("x").unwrap();
    let firings = schedule.firings(at("2026-05-01T01:00:00Z"), Some(at("2026-05-01T03:00:00Z")), 100).unwrap();
    let nominal: Vec<Milliseconds> = firings.iter().map(|firing| firing.nominal).collect();
    assert_eq!(nominal, [at("2026-05-01T02:00:00Z"), at("2026-05-01T03:00:00Z")]);
}

#[test]
fn a_time_is_shown_on_the_schedules_clocks() {
    let schedule = cron("30 2 * * *", "Europe/Berlin").compile("x").unwrap();
    assert_eq!(schedule.local(at("2026-03-29T01:30:00Z")), "2026-03-29T03:30:00+02:00");
}

/// Every example of a spec on Temporal's pages about schedules, and in the comments of its `schedule/v1/message.proto`.
#[test]
fn the_examples_that_temporal_publishes() {
    let interval = |every: &str, phase: Option<&str>| Spec {
        intervals: vec![Interval { every: every.to_owned(), phase: phase.map(str::to_owned) }],
        ..Spec::default()
    };
    // "every 60 minutes with phase 19 minutes matches xx:19:00 every hour"
    assert_eq!(
        fires(&interval("60m", Some("19m")), "2026-05-01T00:00:00Z", 2),
        ["2026-05-01T00:19:00Z", "2026-05-01T01:19:00Z"]
    );
    // "interval of 28 days with phase zero matches 2022-02-17T00:00:00Z (among other times)"
    let weeks = |phase: Option<&str>| fires(&interval("672h", phase), "2022-02-01T00:00:00Z", 1);
    assert_eq!(weeks(None), ["2022-02-17T00:00:00Z"]);
    // "the same with phase of 3 days, 5 hours and 23 minutes matches 2022-02-20T05:23:00Z"
    assert_eq!(weeks(Some("77h 23m")), ["2022-02-20T05:23:00Z"]);
    // "0 12 * * MON-WED,FRI" is noon on these days.
    let days = fires(&cron("0 12 * * MON-WED,FRI", "UTC"), "2026-05-03T00:00:00Z", 5);
    let expected = ["2026-05-04", "2026-05-05", "2026-05-06", "2026-05-08", "2026-05-11"];
    assert!(days.iter().zip(expected).all(|(day, date)| *day == format!("{date}T12:00:00Z")), "{days:?}");
    // "@every 90m/19m", and "CRON_TZ=…" in front of an expression.
    assert_eq!(fires(&cron("@every 1h/30m", "UTC"), "2026-05-01T00:00:00Z", 1), ["2026-05-01T00:30:00Z"]);
    let pacific = cron("CRON_TZ=America/Los_Angeles 15 8 * * * # breakfast", "UTC");
    assert_eq!(fires(&pacific, "2026-05-01T00:00:00Z", 1), ["2026-05-01T15:15:00Z"]);
}
