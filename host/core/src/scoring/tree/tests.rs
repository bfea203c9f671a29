//! Results of trees. The wanted values are those of problemtools' `default_grader` and of the legacy specification.

use super::*;
use crate::Verdict::{self, Accepted, RuntimeError, TimeLimitExceeded, WrongAnswer};
use crate::scoring::{Progress, Score, Scoring};

fn node(name: &str, groups: Vec<Node>) -> Node {
    Node { name: name.to_owned(), groups, on_reject: OnReject::Continue, ..Node::default() }
}

fn scoring(root: Node) -> Scoring {
    Scoring { tree: Some(Box::new(Tree { root, ..Tree::default() })), ..Scoring::default() }
}

/// Judges tests in order: each with its group and what it would come to; also how many ran.
fn judge(scoring: &Scoring, tests: &[(&str, Verdict)]) -> (Score, usize) {
    let all: Vec<Test> =
        tests.iter().map(|(group, _)| Test { group: Some((*group).to_owned()), ..Test::default() }).collect();
    scoring.check(&all).unwrap();
    let mut progress = Progress::new(scoring, &all);
    let mut ran = 0;
    for (i, (_, verdict)) in tests.iter().enumerate() {
        if progress.wants(i) {
            ran += 1;
            progress.note(i, *verdict, None);
        }
    }
    (progress.score(), ran)
}

fn points(score: &Score) -> (f64, f64, Verdict) {
    (score.points, score.max, score.verdict.unwrap())
}

#[test]
fn scores_are_aggregated_from_the_inside_out() {
    let worth = |name, accept_score| Node { accept_score, score: ScoreMode::Min, ..node(name, Vec::new()) };
    let root = node("data", vec![node("secret", vec![worth("a", 40.0), worth("b", 60.0)])]);
    let all = [("a", Accepted), ("a", Accepted), ("b", Accepted)];
    assert_eq!(points(&judge(&scoring(root.clone()), &all).0), (100.0, 100.0, Accepted));
    let failing = [("a", Accepted), ("a", Accepted), ("b", WrongAnswer)];
    assert_eq!(
        points(&judge(&scoring(root.clone()), &failing).0),
        (0.0, 100.0, WrongAnswer),
        "not accepted, no points"
    );
    let mut lenient = root;
    lenient.groups[0].accept_if_any_accepted = true;
    assert_eq!(points(&judge(&scoring(lenient), &failing).0), (40.0, 100.0, Accepted));
}

#[test]
fn the_first_rejection_ends_a_group_and_what_holds_it() {
    let mut root = node("data", vec![node("sample", Vec::new()), node("secret", Vec::new())]);
    root.on_reject = OnReject::Break;
    let tests = [("sample", WrongAnswer), ("sample", Accepted), ("secret", Accepted)];
    let (score, ran) = judge(&scoring(root.clone()), &tests);
    assert_eq!((ran, score.verdict), (2, Some(WrongAnswer)), "the sample goes on, what holds it does not");
    root.groups[0].on_reject = OnReject::Break;
    assert_eq!(judge(&scoring(root), &tests).1, 1);
}

#[test]
fn each_way_to_aggregate_verdicts_and_scores() {
    let tests = [("g", TimeLimitExceeded), ("g", Accepted), ("g", RuntimeError), ("g", Accepted)];
    let come = |verdict, score| {
        let root = Node { verdict, score, reject_score: -1.0, ..node("g", Vec::new()) };
        points(&judge(&scoring(root), &tests).0)
    };
    assert_eq!(come(VerdictMode::WorstError, ScoreMode::Sum).2, RuntimeError);
    assert_eq!(come(VerdictMode::FirstError, ScoreMode::Sum).2, TimeLimitExceeded);
    for (mode, points, max) in [
        (ScoreMode::Sum, 0.0, 4.0),
        (ScoreMode::Avg, 0.0, 1.0),
        (ScoreMode::Min, -1.0, 1.0),
        (ScoreMode::Max, 1.0, 1.0),
    ] {
        assert_eq!(come(VerdictMode::AlwaysAccept, mode), (points, max, Accepted), "{mode:?}");
    }
}

#[test]
fn samples_are_ignored_where_that_is_said() {
    let mut root = node("data", vec![node("sample", Vec::new()), node("secret", Vec::new())]);
    root.ignore_sample = true;
    let (score, _) = judge(&scoring(root.clone()), &[("sample", WrongAnswer), ("secret", Accepted)]);
    assert_eq!(points(&score), (1.0, 1.0, Accepted));
    root.ignore_sample = false;
    let (score, _) = judge(&scoring(root), &[("sample", Accepted), ("secret", Accepted)]);
    assert_eq!(points(&score), (2.0, 2.0, Accepted), "otherwise they count like everything else");
}

#[test]
fn open_scores_have_no_maximum_but_the_one_that_is_said() {
    let mut tree = Tree { root: node("g", Vec::new()), open_scores: true, ..Tree::default() };
    let tests = [Test { group: Some("g".to_owned()), ..Test::default() }];
    let judge = |tree: &Tree| {
        let scoring = Scoring { tree: Some(Box::new(tree.clone())), ..Scoring::default() };
        let mut progress = Progress::new(&scoring, &tests);
        progress.note(0, Accepted, Some(12.5));
        progress.score()
    };
    let open = judge(&tree);
    assert!(open.unbounded && open.is_full() && open.points == 12.5);
    tree.root.max = Some(20.0);
    let bounded = judge(&tree);
    assert_eq!((bounded.unbounded, bounded.max, bounded.is_full()), (false, 20.0, false));
}

#[test]
fn a_group_with_a_grader_of_its_own_waits_for_it() {
    let mut root = node("data", vec![node("a", Vec::new()), node("b", Vec::new())]);
    root.on_reject = OnReject::Break;
    root.groups[0].custom = Some(vec!["half".to_owned()]);
    let grader = Checker { language: "toy".to_owned(), source: Some("x".into()), ..Checker::default() };
    let tree = Tree { root, grader: Some(grader), ..Tree::default() };
    let scoring = Scoring { tree: Some(Box::new(tree)), ..Scoring::default() };
    let tests: Vec<Test> =
        ["a", "a", "b"].iter().map(|name| Test { group: Some((*name).to_owned()), ..Test::default() }).collect();
    scoring.check(&tests).unwrap();
    for (said, wanted) in [("AC 7.5\n", true), ("WA 0\n", false)] {
        let mut progress = Progress::new(&scoring, &tests);
        progress.note(0, WrongAnswer, None);
        assert_eq!(progress.due(), None, "its results are not all there");
        progress.note(1, Accepted, None);
        let call = progress.due().unwrap();
        assert_eq!((call.stdin.as_str(), call.args), ("WA 0\nAC 1\n", vec!["half".to_owned()]));
        progress.graded(Graded::read(said).unwrap());
        assert_eq!(progress.due(), None);
        assert_eq!(progress.wants(2), wanted, "{said}");
    }
    for nonsense in ["", "AC", "OK 3", "AC x", "AC 1 2", "JE 0"] {
        assert!(Graded::read(nonsense).is_err(), "{nonsense}");
    }
}

#[test]
fn trees_that_cannot_be_graded_are_refused() {
    let test = |group: &str| Test { group: Some(group.to_owned()), ..Test::default() };
    let check = |root: Node, group: &str| scoring(root).check(&[test(group)]).map_err(|invalid| invalid.field);
    assert_eq!(check(node("g", Vec::new()), "g"), Ok(()));
    assert_eq!(check(node("g", Vec::new()), "h").unwrap_err(), "tests[0].group");
    assert_eq!(check(node("g", vec![node("g", Vec::new())]), "g").unwrap_err(), "scoring.tree");
    let custom = Node { custom: Some(Vec::new()), ..node("g", Vec::new()) };
    assert_eq!(check(custom, "g").unwrap_err(), "scoring.tree.grader");
}
