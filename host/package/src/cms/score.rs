//! What the tests of a task are worth: as `score_type` of `task.yaml` says, or else by `gen/GEN`.

use fancy_regex::Regex;
use optimus_core::scoring::{Aggregate, Group, Total};
use optimus_core::{Problem, Scoring, Test};
use serde_json::Value;

use super::TASK;
use crate::fields::Fields;
use crate::{PackageError, Tree};

const GEN: &str = "gen/GEN";

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
    /// Puts the tests into groups.
    pub(super) fn scoring(&self, tests: &mut [Test]) -> Result<Scoring, PackageError> {
        let groups = match self.kind.as_str() {
            "Sum" => vec![self.sum(tests)?],
            "GroupMin" => self.subtasks(tests)?,
            other => return Err(PackageError::unsupported(TASK, format!("`score_type: {other}`"))),
        };
        Ok(Scoring { groups, total: Total::Sum, ..Scoring::default() })
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

    /// A list of `[points, tests]`: how many of those that are left, or a pattern of their names (`ScoreTypeGroup` in
    /// `cms/grading/scoretypes/abc.py`).
    fn subtasks(&self, tests: &mut [Test]) -> Result<Vec<Group>, PackageError> {
        let list = self.parameters.as_array().ok_or_else(|| Self::bad("of `GroupMin` is a list of subtasks"))?;
        let (mut groups, mut next) = (Vec::new(), 0);
        for (i, subtask) in list.iter().enumerate() {
            let parts = subtask.as_array().map(Vec::as_slice).unwrap_or_default();
            let [points, which, ..] = parts else {
                return Err(Self::bad("has a subtask that is not `[points, tests]`"));
            };
            let points = points.as_f64().filter(|points| *points >= 0.0);
            let points = points.ok_or_else(|| Self::bad("has a subtask without points"))?;
            let chosen = chosen(which, &mut next, tests.len())?;
            if chosen.is_empty() {
                return Err(Self::bad(&format!("has a subtask without tests: {subtask}")));
            }
            let name = i.to_string();
            for test in chosen {
                if tests[test].group.replace(name.clone()).is_some() {
                    return Err(PackageError::unsupported(TASK, format!("test {test} in two subtasks")));
                }
            }
            groups.push(Group { name, points: Some(points), score: Aggregate::Min, ..Group::default() });
        }
        let mut left = tests.iter_mut().filter(|test| test.group.is_none()).peekable();
        if left.peek().is_some() {
            left.for_each(|test| test.group = Some(UNCOUNTED.to_owned()));
            groups.push(Group { name: UNCOUNTED.to_owned(), points: Some(0.0), ..Group::default() });
        }
        Ok(groups)
    }
}

/// The numbers of a subtask's tests, whose names are `000`, `001`, ….
fn chosen(which: &Value, next: &mut usize, count: usize) -> Result<Vec<usize>, PackageError> {
    if let Some(more) = which.as_u64() {
        let end = usize::try_from(more).ok().and_then(|more| next.checked_add(more)).filter(|end| *end <= count);
        let end = end.ok_or_else(|| Stated::bad(&format!("counts more tests than the {count} that there are")))?;
        return Ok((std::mem::replace(next, end)..end).collect());
    }
    let pattern = which.as_str().ok_or_else(|| Stated::bad("has a subtask with neither a number nor a pattern"))?;
    let regex = Regex::new(&format!("^(?:{pattern})"));
    let regex = regex.map_err(|error| Stated::bad(&format!("has no pattern in `{pattern}`: {error}")))?;
    Ok((0..count).filter(|test| regex.is_match(&format!("{test:03}")).unwrap_or(false)).collect())
}

/// `gen/GEN`: a line a test, and before each subtask `#ST: POINTS`; other comments say nothing, wherever they stand.
/// Without subtasks all tests are worth the same part of `total` (`cmscontrib/loaders/italy_yaml.py`).
pub(super) fn by_generator(tree: &Tree, total: f64, tests: &mut [Test]) -> Result<Scoring, PackageError> {
    let mut groups: Vec<Group> = Vec::new();
    let mut next = 0;
    for line in if tree.has(GEN) { tree.text(GEN)? } else { String::new() }.lines() {
        let (call, comment) = line.split_once('#').unwrap_or((line, ""));
        let (call, comment) = (call.trim(), comment.trim());
        let (starts, copies) = (comment.strip_prefix("ST:"), comment.starts_with("COPY:"));
        if !call.is_empty() && (starts.is_some() || copies) {
            return Err(PackageError::bad(GEN, format!("`{line}` is a test and a command in one line")));
        }
        if let Some(points) = starts {
            if groups.is_empty() && next > 0 {
                return Err(PackageError::bad(GEN, "has tests before its first subtask"));
            }
            let points = points.trim().parse::<f64>().ok().filter(|points| points.is_finite() && *points >= 0.0);
            let points = points.ok_or_else(|| PackageError::bad(GEN, format!("`{line}` gives no points")))?;
            let name = (groups.len()).to_string();
            groups.push(Group { name, points: Some(points), score: Aggregate::Min, ..Group::default() });
            continue;
        }
        if call.is_empty() && !copies {
            continue;
        }
        if let (Some(test), Some(group)) = (tests.get_mut(next), groups.last()) {
            test.group = Some(group.name.clone());
        }
        next += 1;
    }
    // Without subtasks nothing is taken from it, and it may be left over from other tests.
    if !groups.is_empty() && next != tests.len() {
        return Err(PackageError::bad(GEN, format!("names {next} tests, and `input/` holds {}", tests.len())));
    }
    if groups.is_empty() {
        groups.push(Group { name: "all".to_owned(), points: Some(total), ..Group::default() });
        tests.iter_mut().for_each(|test| test.group = Some("all".to_owned()));
    }
    // A subtask without tests, or without points, is how this format marks the examples.
    let is_used = |group: &Group| tests.iter().any(|test| test.group.as_ref() == Some(&group.name));
    groups.retain(is_used);
    Ok(Scoring { groups, total: Total::Sum, ..Scoring::default() })
}
