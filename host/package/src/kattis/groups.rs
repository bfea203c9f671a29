//! What directories of tests are worth since 2025-09.
//!
//! <https://www.kattis.com/problem-package-format/spec/2025-09#result-aggregation>

use std::collections::BTreeMap;

use optimus_core::scoring::tree::{Node, OnReject, ScoreMode, Tree, VerdictMode};
use optimus_core::scoring::{Aggregate, Group, Total};
use optimus_core::{Problem, Scoring, Test};

use super::data::{Directory, INDIFFERENT, counts};
use super::{Package, static_validator};
use crate::PackageError;

/// Turns the directories into groups, where the problem is one of points. Directories inside a group are only a way to
/// sort its tests.
pub(super) fn score(package: &Package<'_>, problem: &mut Problem, data: &Directory) -> Result<(), PackageError> {
    for test in &mut problem.tests {
        test.group = test.group.take().map(|group| group.split('/').take(2).collect::<Vec<_>>().join("/"));
    }
    let secret = data.inside.iter().find(|own| own.name == "secret");
    let mut own = BTreeMap::new();
    for directory in data.inside.iter().chain(secret.into_iter().flat_map(|secret| &secret.inside)) {
        let read = Own::read(directory, package)?;
        problem.remarks.extend(read.ignored.iter().map(|key| format!("`{}`: `{key}` was ignored", read.file)));
        own.insert(directory.name.clone(), read);
    }
    if !package.is_scoring {
        problem.tests.iter_mut().for_each(|test| test.group = None);
        return Ok(());
    }
    let root = own.get("secret").cloned().unwrap_or_default();
    let scoring =
        if root.max == Some(Max::Unbounded) { unbounded(problem, &own)? } else { bounded(problem, &own, &root)? };
    problem.scoring = Some(scoring);
    Ok(())
}

/// What a group can come to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Max {
    Points(f64),
    Unbounded,
}

/// What a directory says of itself.
#[derive(Debug, Clone, Default)]
struct Own {
    file: String,
    max: Option<Max>,
    score: Option<Aggregate>,
    requires: Vec<String>,
    /// Keys that are not known.
    ignored: Vec<String>,
}

impl Own {
    fn read(directory: &Directory, package: &Package<'_>) -> Result<Self, PackageError> {
        let mut fields = directory.own.clone();
        let mut own = Self { file: fields.file().to_owned(), ..Self::default() };
        own.max = match fields.clone().text("max_score")?.as_deref() {
            Some("unbounded") => {
                fields.ignore(&["max_score"]);
                Some(Max::Unbounded)
            }
            _ => fields.number("max_score")?.map(Max::Points),
        };
        own.score = match fields.text("score_aggregation")?.as_deref() {
            None => None,
            Some("sum") => Some(Aggregate::Sum),
            Some("min") => Some(Aggregate::Min),
            Some("pass-fail") => Some(Aggregate::All),
            Some(_) => return Err(fields.bad("score_aggregation", "is not `pass-fail`, `sum` or `min`")),
        };
        if !package.is_scoring && (own.max.is_some() || own.score.is_some()) {
            return Err(fields.bad("max_score", "or `score_aggregation` is only for problems of type `scoring`"));
        }
        own.requires = fields.words("require_pass")?;
        fields.refuse(&["scoring"])?;
        fields.ignore(&["args", "output_validator_args", "output_validator_flags"]);
        fields.ignore(&INDIFFERENT);
        fields.ignore(&static_validator::KEYS);
        own.ignored = fields.rest().map(|(key, _)| key).collect();
        Ok(own)
    }
}

fn bounded(problem: &mut Problem, all: &BTreeMap<String, Own>, root: &Own) -> Result<Scoring, PackageError> {
    let points = match root.max {
        Some(Max::Points(points)) => points,
        _ => 100.0,
    };
    let counts = counts(problem);
    let mut groups = Vec::new();
    for (name, own) in all.iter().filter(|(name, _)| counts.contains_key(*name)) {
        if name == "sample" {
            groups.push(Group { name: name.clone(), score: Aggregate::All, sample: true, ..Group::default() });
            continue;
        }
        let is_root = name == "secret";
        let score = own.score.unwrap_or(if is_root { Aggregate::Sum } else { Aggregate::All });
        let worth = match own.max {
            Some(Max::Points(points)) => points,
            _ if is_root || root.score == Some(Aggregate::All) => points,
            _ => return Err(PackageError::bad(&own.file, "needs `max_score`, since `secret` has one")),
        };
        let is_shared = share_out(problem, name, own, score, worth)?;
        let mut requires = root.requires.clone();
        requires.extend(own.requires.iter().cloned());
        requires.sort();
        requires.dedup();
        groups.push(Group {
            name: name.clone(),
            points: (!is_shared).then_some(worth),
            score,
            requires,
            ..Group::default()
        });
    }
    let total = if root.score.is_none_or(|score| score == Aggregate::Sum) { Total::Sum } else { Total::Min };
    Ok(Scoring { groups, total, ..Scoring::default() })
}

/// Gives a group's tests points where the check of the sources has points of its own: the others share the rest.
/// Returns true if they have points now.
fn share_out(
    problem: &mut Problem,
    group: &str,
    own: &Own,
    score: Aggregate,
    worth: f64,
) -> Result<bool, PackageError> {
    let is_inside = |test: &&mut Test| test.group.as_deref() == Some(group);
    let mut tests: Vec<&mut Test> = problem.tests.iter_mut().filter(is_inside).collect();
    let is_checked = tests.iter().any(|test| test.check_sources);
    let Some(points) = tests.iter().find(|test| test.check_sources).and_then(|test| test.points) else {
        // Without points of its own it is one of the tests that all have to be accepted.
        return match (is_checked, score) {
            (true, Aggregate::Sum) => Err(PackageError::bad(&own.file, "needs points in `static_validation_score`")),
            _ => Ok(false),
        };
    };
    match score {
        Aggregate::Sum if points <= worth => {}
        Aggregate::Sum => return Err(PackageError::bad(&own.file, "`static_validation_score` is above `max_score`")),
        Aggregate::Min => {
            tests.iter_mut().for_each(|test| test.points = None);
            return Ok(false);
        }
        _ => {
            let why = "`static_validation_score` has points, and the group's `score_aggregation` is `pass-fail`";
            return Err(PackageError::bad(&own.file, why));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^52")]
    let share = (worth - points) / (tests.len() - 1).max(1) as f64;
    tests.iter_mut().filter(|test| !test.check_sources).for_each(|test| test.points = Some(share));
    Ok(true)
}

/// Scores of any size: a tree whose verdict is always accepted.
fn unbounded(problem: &Problem, all: &BTreeMap<String, Own>) -> Result<Scoring, PackageError> {
    if let Some(own) = all.values().find(|own| !own.requires.is_empty()) {
        return Err(PackageError::unsupported(&own.file, "`require_pass` beside `max_score: unbounded`"));
    }
    if problem.tests.iter().any(|test| test.points.is_some()) {
        return Err(PackageError::unsupported("data", "points of static validation beside `max_score: unbounded`"));
    }
    let counts = counts(problem);
    let node = |name: &str, own: &Own, default: Aggregate| {
        let score = own.score.unwrap_or(default);
        #[expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^52")]
        let tests = counts.get(name).copied().unwrap_or(1).max(1) as f64;
        let accept_score = match (own.max, score) {
            (Some(Max::Points(points)), Aggregate::Sum) => points / tests,
            (Some(Max::Points(points)), _) => points,
            _ => 0.0,
        };
        Node {
            name: name.to_owned(),
            on_reject: OnReject::Continue,
            verdict: VerdictMode::AlwaysAccept,
            score: if score == Aggregate::Sum { ScoreMode::Sum } else { ScoreMode::Min },
            accept_score,
            ..Node::default()
        }
    };
    let default = Own::default();
    let own = |name: &str| all.get(name).unwrap_or(&default);
    let mut secret = node("secret", own("secret"), Aggregate::Sum);
    let inside = all.iter().filter(|(name, _)| name.starts_with("secret/"));
    secret.groups = inside.map(|(name, own)| node(name, own, Aggregate::All)).collect();
    let root = Node {
        groups: vec![node("sample", own("sample"), Aggregate::All), secret],
        ignore_sample: true,
        ..node("data", &default, Aggregate::Sum)
    };
    let tree = Tree { root, open_scores: true, ..Tree::default() };
    Ok(Scoring { tree: Some(Box::new(tree)), ..Scoring::default() })
}
