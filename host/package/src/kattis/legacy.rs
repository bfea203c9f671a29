//! What directories of tests are worth in the legacy format: a tree of groups, each with a grader.
//!
//! <https://www.kattis.com/problem-package-format/spec/legacy#test-data-groups>

use optimus_core::checker::Protocol;
use optimus_core::scoring::tree::{Node, OnReject, ScoreMode, Tree, VerdictMode};
use optimus_core::{Checker, Problem, Scoring};

use super::Package;
use super::data::{Directory, INDIFFERENT};
use crate::fields::Fields;
use crate::{PackageError, program};

/// Settings that change what a problem without points comes to.
const JUDGING: [&str; 3] = ["on_reject", "grading", "grader_flags"];

/// Turns the directories into a tree of groups. Without points it is needed only where somebody says how to grade:
/// otherwise the first test that fails decides.
pub(super) fn score(package: &Package<'_>, problem: &mut Problem, data: &Directory) -> Result<(), PackageError> {
    let is_graded = data.all().iter().any(|own| JUDGING.iter().any(|key| own.own.has(key)));
    let mut root = node(package, problem, data)?;
    if !package.is_scoring && !is_graded && package.grading.is_empty() {
        problem.tests.iter_mut().for_each(|test| test.group = None);
        return Ok(());
    }
    let is_custom =
        data.all().iter().any(|own| own.settings.clone().text("grading").ok().flatten().as_deref() == Some("custom"));
    let grader = if is_custom { Some(grader(package)?) } else { None };
    let mut grading = package.grading.clone();
    let minimize = grading.text("objective")?.as_deref() == Some("min");
    root.max = root.max.or(max(&mut grading)?);
    let tree =
        Tree { root, grader, open_scores: package.has_custom_score, minimize, verdict_only: !package.is_scoring };
    problem.scoring = Some(Scoring { tree: Some(Box::new(tree)), ..Scoring::default() });
    Ok(())
}

/// The one program in `graders/`.
fn grader(package: &Package<'_>) -> Result<Checker, PackageError> {
    let mut programs = program::programs(package.tree, "graders");
    match (programs.pop(), programs.len()) {
        (None, _) => Err(PackageError::bad("graders/", "is missing, and `grading` is custom")),
        (Some(path), 0) => Ok(program::checker(program::files(package.tree, &path)?, Protocol::Exit)),
        _ => Err(PackageError::bad("graders/", "holds more than one program")),
    }
}

fn node(package: &Package<'_>, problem: &mut Problem, directory: &Directory) -> Result<Node, PackageError> {
    let mut fields = directory.settings.clone();
    let mut node = Node { name: directory.name.clone(), ..Node::default() };
    let is_custom = match fields.text("grading")?.as_deref() {
        None | Some("default") => false,
        Some("custom") => true,
        Some(_) => return Err(fields.bad("grading", "is not `default` or `custom`")),
    };
    let flags = fields.words("grader_flags")?;
    if is_custom {
        node.custom = Some(flags);
    } else {
        for flag in flags.iter().filter(|flag| !default_flag(&mut node, flag)) {
            remark(problem, format!("the default grader does not know `{flag}` (`{}`), ignored", directory.name));
        }
    }
    // What `problem.yaml` says there comes from before the legacy format, and holds for all groups. `worst_error` says
    // which error counts, and not when to stop (problemtools' `model/testdata.py`).
    let mut global = package.grading.clone();
    let own = match fields.text("on_reject")?.as_deref() {
        None | Some("break" | "first_error") => OnReject::Break,
        Some("continue" | "grade" | "worst_error") => OnReject::Continue,
        Some(_) => return Err(fields.bad("on_reject", "is not `break` or `continue`")),
    };
    node.on_reject = match global.text("on_reject")?.as_deref() {
        None | Some("worst_error") => own,
        Some("break" | "first_error") => OnReject::Break,
        Some("continue" | "grade") => OnReject::Continue,
        Some(_) => return Err(PackageError::bad(super::YAML, "`grading.on_reject` is not `first_error` or `grade`")),
    };
    // Both are read, so that neither counts as unknown.
    let (global_accept, own_accept) = (global.float("accept_score")?, fields.float("accept_score")?);
    let (global_reject, own_reject) = (global.float("reject_score")?, fields.float("reject_score")?);
    node.accept_score = global_accept.or(own_accept).unwrap_or(1.0);
    node.reject_score = global_reject.or(own_reject).unwrap_or(0.0);
    node.max = max(&mut directory.own.clone())?;
    fields.ignore(&["range", "output_validator_flags", "output_validator_args", "args"]);
    fields.ignore(&INDIFFERENT);
    for (key, _) in fields.rest() {
        remark(problem, format!("`{key}` in the settings of `{}` is not known and was ignored", directory.name));
    }
    for inner in &directory.inside {
        node.groups.push(self::node(package, problem, inner)?);
    }
    Ok(node)
}

fn remark(problem: &mut Problem, remark: String) {
    if !problem.remarks.contains(&remark) {
        problem.remarks.push(remark);
    }
}

/// A flag of the default grader, if it knows it; of those that contradict each other the last counts.
fn default_flag(node: &mut Node, flag: &str) -> bool {
    match flag {
        "sum" => node.score = ScoreMode::Sum,
        "avg" => node.score = ScoreMode::Avg,
        "min" => node.score = ScoreMode::Min,
        "max" => node.score = ScoreMode::Max,
        "worst_error" | "no_errors" => node.verdict = VerdictMode::WorstError,
        "first_error" => node.verdict = VerdictMode::FirstError,
        "always_accept" => node.verdict = VerdictMode::AlwaysAccept,
        "accept_if_any_accepted" => node.accept_if_any_accepted = true,
        "ignore_sample" => node.ignore_sample = true,
        _ => return false,
    }
    true
}

/// The upper end of `range: 0 100`, when there is one. What is no range has no ends (`get_score_range` of problemtools).
fn max(fields: &mut Fields) -> Result<Option<f64>, PackageError> {
    let Some(range) = fields.text("range")? else { return Ok(None) };
    let ends: Vec<Option<f64>> = range.split_whitespace().map(|end| end.parse().ok()).collect();
    Ok(match ends[..] {
        [Some(_), Some(most)] => Some(most).filter(|most| most.is_finite()),
        _ => None,
    })
}
