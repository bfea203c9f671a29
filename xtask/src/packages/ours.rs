//! Features of a package as our importers read them, in the words of the scripts around the reference tools.

use optimus_core::problem::fits;
use optimus_core::scoring::tree::{Node, OnReject};
use optimus_core::scoring::{Aggregate, Progress};
use optimus_core::{Checker, Comparer, Problem, Test, Verdict};
use serde_json::{Map, Value, json};

/// Number of made-up submissions for each package, whose points are compared.
const MADE_UP: u32 = 6;

fn name(test: &Test) -> &str {
    test.name.as_deref().unwrap_or_default()
}

/// The verdict of a made-up submission in a test. The scripts have the same rule.
fn verdict(name: &str, number: u32) -> Verdict {
    let sum: u32 = name.bytes().map(u32::from).sum();
    if sum * (number + 1) % 7 < number { Verdict::WrongAnswer } else { Verdict::Accepted }
}

fn mebibytes(limit: Option<&Value>) -> Option<u64> {
    limit.and_then(Value::as_u64).map(|bytes| bytes >> 20)
}

fn tests(problem: &Problem) -> Vec<&str> {
    problem.tests.iter().map(name).collect()
}

/// By the names of tests.
fn by_test(problem: &Problem, of: impl Fn(&Test) -> Vec<String>) -> Map<String, Value> {
    problem.tests.iter().map(|test| (name(test).to_owned(), of(test).into())).collect()
}

fn validator(problem: &Problem) -> Option<&Checker> {
    match (&problem.compare, &problem.interactor) {
        (Some(Comparer::Program(checker)), _) => Some(checker),
        (_, interactor) => interactor.as_deref(),
    }
}

/// The flags of the validator, where that is the package's own.
fn flags(problem: &Problem) -> Map<String, Value> {
    let Some(validator) = validator(problem) else { return Map::new() };
    by_test(problem, |test| validator.args.iter().chain(&test.checker_args).cloned().collect())
}

fn submissions(problem: &Problem) -> Vec<Value> {
    let mut all: Vec<Value> = problem.submissions.iter().map(|own| json!([own.name, own.bounds_time])).collect();
    all.sort_by_key(ToString::to_string);
    all
}

fn limits(problem: &Problem) -> [Option<u64>; 3] {
    [
        mebibytes(problem.limits.memory_bytes.as_ref()),
        mebibytes(problem.limits.output_bytes.as_ref()),
        problem.source_bytes.map(|bytes| bytes >> 10),
    ]
}

fn time(problem: &Problem) -> Value {
    json!([
        problem.limits.cpu_ms,
        problem.time_rule.map(|rule| rule.factor),
        problem.time_rule.map(|rule| rule.resolution_ms)
    ])
}

/// Verdict and points of a made-up submission.
fn judged(problem: &Problem, number: u32) -> Value {
    let Some(scoring) = &problem.scoring else {
        return json!([problem.tests.iter().all(|test| verdict(name(test), number) == Verdict::Accepted), 0]);
    };
    let mut progress = Progress::new(scoring, &problem.tests);
    for (i, test) in problem.tests.iter().enumerate() {
        if progress.wants(i) {
            progress.note(i, verdict(name(test), number), None);
        }
    }
    let is_verdict = scoring.tree.as_ref().is_some_and(|tree| tree.verdict_only);
    let score = progress.score();
    let is_right = score.verdict == Some(Verdict::Accepted);
    json!([is_right, if is_verdict || !is_right { 0.0 } else { score.points }])
}

/// Each group's `on_reject` and what a test is worth in it.
fn groups(node: &Node, all: &mut Map<String, Value>) {
    let own = json!([node.on_reject == OnReject::Break, node.accept_score, node.reject_score]);
    all.insert(node.name.clone(), own);
    node.groups.iter().for_each(|inner| groups(inner, all));
}

/// The legacy format, and that of 2023-07.
pub(super) fn kattis(problem: &Problem) -> Value {
    let tree = problem.scoring.as_ref().and_then(|scoring| scoring.tree.as_ref());
    let is_scoring = tree.is_some_and(|tree| !tree.verdict_only);
    let mut nodes = Map::new();
    if let Some(tree) = tree.filter(|_| is_scoring) {
        groups(&tree.root, &mut nodes);
    }
    json!({
        "tests": tests(problem),
        "type": [is_scoring, problem.interactor.is_some()],
        "limits": limits(problem),
        "time": time(problem),
        "flags": flags(problem),
        "submissions": submissions(problem),
        "groups": nodes,
        "points": (0..MADE_UP).map(|number| judged(problem, number)).collect::<Vec<_>>(),
    })
}

/// The expectations of each submission in each test.
fn expected(problem: &Problem) -> Vec<Value> {
    const SHORT: [(&str, Verdict); 4] = [
        ("AC", Verdict::Accepted),
        ("RTE", Verdict::RuntimeError),
        ("TLE", Verdict::TimeLimitExceeded),
        ("WA", Verdict::WrongAnswer),
    ];
    let mut all = Vec::new();
    for own in &problem.submissions {
        for test in &problem.tests {
            let parts = own.expect.parts.iter().filter(|part| part.tests.is_empty() || fits(&part.tests, name(test)));
            let permitted = parts.map(|part| &part.permitted).chain([&own.expect.permitted]);
            let lists: Vec<_> = permitted.filter(|list| !list.is_empty()).collect();
            let may = |verdict: &Verdict| lists.iter().all(|list| list.contains(verdict));
            let words: Vec<&str> = SHORT.iter().filter(|(_, own)| may(own)).map(|(word, _)| *word).collect();
            all.push(json!([own.name, name(test), words]));
        }
    }
    all.sort_by_key(ToString::to_string);
    all
}

/// The format of 2025-09.
pub(super) fn icpc(problem: &Problem) -> Value {
    let program = validator(problem);
    let passes = program.and_then(|program| program.passes);
    let text = program.and_then(|program| program.files.first()).map(|file| {
        let text = String::from_utf8_lossy(file.content.as_bytes()).into_owned();
        text.trim_end().to_owned()
    });
    json!({
        "tests": tests(problem),
        "type": [problem.interactor.is_some(), passes],
        "limits": limits(problem),
        "time": time(problem),
        "flags": flags(problem),
        "args": by_test(problem, |test| test.args.clone()),
        "constants": text,
        "languages": problem.languages,
        "submissions": submissions(problem),
        "verdicts": expected(problem),
    })
}

/// DMOJ's.
pub(super) fn dmoj(problem: &Problem) -> Value {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let data = problem.tests.iter().map(|test| {
        let expect = test.expect.as_ref().map_or_else(String::new, |own| text(own.as_bytes()));
        json!([text(test.stdin.as_bytes()), expect])
    });
    let groups = problem.scoring.iter().flat_map(|scoring| &scoring.groups);
    let batches: Vec<&str> =
        groups.clone().filter(|group| group.score == Aggregate::Min).map(|group| group.name.as_str()).collect();
    let groups = groups.map(|group| {
        let tests = problem.tests.iter().filter(|test| test.group.as_ref() == Some(&group.name)).count();
        let number = |name: &String| batches.iter().position(|batch| batch == name).map(|at| at + 1);
        json!([group.points, tests, group.requires.iter().map(number).collect::<Vec<_>>()])
    });
    let checker = match &problem.compare {
        Some(Comparer::Dmoj(checker)) => serde_json::to_value(checker).unwrap_or_default(),
        _ => Value::Null,
    };
    json!({
        "order and data": data.collect::<Vec<_>>(),
        "groups": groups.collect::<Vec<_>>(),
        "limits": [problem.limits.output_bytes],
        "checker": [checker.get("name"), checker.get("precision")],
    })
}
