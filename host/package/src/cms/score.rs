//! What the tests of a task are worth: as `score_type` of `task.yaml` says, or else by `gen/GEN`.

use fancy_regex::Regex;
use optimus_core::scoring::{Aggregate, Group, Total};
use optimus_core::{Problem, Scoring, Test};
use serde_json::Value;

use super::TASK;
use crate::fields::Fields;
use crate::{PackageError, Tree};

pub(super) const GEN: &str = "gen/GEN";

/// Tests that are in no subtask.
const UNCOUNTED: &str = "uncounted";

/// A score type with its parameters.
pub(super) struct Stated {
    kind: String,
    parameters: Value,
}

/// What `task.yaml` says, which counts only where both keys are there (`cmscontrib/loaders/italy_yaml.py`).
pub(super) fn stated(fields: &mut Fields, problem: &mut Problem) -> Result<Option<Stated>, PackageError> {
    match (fields.text("score_type")?, fields.value("score_type_parameters")) {
        (Some(kind), Some(parameters)) => Ok(Some(Stated { kind, parameters })),
        (None, None) => Ok(None),
        _ => {
            let remark = "`score_type` and `score_type_parameters` count only together, ignored";
            problem.remarks.push(remark.to_owned());
            Ok(None)
        }
    }
}

impl Stated {
    /// Puts the tests into groups (`cms/grading/scoretypes`).
    pub(super) fn scoring(&self, tests: &mut Vec<Test>) -> Result<Scoring, PackageError> {
        let groups = match self.kind.as_str() {
            "Sum" => vec![self.sum(tests)?],
            "GroupMin" | "GroupThreshold" => self.subtasks(Aggregate::Min, tests)?,
            "GroupMul" => self.subtasks(Aggregate::Product, tests)?,
            other => return Err(PackageError::unsupported(TASK, format!("`score_type: {other}`"))),
        };
        Ok(Scoring { groups, total: Total::Sum, ..Scoring::default() })
    }

    /// Whether its checkers may give any number.
    pub(super) fn has_open_scores(&self) -> bool {
        self.kind == "GroupThreshold"
    }

    fn bad(why: &str) -> PackageError {
        PackageError::bad(TASK, format!("`score_type_parameters` {why}"))
    }

    /// One number: what each test is worth.
    fn sum(&self, tests: &mut [Test]) -> Result<Group, PackageError> {
        let points = self.parameters.as_f64().filter(|points| *points >= 0.0);
        let points = points.ok_or_else(|| Self::bad("of `Sum` is the points of each test"))?;
        for test in tests {
            (test.group, test.points) = (Some("all".to_owned()), Some(points));
        }
        Ok(Group { name: "all".to_owned(), ..Group::default() })
    }

    /// The tests of each subtask, in order. One that is in several is judged for each.
    fn subtasks(&self, score: Aggregate, tests: &mut Vec<Test>) -> Result<Vec<Group>, PackageError> {
        let list = self.parameters.as_array();
        let list = list.ok_or_else(|| Self::bad(&format!("of `{}` is a list of subtasks", self.kind)))?;
        let (mut groups, mut next, mut all) = (Vec::new(), 0, Vec::new());
        let mut is_used = vec![false; tests.len()];
        for (i, subtask) in list.iter().enumerate() {
            let Subtask { points, which, threshold } = Subtask::read(subtask, self.has_open_scores())?;
            let chosen = chosen(which, &mut next, tests.len())?;
            if chosen.is_empty() {
                return Err(Self::bad(&format!("has a subtask without tests: {subtask}")));
            }
            let name = i.to_string();
            for number in chosen {
                let mut test = Test { group: Some(name.clone()), ..tests[number].clone() };
                if std::mem::replace(&mut is_used[number], true) {
                    test.name = Some(format!("{number} in subtask {name}"));
                }
                all.push(test);
            }
            groups.push(Group { name, points: Some(points), score, threshold, ..Group::default() });
        }
        if is_used.contains(&false) {
            groups.push(Group { name: UNCOUNTED.to_owned(), points: Some(0.0), ..Group::default() });
        }
        for (test, _) in tests.drain(..).zip(is_used).filter(|(_, is_used)| !is_used) {
            all.push(Test { group: Some(UNCOUNTED.to_owned()), ..test });
        }
        *tests = all;
        Ok(groups)
    }
}

/// `[points, tests]`, with a threshold behind them for `GroupThreshold`; or the same with names.
struct Subtask<'a> {
    points: f64,
    which: &'a Value,
    threshold: Option<f64>,
}

impl<'a> Subtask<'a> {
    fn read(subtask: &'a Value, has_threshold: bool) -> Result<Self, PackageError> {
        let part = |number: usize, name: &str| match subtask {
            Value::Array(parts) => parts.get(number),
            _ => subtask.get(name),
        };
        let (Some(points), Some(which)) = (part(0, "max_score"), part(1, "testcases")) else {
            return Err(Stated::bad("has a subtask that is not `[points, tests]`"));
        };
        if part(usize::MAX, "depends_on").is_some_and(|on| on.as_array().is_none_or(|on| !on.is_empty())) {
            return Err(PackageError::unsupported(TASK, "`score_type_parameters.depends_on`"));
        }
        let points = points.as_f64().filter(|points| *points >= 0.0);
        let points = points.ok_or_else(|| Stated::bad("has a subtask without points"))?;
        let threshold = part(2, "threshold").filter(|_| has_threshold).and_then(Value::as_f64);
        if has_threshold && threshold.is_none() {
            return Err(Stated::bad("has a subtask without a threshold"));
        }
        Ok(Self { points, which, threshold })
    }
}

/// The numbers of a subtask's tests, whose names are `000`, `001`, …: how many of those that are left, a pattern of their
/// names, or a list of names (`ScoreTypeGroup` in `cms/grading/scoretypes/abc.py`).
fn chosen(which: &Value, next: &mut usize, count: usize) -> Result<Vec<usize>, PackageError> {
    if let Some(more) = which.as_u64() {
        let end = usize::try_from(more).ok().and_then(|more| next.checked_add(more)).filter(|end| *end <= count);
        let end = end.ok_or_else(|| Stated::bad(&format!("counts more tests than the {count} that there are")))?;
        return Ok((std::mem::replace(next, end)..end).collect());
    }
    if let Some(names) = which.as_array() {
        let number = |name: &Value| (0..count).find(|test| name.as_str() == Some(&format!("{test:03}")));
        let numbers: Option<Vec<usize>> = names.iter().map(number).collect();
        return numbers.ok_or_else(|| Stated::bad(&format!("names a test that there is not, in {which}")));
    }
    let pattern = which.as_str().ok_or_else(|| Stated::bad("has a subtask with neither a number nor a pattern"))?;
    let regex = Regex::new(&format!("^(?:{pattern})"));
    let regex = regex.map_err(|error| Stated::bad(&format!("has no pattern in `{pattern}`: {error}")))?;
    Ok((0..count).filter(|test| regex.is_match(&format!("{test:03}")).unwrap_or(false)).collect())
}

/// What `gen/GEN` says.
#[derive(Default)]
pub(super) struct Generated {
    groups: Vec<Group>,
    /// The subtask of each test.
    tests: Vec<Option<String>>,
}

/// `gen/GEN`: a line a test, and before each subtask `#ST: POINTS`; other comments say nothing, wherever they stand.
pub(super) fn generated(tree: &Tree) -> Result<Generated, PackageError> {
    let mut found = Generated::default();
    for line in if tree.has(GEN) { tree.text(GEN)? } else { String::new() }.lines() {
        let (call, comment) = line.split_once('#').unwrap_or((line, ""));
        let (call, comment) = (call.trim(), comment.trim());
        let (starts, copies) = (comment.strip_prefix("ST:"), comment.starts_with("COPY:"));
        if !call.is_empty() && (starts.is_some() || copies) {
            return Err(PackageError::bad(GEN, format!("`{line}` is a test and a command in one line")));
        }
        if let Some(points) = starts {
            if found.groups.is_empty() && !found.tests.is_empty() {
                return Err(PackageError::bad(GEN, "has tests before its first subtask"));
            }
            let points = points.trim().parse::<f64>().ok().filter(|points| points.is_finite() && *points >= 0.0);
            let points = points.ok_or_else(|| PackageError::bad(GEN, format!("`{line}` gives no points")))?;
            let name = found.groups.len().to_string();
            found.groups.push(Group { name, points: Some(points), score: Aggregate::Min, ..Group::default() });
        } else if !call.is_empty() || copies {
            found.tests.push(found.groups.last().map(|group| group.name.clone()));
        }
    }
    Ok(found)
}

impl Generated {
    /// How many tests it has, where there are subtasks. Without them it may be left over from other tests.
    #[expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^52")]
    pub(super) fn count(&self) -> Option<f64> {
        (!self.groups.is_empty()).then_some(self.tests.len() as f64)
    }

    /// Without subtasks all tests are worth the same part of `total` (`cmscontrib/loaders/italy_yaml.py`).
    pub(super) fn scoring(self, total: f64, tests: &mut [Test]) -> Result<Scoring, PackageError> {
        let Self { mut groups, tests: places } = self;
        if groups.is_empty() {
            groups.push(Group { name: "all".to_owned(), points: Some(total), ..Group::default() });
            tests.iter_mut().for_each(|test| test.group = Some("all".to_owned()));
        } else {
            tests.iter_mut().zip(places).for_each(|(test, place)| test.group = place);
        }
        // A subtask without tests, or without points, is how this format marks the examples.
        let is_used = |group: &Group| tests.iter().any(|test| test.group.as_ref() == Some(&group.name));
        groups.retain(is_used);
        Ok(Scoring { groups, total: Total::Sum, ..Scoring::default() })
    }
}
