use super::*;
use crate::spec::{self, Exclusion, Number};

fn refused(spec: &Spec) -> Invalid {
    spec.compile("x").unwrap_err()
}

#[test]
fn what_is_wrong_is_named_by_its_place_with_a_remedy() {
    let daily = || Spec { cron: vec!["@daily".to_owned()], ..Spec::default() };
    let list = |text: &str| vec![text.to_owned()];
    let cases = [
        ("spec.cron", Spec::default()),
        ("spec.timezone", Spec { timezone: Some("Europe/Atlantis".to_owned()), ..daily() }),
        (
            "spec.cron[1].day_of_month",
            Spec { cron: vec!["@daily".to_owned(), "0 0 30 2 *".to_owned()], ..Spec::default() },
        ),
        ("spec.cron[0].second", Spec { cron: list("60 59 23 30 6 * *"), ..Spec::default() }),
        ("spec.rrule[0].DTSTART", Spec { rrule: list("FREQ=DAILY"), ..Spec::default() }),
        (
            "spec.intervals[0].every",
            Spec { intervals: vec![spec::Interval { every: "1ms".to_owned(), phase: None }], ..Spec::default() },
        ),
        ("spec.at[0]", Spec { at: list("2026-06-30T23:59:60Z"), ..Spec::default() }),
        ("spec.at[0]", Spec { at: list("2026-02-30T00:00:00Z"), ..Spec::default() }),
        ("spec.at[0]", Spec { at: list("2026-05-01T00:00:00.5Z"), ..Spec::default() }),
        (
            "spec.end_at",
            Spec { start_at: Some("2027-01-01".to_owned()), end_at: Some("2026-01-01".to_owned()), ..daily() },
        ),
        ("spec.jitter", Spec { jitter: Some("48h".to_owned()), ..daily() }),
        (
            "spec.exclude.dates[0]",
            Spec { exclude: Exclusion { dates: list("25.12."), ..Exclusion::default() }, ..daily() },
        ),
        ("spec", Spec { exclude: Exclusion { cron: list("0 0 * * *"), ..Exclusion::default() }, ..daily() }),
        (
            "spec.calendars[0].hour",
            Spec {
                calendars: vec![Calendar { hour: Some(Number::Plain(24)), ..Calendar::default() }],
                ..Spec::default()
            },
        ),
        ("spec.cron", Spec { cron: vec!["@daily".to_owned(); 101], ..Spec::default() }),
    ];
    for (field, spec) in cases {
        let error = refused(&spec);
        assert_eq!(error.field, field, "{error}");
        assert!(error.hint.is_some(), "{error}");
    }
}

#[test]
fn a_time_that_the_clocks_skip_is_refused_where_gaps_are_skipped() {
    let at = vec!["2026-03-29T02:30:00".to_owned()];
    let timezone = Some("Europe/Berlin".to_owned());
    let dst = Dst { gap: spec::Gap::Skip, ..Dst::default() };
    assert!(refused(&Spec { at: at.clone(), timezone: timezone.clone(), dst, ..Spec::default() }).hint.is_some());
    assert!(Spec { at, timezone, ..Spec::default() }.compile("x").is_ok());
}

#[test]
fn a_spec_is_read_from_json_and_written_back() {
    let json =
        r#"{"timezone":"UTC","calendars":[{"hour":9,"day_of_week":"MON-FRI"}],"dst":{"gap":"skip","fold":"both"}}"#;
    let spec: Spec = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&spec).unwrap(), json);
    assert!(serde_json::from_str::<Spec>(r#"{"crom":["@daily"]}"#).is_err());
}
