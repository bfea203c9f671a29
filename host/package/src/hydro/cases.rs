//! Which tests a Hydro problem has and what they are worth, as `packages/common/subtask.ts` of Hydro has it.

use fancy_regex::Regex;
use optimus_core::scoring::{Aggregate, Group, Total};
use optimus_core::{BoxPath, Content, Problem, Scoring, Test, TestLimits};
use serde_json::{Value, json};

use super::{memory, time};
use crate::fields::Fields;
use crate::{PackageError, Tree, program, units};

/// A subtask before scores are shared out.
struct Subtask {
    id: f64,
    score: f64,
    kind: Aggregate,
    requires: Vec<String>,
    cases: Vec<Case>,
}

struct Case {
    /// Cases of a subtask are judged in this order.
    id: f64,
    score: f64,
    input: Option<String>,
    output: Option<String>,
    limits: TestLimits,
}

/// Reads the subtasks, the cases at the top, or what the files' names say.
pub(super) fn read(
    fields: &mut Fields,
    file: &str,
    data: &Tree,
    submitted: bool,
    problem: &mut Problem,
) -> Result<(), PackageError> {
    fields.ignore(&["score"]);
    let cases = self::cases(fields, TestLimits::default())?;
    let mut subtasks = Vec::new();
    if !cases.is_empty() {
        fields.ignore(&["subtasks"]);
        subtasks.push(Subtask { id: 1.0, score: 0.0, kind: Aggregate::Sum, requires: Vec::new(), cases });
    }
    for (i, subtask) in fields.maps("subtasks")?.into_iter().enumerate() {
        subtasks.push(self::subtask(subtask, i)?);
    }
    if subtasks.iter().all(|subtask| subtask.cases.is_empty()) {
        named(file, data, &mut subtasks)?;
    }
    subtasks.sort_by(|one, other| one.id.total_cmp(&other.id));
    scored(file, data, submitted, subtasks, problem)
}

/// `config.ini`: a line a test, `INPUT|OUTPUT|SECONDS|SCORE|KIB`.
pub(super) fn ini(tree: &Tree, file: &str) -> Result<Fields, PackageError> {
    let text = tree.text(file)?;
    let mut lines = text.lines();
    let count = lines.next().and_then(|line| line.trim().parse::<usize>().ok());
    let count = count.ok_or_else(|| PackageError::bad(file, "does not begin with the number of tests"))?;
    let lines: Vec<&str> = lines.take(count).filter(|line| !line.trim().is_empty()).collect();
    if lines.len() < count {
        return Err(PackageError::bad(file, format!("says that it has {count} tests, and names {}", lines.len())));
    }
    let mut subtasks = Vec::new();
    for line in lines {
        let parts: Vec<&str> = line.trim().split('|').collect();
        let [input, output, seconds, score, rest @ ..] = &parts[..] else {
            return Err(PackageError::bad(file, format!("`{line}` is not `INPUT|OUTPUT|SECONDS|SCORE|KIB`")));
        };
        let kib = rest.first().and_then(|kib| kib.trim().parse::<u64>().ok());
        let memory = kib.map_or_else(|| "256m".to_owned(), |kib| format!("{}m", kib / 1024));
        subtasks.push(json!({
            "cases": [{ "input": input, "output": output }], "score": score, "time": format!("{seconds}s"), "memory": memory,
        }));
    }
    let first = |key: &str| subtasks.first().and_then(|subtask| subtask.get(key).cloned());
    Fields::of(file, "", json!({ "time": first("time"), "memory": first("memory"), "subtasks": subtasks }))
}

fn subtask(mut fields: Fields, index: usize) -> Result<Subtask, PackageError> {
    let limits = own_limits(&mut fields, TestLimits::default())?;
    #[expect(clippy::cast_precision_loss, reason = "subtasks are far fewer than 2^52")]
    let id = fields.number("id")?.unwrap_or((index + 1) as f64);
    let kind = match fields.text("type")?.as_deref() {
        None | Some("min") => Aggregate::Min,
        Some("sum") => Aggregate::Sum,
        Some("max") => Aggregate::Max,
        Some(_) => return Err(fields.bad("type", "is not `min`, `max` or `sum`")),
    };
    let (score, requires) = (fields.number("score")?.unwrap_or(0.0), fields.words("if")?);
    let cases = cases(&mut fields, limits)?;
    fields.finish()?;
    Ok(Subtask { id, score, kind, requires, cases })
}

/// In the order of their numbers, where each has one.
fn cases(fields: &mut Fields, limits: TestLimits) -> Result<Vec<Case>, PackageError> {
    let all = fields.maps("cases")?;
    let is_numbered = all.iter().all(|case| case.has("id"));
    let mut cases = all.into_iter().map(|case| self::case(case, limits)).collect::<Result<Vec<_>, _>>()?;
    if is_numbered {
        cases.sort_by(|one, other| one.id.total_cmp(&other.id));
    }
    Ok(cases)
}

fn case(mut fields: Fields, above: TestLimits) -> Result<Case, PackageError> {
    let case = Case {
        limits: own_limits(&mut fields, above)?,
        id: fields.number("id")?.unwrap_or_default(),
        score: fields.number("score")?.unwrap_or(0.0),
        input: fields.text("input")?.filter(|path| path != "/dev/null"),
        output: fields.text("output")?.filter(|path| path != "/dev/null"),
    };
    fields.finish()?;
    Ok(case)
}

/// What a case says comes before what its subtask says, and that before what holds for all (`normalizeSubtasks`).
fn own_limits(fields: &mut Fields, above: TestLimits) -> Result<TestLimits, PackageError> {
    let number = |limit: Option<Value>| limit.as_ref().and_then(Value::as_u64);
    let (cpu_ms, memory_bytes) = (number(time(fields)?), number(memory(fields)?));
    Ok(TestLimits { cpu_ms: cpu_ms.or(above.cpu_ms), memory_bytes: memory_bytes.or(above.memory_bytes) })
}

/// None where they are the problem's own.
fn other_than(problem: &Problem, own: TestLimits) -> Option<TestLimits> {
    let differs = |own: Option<u64>, all: &Option<Value>| own.filter(|own| all.as_ref() != Some(&Value::from(*own)));
    let own = TestLimits {
        cpu_ms: differs(own.cpu_ms, &problem.limits.cpu_ms),
        memory_bytes: differs(own.memory_bytes, &problem.limits.memory_bytes),
    };
    (own != TestLimits::default()).then_some(own)
}

/// What a file's name must be like to be an input, with the number of its subtask, and what its output may be called.
struct Rule {
    input: &'static str,
    outputs: fn(&fancy_regex::Captures<'_>) -> Vec<String>,
    /// The group that holds the subtask's number.
    subtask: Option<usize>,
    /// The group that holds the case's number.
    case: Option<usize>,
}

const RULES: [Rule; 4] = [
    Rule {
        input: r"^(([A-Za-z0-9_.-]*?)(?:([0-9]*)[-_])?([0-9]+))\.(in|IN|txt|TXT|in\.txt|IN\.TXT)$",
        outputs: |found| {
            let stem = found.get(1).map_or("", |all| all.as_str());
            let mut names = Vec::new();
            for extension in ["out", "OUT", "out.txt", "OUT.TXT", "ans", "ANS", "ans.txt", "ANS.TXT"] {
                names.extend(both(&format!("{stem}.{extension}")));
            }
            if stem.contains("input") {
                names.push(format!("{stem}.txt").replace("input", "output"));
            }
            names
        },
        subtask: Some(3),
        case: Some(4),
    },
    Rule {
        input: r"^([^0-9]*)\.(in|IN)([0-9]+)$",
        outputs: |found| {
            let part = |i| found.get(i).map_or("", |part| part.as_str());
            let words = if part(2) == "in" { ["ou", "out"] } else { ["OU", "OUT"] };
            words.iter().flat_map(|word| both(&format!("{}.{word}{}", part(1), part(3)))).collect()
        },
        subtask: None,
        case: None,
    },
    Rule {
        input: r"^(([^0-9]*)([0-9]+)[-_]([0-9]+))\.(in|IN)$",
        outputs: |found| outputs(found.get(1).map_or("", |all| all.as_str())),
        subtask: Some(3),
        case: Some(4),
    },
    Rule {
        input: r"^(([0-9]+)[-_].*)\.(in|IN)$",
        outputs: |found| outputs(found.get(1).map_or("", |all| all.as_str())),
        subtask: None,
        case: Some(2),
    },
];

fn both(name: &str) -> [String; 2] {
    [name.to_owned(), name.replace("input", "output").replace("INPUT", "OUTPUT")]
}

fn outputs(stem: &str) -> Vec<String> {
    ["out", "ans", "OUT", "ANS"].iter().map(|extension| format!("{stem}.{extension}")).collect()
}

/// Tests by the names of files: `1.in` with `1.out` or `1.ans`; `2-3.in` is the third of the second subtask.
fn named(file: &str, data: &Tree, subtasks: &mut Vec<Subtask>) -> Result<(), PackageError> {
    let is_near = |path: &&str| !path.contains('/') || ["input/", "output/"].iter().any(|dir| path.starts_with(dir));
    let mut inputs: Vec<&str> = data.paths().filter(is_near).collect();
    inputs.sort_by_key(|path| program::natural(path));
    for input in inputs {
        for rule in &RULES {
            let regex = Regex::new(rule.input).map_err(|error| PackageError::bad(file, error.to_string()))?;
            let Some(found) = regex.captures(input).ok().flatten() else { continue };
            let output = (rule.outputs)(&found).into_iter().find(|output| output != input && data.has(output));
            let Some(output) = output else { continue };
            let number = |group: Option<usize>| found.get(group?)?.as_str().parse::<f64>().ok();
            let (id, kind) = number(rule.subtask).map_or((1.0, Aggregate::Sum), |number| (number, Aggregate::Min));
            let case = Case {
                id: number(rule.case).unwrap_or_default(),
                score: 0.0,
                input: Some(input.to_owned()),
                output: Some(output),
                limits: TestLimits::default(),
            };
            match subtasks.iter_mut().find(|subtask| (subtask.id - id).abs() < 0.5) {
                Some(subtask) => subtask.cases.push(case),
                None => subtasks.push(Subtask { id, score: 0.0, kind, requires: Vec::new(), cases: vec![case] }),
            }
            break;
        }
    }
    subtasks.retain(|subtask| !subtask.cases.is_empty());
    for subtask in subtasks.iter_mut() {
        subtask.cases.sort_by(|one, other| one.id.total_cmp(&other.id));
    }
    if subtasks.is_empty() {
        return Err(PackageError::bad(file, "names no tests, and no file is called as an input with its output"));
    }
    Ok(())
}

/// What is left of a score is shared out in whole points; the last get what cannot be divided.
fn shares(total: f64, count: usize) -> Vec<f64> {
    let (total, count) = (units::whole(total.max(0.0)), count as u64);
    if count == 0 {
        return Vec::new();
    }
    let (base, more) = (total / count, total % count);
    #[expect(clippy::cast_precision_loss, reason = "scores are small")]
    (0..count).map(|i| (base + u64::from(i >= count - more)) as f64).collect()
}

/// Gives those without a score a share of what is left of `total`.
fn share_out(total: f64, scores: &mut [&mut f64]) {
    let given: f64 = scores.iter().map(|score| **score).sum();
    let without = scores.iter().filter(|score| ***score == 0.0).count();
    let mut shares = shares(total - given, without).into_iter();
    for score in scores.iter_mut().filter(|score| ***score == 0.0) {
        **score = shares.next().unwrap_or(0.0);
    }
}

fn scored(
    file: &str,
    data: &Tree,
    submitted: bool,
    mut subtasks: Vec<Subtask>,
    problem: &mut Problem,
) -> Result<(), PackageError> {
    share_out(100.0, &mut subtasks.iter_mut().map(|subtask| &mut subtask.score).collect::<Vec<_>>());
    let mut scoring = Scoring { total: Total::Sum, ..Scoring::default() };
    let mut known: Vec<String> = Vec::new();
    for (i, mut subtask) in subtasks.into_iter().enumerate() {
        // `if` names subtasks by their numbers, which need not be 1, 2, 3.
        let name = subtask.id.to_string();
        if known.contains(&name) {
            return Err(PackageError::bad(file, format!("has two subtasks with `id: {name}`")));
        }
        let is_sum = subtask.kind == Aggregate::Sum;
        if is_sum {
            share_out(subtask.score, &mut subtask.cases.iter_mut().map(|case| &mut case.score).collect::<Vec<_>>());
        } else if subtask.cases.iter().any(|case| case.score > 0.0 && (case.score - subtask.score).abs() > 1e-9) {
            let feature = format!("`subtasks[{i}].cases.score` in a subtask that is no `sum`");
            return Err(PackageError::unsupported(file, feature));
        }
        let mut group = Group { name: name.clone(), score: subtask.kind, ..Group::default() };
        group.points = (!is_sum).then_some(subtask.score);
        for wanted in subtask.requires {
            if !known.contains(&wanted) {
                let feature = format!("`subtasks[{i}].if: {wanted}`, which does not come before it");
                return Err(PackageError::unsupported(file, feature));
            }
            group.requires.push(wanted);
        }
        for (j, case) in subtask.cases.into_iter().enumerate() {
            let read = |path: Option<&String>| path.map(|path| data.need(path, file).map(Content::from)).transpose();
            let answers = case.output.as_deref().filter(|_| submitted).map(program::last);
            let answers = answers.map(BoxPath::new).transpose().map_err(|why| PackageError::bad(file, why))?;
            problem.tests.push(Test {
                name: Some(format!("{name}.{}", j + 1)),
                stdin: read(case.input.as_ref())?.unwrap_or_default(),
                expect: read(case.output.as_ref())?,
                submitted: answers,
                limits: other_than(problem, case.limits),
                group: Some(name.clone()),
                points: is_sum.then_some(case.score),
                ..Test::default()
            });
        }
        known.push(name);
        scoring.groups.push(group);
    }
    problem.scoring = Some(scoring);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::shares;

    #[test]
    fn what_cannot_be_divided_goes_to_the_last() {
        assert_eq!(shares(100.0, 3), [33.0, 33.0, 34.0]);
        assert_eq!(shares(50.0, 5), [10.0; 5]);
        assert_eq!(shares(2.0, 3), [0.0, 1.0, 1.0]);
        assert!(shares(10.0, 0).is_empty());
    }
}
