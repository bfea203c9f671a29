//! Scoring: groups (subtasks) of tests, their dependencies, and when to stop.
//!
//! Values only. [`Progress`] says which test is worth running, notes each result, and says at the end what the job
//! is worth; it never looks at anything else, so the same verdicts always come to the same points.

mod progress;
#[cfg(test)]
mod tests;
pub mod tree;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{Invalid, Test, Verdict};

pub use progress::Progress;
pub use tree::Tree;

/// The rules that turn tests into points.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// In the order in which they are judged. A test says by `group` to which one it belongs.
    #[serde(default)]
    pub groups: Vec<Group>,
    /// The rule that turns the groups' points into the job's; samples do not count.
    #[serde(default)]
    pub total: Total,
    /// Skip tests that cannot change any group's points any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lazy: bool,
    /// Groups inside groups with graders, instead of `groups`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<Box<Tree>>,
}

/// Tests that are worth something together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// Its name, which tests and other groups refer to.
    pub name: String,
    /// Its points; the sum of its tests' points, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub points: Option<f64>,
    /// The rule that turns its tests' shares into its points.
    #[serde(default)]
    pub score: Aggregate,
    /// A checker's score counts as a whole share when it is above 0 and at most this, and else as none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
    /// Judged only when every test of these groups was accepted; they come before it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// The tests that are skipped after its first test that is not accepted.
    #[serde(default, skip_serializing_if = "Stop::is_never")]
    pub stop: Stop,
    /// Visible to submitters; without points.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sample: bool,
}

/// A rule that turns tests' shares (1 accepted, 0 not, between them partial) into a group's points.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aggregate {
    /// Each test's share of its points; without points of tests, the group's points are divided among its tests.
    #[default]
    Sum,
    /// The smallest share of the group's points.
    Min,
    /// The largest share.
    Max,
    /// All of the points when every test is accepted, otherwise none.
    All,
    /// The product of the shares.
    Product,
}

/// A rule that turns groups' points into the job's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Total {
    #[default]
    Sum,
    Min,
    Max,
}

/// The tests that are skipped after a test that is not accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// Nothing.
    #[default]
    Never,
    /// The rest of its group.
    Group,
    /// The rest of the job.
    Job,
}

impl Stop {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    fn is_never(&self) -> bool {
        *self == Self::Never
    }
}

/// The points of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// The points that it got.
    pub points: f64,
    /// The points that it could get.
    pub max: f64,
    /// There is no most that it could have got; `max` is what it got.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbounded: bool,
    /// The verdict that the graders of `scoring.tree` gave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// In the job's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupScore>,
}

/// The points of a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupScore {
    /// The group's name.
    pub name: String,
    /// The points that it got.
    pub points: f64,
    /// The points that it could get.
    pub max: f64,
    /// Every test was accepted.
    pub passed: bool,
    /// Number of tests that were run.
    pub judged: usize,
    /// Number of its tests.
    pub tests: usize,
}

impl Score {
    /// Returns true if the job got all points.
    pub fn is_full(&self) -> bool {
        self.unbounded || self.max > 0.0 && self.points >= self.max - 1e-9 * self.max
    }
}

impl Scoring {
    /// Returns true if the result of one test decides if another runs.
    pub fn is_sequential(&self) -> bool {
        self.lazy
            || self.tree.is_some()
            || self.groups.iter().any(|group| group.stop != Stop::Never || !group.requires.is_empty())
    }

    /// Refuses what could not be scored.
    ///
    /// # Errors
    /// What is wrong, by its place in the job.
    pub fn check(&self, tests: &[Test]) -> Result<(), Invalid> {
        match &self.tree {
            Some(_) if !self.groups.is_empty() => {
                return Err(Invalid::new("scoring.groups", "cannot be combined with `scoring.tree`"));
            }
            Some(tree) => return tree.check(tests),
            None => {}
        }
        let mut known = HashMap::new();
        for (i, group) in self.groups.iter().enumerate() {
            let place = |field: &str| format!("scoring.groups[{i}].{field}");
            if known.insert(group.name.as_str(), i).is_some() {
                return Err(Invalid::new(place("name"), format!("`{}` is listed twice", group.name)));
            }
            if group.points.is_some_and(|points| !(points.is_finite() && points >= 0.0)) {
                return Err(Invalid::new(place("points"), "is not a number of 0 or more"));
            }
            if group.threshold.is_some_and(|threshold| !(threshold.is_finite() && threshold > 0.0)) {
                return Err(Invalid::new(place("threshold"), "is not a number above 0"));
            }
            if group.sample && group.points.is_some_and(|points| points > 0.0) {
                return Err(Invalid::new(place("points"), "a sample group is worth nothing"));
            }
            if let Some(unknown) = group.requires.iter().find(|name| known.get(name.as_str()).is_none_or(|n| *n == i)) {
                let message = format!("there is no group `{unknown}` before `{}`", group.name);
                return Err(Invalid::new(place("requires"), message).hint("a group requires only groups before it"));
            }
        }
        self.check_tests(tests, &known)
    }

    fn check_tests(&self, tests: &[Test], known: &HashMap<&str, usize>) -> Result<(), Invalid> {
        let (mut with, mut without) = (vec![0; self.groups.len()], vec![0; self.groups.len()]);
        let mut last = vec![0; self.groups.len()];
        for (i, test) in tests.iter().enumerate() {
            if let Some(&group) = test.group.as_deref().and_then(|name| known.get(name)) {
                last[group] = i;
            }
        }
        for (i, test) in tests.iter().enumerate() {
            let place = |field: &str| format!("tests[{i}].{field}");
            let Some(name) = &test.group else {
                match test.points {
                    Some(_) => return Err(Invalid::new(place("points"), "count only in a group")),
                    None => continue,
                }
            };
            let Some(&group) = known.get(name.as_str()) else {
                return Err(Invalid::new(place("group"), format!("there is no group `{name}` in `scoring.groups`")));
            };
            match test.points {
                Some(points) if !(points.is_finite() && points >= 0.0) => {
                    return Err(Invalid::new(place("points"), "is not a number of 0 or more"));
                }
                Some(_) if self.groups[group].score != Aggregate::Sum || self.groups[group].sample => {
                    return Err(Invalid::new(place("points"), "count only in a group whose score is a `sum`"));
                }
                Some(_) => with[group] += 1,
                None => without[group] += 1,
            }
            let requires = self.groups[group].requires.iter().filter_map(|name| known.get(name.as_str()));
            // What it requires must be known before it begins.
            for &required in requires {
                if last[required] > i {
                    let message = format!("comes before a test of `{}`, which it requires", self.groups[required].name);
                    return Err(Invalid::new(format!("tests[{i}]"), message));
                }
            }
        }
        for (i, group) in self.groups.iter().enumerate() {
            let place = |field: &str| format!("scoring.groups[{i}].{field}");
            if with[i] + without[i] == 0 {
                return Err(Invalid::new(place("name"), format!("no test is in `{}`", group.name)));
            }
            if with[i] > 0 && (without[i] > 0 || group.points.is_some()) {
                let message = "is divided among the tests, or each test has its own points: not both";
                return Err(Invalid::new(place("points"), message));
            }
        }
        Ok(())
    }
}
