//! Groups inside groups, each graded by a grader, as the legacy Kattis format has them: tests and groups are the
//! *results* of the group that holds them, and a grader makes one result of them, a verdict and a score. The score of a
//! job counts only when the verdict of the root is accepted.
//!
//! <https://www.kattis.com/problem-package-format/spec/legacy#graders>

mod grading;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::{Checker, Invalid, Test};

pub use grading::{Graded, GraderCall, Grading};

/// All groups of a job, from the one that holds everything.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tree {
    /// The group that holds everything.
    pub root: Node,
    /// The program that grades groups with `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grader: Option<Checker>,
    /// Tests may have scores of any size, given by a checker.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_scores: bool,
    /// Scores do not count, only the verdict does.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verdict_only: bool,
    /// The smallest score is the best.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub minimize: bool,
}

/// A group of tests and of groups. Its tests name it by `group`; the job's tests stand in the order in which the tree is
/// walked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// The name that tests use.
    pub name: String,
    /// The groups inside; they take their places among the tests by the places of their own first tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<Node>,
    /// The first result that is not accepted ends the group.
    #[serde(default)]
    pub on_reject: OnReject,
    /// The rule that turns the results' verdicts into the group's.
    #[serde(default)]
    pub verdict: VerdictMode,
    /// The rule that turns their scores into the group's.
    #[serde(default)]
    pub score: ScoreMode,
    /// One accepted result makes the group accepted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub accept_if_any_accepted: bool,
    /// Only the last of the results counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ignore_sample: bool,
    /// The score of an accepted test that was given none.
    #[serde(default = "one")]
    pub accept_score: f64,
    /// The same of any other.
    #[serde(default)]
    pub reject_score: f64,
    /// The largest score, where the author says one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// The tree's `grader` grades it, with these arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom: Option<Vec<String>>,
}

impl Default for Node {
    fn default() -> Self {
        Self {
            name: String::new(),
            groups: Vec::new(),
            on_reject: OnReject::default(),
            verdict: VerdictMode::default(),
            score: ScoreMode::default(),
            accept_if_any_accepted: false,
            ignore_sample: false,
            accept_score: 1.0,
            reject_score: 0.0,
            max: None,
            custom: None,
        }
    }
}

fn one() -> f64 {
    1.0
}

/// The effect on a group of its first result that is not accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnReject {
    /// The rest of the group is skipped.
    #[default]
    Break,
    /// Nothing.
    Continue,
}

/// A rule that turns several verdicts into one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VerdictMode {
    /// The worst.
    #[default]
    WorstError,
    /// The first that is not accepted.
    FirstError,
    /// Accepted, whatever they are.
    AlwaysAccept,
}

/// A rule that turns several scores into one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum ScoreMode {
    #[default]
    Sum,
    Avg,
    Min,
    Max,
}

impl ScoreMode {
    fn of(self, scores: &[f64]) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a group has far fewer than 2^52 results")]
        match self {
            Self::Sum => scores.iter().sum(),
            Self::Avg if scores.is_empty() => 0.0,
            Self::Avg => scores.iter().sum::<f64>() / scores.len() as f64,
            Self::Min => scores.iter().copied().reduce(f64::min).unwrap_or(0.0),
            Self::Max => scores.iter().copied().reduce(f64::max).unwrap_or(0.0),
        }
    }
}

impl Node {
    /// This group and all groups inside, each before those that it holds, with the number of the group that holds it.
    fn flat(&self) -> Vec<(&Self, Option<usize>)> {
        let mut all = Vec::new();
        self.walk(None, &mut all);
        all
    }

    /// Number of groups, this one and all inside it.
    pub(crate) fn count(&self) -> usize {
        1 + self.groups.iter().map(Self::count).sum::<usize>()
    }

    fn walk<'a>(&'a self, parent: Option<usize>, all: &mut Vec<(&'a Self, Option<usize>)>) {
        let own = all.len();
        all.push((self, parent));
        self.groups.iter().for_each(|group| group.walk(Some(own), all));
    }
}

impl Tree {
    /// Refuses what could not be graded.
    ///
    /// # Errors
    /// What is wrong, by its place in the scoring.
    pub(super) fn check(&self, tests: &[Test]) -> Result<(), Invalid> {
        let nodes = self.root.flat();
        for (i, (node, _)) in nodes.iter().enumerate() {
            if nodes[..i].iter().any(|(other, _)| other.name == node.name) {
                return Err(Invalid::new("scoring.tree", format!("has two groups `{}`", node.name)));
            }
            if node.custom.is_some() && self.grader.is_none() {
                let message = format!("is missing, and the group `{}` is `custom`", node.name);
                return Err(Invalid::new("scoring.tree.grader", message));
            }
            let numbers = [Some(node.accept_score), Some(node.reject_score), node.max];
            if numbers.into_iter().flatten().any(|number| !number.is_finite()) {
                return Err(Invalid::new("scoring.tree", format!("a score of `{}` is not finite", node.name)));
            }
        }
        for (i, test) in tests.iter().enumerate() {
            let name = test.group.as_deref();
            if !nodes.iter().any(|(node, _)| Some(node.name.as_str()) == name) {
                let message = format!("`{}` is no group of `scoring.tree`", name.unwrap_or_default());
                return Err(Invalid::new(format!("tests[{i}].group"), message));
            }
            if test.points.is_some() {
                return Err(Invalid::new(format!("tests[{i}].points"), "cannot be combined with `scoring.tree`"));
            }
        }
        Ok(())
    }
}
