//! Points of groups: rules, and properties that hold for all verdicts.

use proptest::prelude::*;

use super::*;
use crate::Verdict;

fn test(group: &str, points: Option<f64>) -> Test {
    Test { group: Some(group.to_owned()), points, ..Test::default() }
}

fn group(name: &str, points: f64, score: Aggregate) -> Group {
    Group { name: name.to_owned(), points: Some(points), score, ..Group::default() }
}

/// Judges in order; `shares` are what each test would come to.
fn judge(scoring: &Scoring, tests: &[Test], shares: &[f64]) -> (Score, usize) {
    let mut progress = Progress::new(scoring, tests);
    let mut ran = 0;
    for (i, share) in shares.iter().enumerate() {
        if progress.wants(i) {
            ran += 1;
            let verdict = match *share {
                share if share >= 1.0 => Verdict::Accepted,
                share if share > 0.0 => Verdict::Partial,
                _ => Verdict::WrongAnswer,
            };
            progress.note(i, verdict, Some(*share));
        }
    }
    (progress.score(), ran)
}

fn of_one(aggregate: Aggregate, shares: &[f64]) -> f64 {
    let scoring = Scoring { groups: vec![group("g", 30.0, aggregate)], ..Scoring::default() };
    let tests = vec![test("g", None); shares.len()];
    scoring.check(&tests).unwrap();
    judge(&scoring, &tests, shares).0.points
}

#[test]
fn each_way_to_aggregate() {
    let shares = [1.0, 0.5, 1.0];
    assert_eq!(of_one(Aggregate::Sum, &shares), 25.0);
    assert_eq!(of_one(Aggregate::Min, &shares), 15.0);
    assert_eq!(of_one(Aggregate::Max, &shares), 30.0);
    assert_eq!(of_one(Aggregate::All, &shares), 0.0);
    assert_eq!(of_one(Aggregate::All, &[1.0, 1.0]), 30.0);
}

#[test]
fn tests_may_have_points_of_their_own() {
    let scoring =
        Scoring { groups: vec![Group { points: None, ..group("g", 0.0, Aggregate::Sum) }], ..Scoring::default() };
    let tests = [test("g", Some(7.0)), test("g", Some(3.0))];
    scoring.check(&tests).unwrap();
    let (score, _) = judge(&scoring, &tests, &[1.0, 0.0]);
    assert_eq!((score.points, score.max), (7.0, 10.0));
}

#[test]
fn a_group_whose_requirement_failed_is_not_judged() {
    let second = Group { requires: vec!["a".to_owned()], ..group("b", 60.0, Aggregate::All) };
    let scoring = Scoring { groups: vec![group("a", 40.0, Aggregate::All), second], ..Scoring::default() };
    let tests = [test("a", None), test("a", None), test("b", None)];
    scoring.check(&tests).unwrap();
    assert_eq!(judge(&scoring, &tests, &[1.0, 1.0, 1.0]).0.points, 100.0);
    let (score, ran) = judge(&scoring, &tests, &[1.0, 0.0, 1.0]);
    assert_eq!((score.points, ran, score.groups[1].judged), (0.0, 2, 0));
}

#[test]
fn samples_count_for_nothing_and_may_stop_everything() {
    let sample = Group { sample: true, stop: Stop::Job, points: None, ..group("sample", 0.0, Aggregate::All) };
    let scoring = Scoring { groups: vec![sample, group("s", 10.0, Aggregate::Sum)], ..Scoring::default() };
    let tests = [test("sample", None), test("s", None)];
    scoring.check(&tests).unwrap();
    assert_eq!(judge(&scoring, &tests, &[0.0, 1.0]), (judge(&scoring, &tests, &[0.0, 0.0]).0, 1));
    let (score, _) = judge(&scoring, &tests, &[1.0, 1.0]);
    assert_eq!((score.points, score.max, score.is_full()), (10.0, 10.0, true));
}

#[test]
fn the_total_may_be_the_least_or_the_most_of_the_groups() {
    let groups = vec![group("a", 40.0, Aggregate::Sum), group("b", 60.0, Aggregate::Sum)];
    let tests = [test("a", None), test("b", None)];
    for (total, points, max) in [(Total::Sum, 70.0, 100.0), (Total::Min, 30.0, 40.0), (Total::Max, 40.0, 60.0)] {
        let scoring = Scoring { groups: groups.clone(), total, ..Scoring::default() };
        let (score, _) = judge(&scoring, &tests, &[1.0, 0.5]);
        assert_eq!((score.points, score.max), (points, max), "{total:?}");
    }
}

#[test]
fn what_cannot_be_scored_is_refused_by_its_place() {
    let known = || vec![group("a", 1.0, Aggregate::Sum), group("b", 1.0, Aggregate::All)];
    let with = |change: fn(&mut Vec<Group>)| {
        let mut groups = known();
        change(&mut groups);
        Scoring { groups, ..Scoring::default() }
    };
    let tests = [test("a", None), test("b", None)];
    for (scoring, tests, field) in [
        (with(|g| g[1].name = "a".to_owned()), &tests[..], "scoring.groups[1].name"),
        (with(|g| g[0].points = Some(-1.0)), &tests[..], "scoring.groups[0].points"),
        (with(|g| g[0].points = Some(f64::NAN)), &tests[..], "scoring.groups[0].points"),
        (with(|g| g[0].requires = vec!["b".to_owned()]), &tests[..], "scoring.groups[0].requires"),
        (with(|g| g[0].requires = vec!["a".to_owned()]), &tests[..], "scoring.groups[0].requires"),
        (with(|_| ()), &[test("a", None)][..], "scoring.groups[1].name"),
        (with(|_| ()), &[test("c", None)][..], "tests[0].group"),
        (with(|_| ()), &[test("a", None), test("b", Some(1.0))][..], "tests[1].points"),
        (with(|_| ()), &[test("a", Some(1.0)), test("b", None)][..], "scoring.groups[0].points"),
        (with(|g| g[1].requires = vec!["a".to_owned()]), &[test("b", None), test("a", None)][..], "tests[0]"),
    ] {
        assert_eq!(scoring.check(tests).unwrap_err().field, field);
    }
}

prop_compose! {
    fn any_scoring()(
        shapes in prop::collection::vec((0..4usize, 1..5usize, 0..50u32, any::<bool>(), 0..8usize), 1..6),
        total in 0..3usize,
    ) -> (Scoring, Vec<Test>) {
        let mut groups: Vec<Group> = Vec::new();
        let mut tests = Vec::new();
        for (i, (score, count, points, requires, which)) in shapes.into_iter().enumerate() {
            let score = [Aggregate::Sum, Aggregate::Min, Aggregate::Max, Aggregate::All][score];
            let name = i.to_string();
            let requires = if requires && i > 0 { vec![(which % i).to_string()] } else { Vec::new() };
            groups.push(Group { requires, ..group(&name, f64::from(points), score) });
            tests.extend(std::iter::repeat_n(test(&name, None), count));
        }
        (Scoring { groups, total: [Total::Sum, Total::Min, Total::Max][total], ..Scoring::default() }, tests)
    }
}

fn any_shares() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), Just(1.0), 0.0..1.0], 32)
}

proptest! {
    #[test]
    fn points_are_within_bounds_and_lazy_judging_changes_none((scoring, tests) in any_scoring(), shares in any_shares()) {
        scoring.check(&tests).unwrap();
        let shares = &shares[..tests.len()];
        let (full, ran) = judge(&scoring, &tests, shares);
        prop_assert!((0.0..=full.max).contains(&full.points));
        prop_assert!(full.groups.iter().all(|group| (0.0..=group.max).contains(&group.points)));
        let (lazy, lazily) = judge(&Scoring { lazy: true, ..scoring }, &tests, shares);
        prop_assert_eq!((lazy.points, lazy.max), (full.points, full.max));
        let points = |score: &Score| score.groups.iter().map(|group| group.points).collect::<Vec<_>>();
        prop_assert_eq!(points(&lazy), points(&full));
        prop_assert!(lazily <= ran);
    }

    #[test]
    fn a_better_test_never_costs_points((scoring, tests) in any_scoring(), shares in any_shares(), at in any::<prop::sample::Index>()) {
        let shares = &shares[..tests.len()];
        let mut better = shares.to_vec();
        better[at.index(tests.len())] = 1.0;
        prop_assert!(judge(&scoring, &tests, &better).0.points >= judge(&scoring, &tests, shares).0.points);
        let all = vec![1.0; tests.len()];
        let (score, ran) = judge(&scoring, &tests, &all);
        prop_assert_eq!((score.points, ran), (score.max, tests.len()));
    }
}

#[test]
fn a_product_of_shares_and_a_threshold_of_scores() {
    let tests = [test("p", None), test("p", None), test("t", None), test("t", None)];
    let group = |name: &str, score, threshold| Group {
        name: name.to_owned(),
        points: Some(40.0),
        score,
        threshold,
        ..Group::default()
    };
    let groups = vec![group("p", Aggregate::Product, None), group("t", Aggregate::Min, Some(7.5))];
    let scoring = Scoring { groups, ..Scoring::default() };
    scoring.check(&tests).unwrap();
    let points = |scores: [f64; 4]| {
        let mut progress = Progress::new(&scoring, &tests);
        for (i, score) in scores.into_iter().enumerate() {
            let verdict = if score > 0.0 { Verdict::Accepted } else { Verdict::WrongAnswer };
            progress.note(i, verdict, Some(score));
        }
        progress.score().groups.iter().map(|group| group.points).collect::<Vec<_>>()
    };
    assert_eq!(points([0.5, 0.5, 7.5, 1.0]), [10.0, 40.0]);
    assert_eq!(points([1.0, 1.0, 7.6, 1.0]), [40.0, 0.0], "above the threshold");
    assert_eq!(points([1.0, 0.0, 0.0, 1.0]), [0.0, 0.0], "0 is no score");
}
