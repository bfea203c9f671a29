//! Hydro: `testdata/config.yaml` (or the same at the top), with `problem.yaml` beside it for the name.

use optimus_core::checker::Protocol;
use optimus_core::communication::{ChannelIo, Communication, TimeOf};
use optimus_core::problem::Extra;
use optimus_core::scoring::{Aggregate, Group, Total};
use optimus_core::{BoxPath, Comparer, Content, Problem, Scoring, Test};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{PackageError, Tree, labels, program, units};

/// Whether it is one.
pub(crate) fn is(tree: &Tree) -> bool {
    config(tree).is_some()
}

/// Its configuration, and the directory of its data.
fn config(tree: &Tree) -> Option<(String, String)> {
    let places = ["testdata/config.yaml", "testdata/config.yml", "config.yaml", "config.yml"];
    let place = places.into_iter().find(|place| tree.has(place))?;
    let dir = place.rsplit_once('/').map_or("", |(dir, _)| dir);
    Some((place.to_owned(), dir.to_owned()))
}

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let (file, dir) = config(tree).unwrap_or_default();
    let data = if dir.is_empty() { tree.clone() } else { tree.subtree(&dir) };
    let mut fields = Fields::yaml(tree, &file)?;
    let mut problem = Problem { format: "hydro".to_owned(), ..Problem::default() };
    problem.name = Fields::yaml(tree, "problem.yaml")?.text("title")?.unwrap_or_default();
    let kind = fields.text("type")?.unwrap_or_else(|| "default".to_owned());
    if !["default", "interactive", "communication", "submit_answer"].contains(&kind.as_str()) {
        return Err(PackageError::unsupported(&file, format!("the problem type `{kind}`")));
    }
    if let Some(time) = fields.text("time")? {
        problem.limits.cpu_ms = Some(duration(&time).ok_or_else(|| fields.bad("time", "is no time: `1s`, `500ms`"))?);
    }
    if let Some(memory) = fields.text("memory")? {
        problem.limits.memory_bytes = Some(size(&memory).ok_or_else(|| fields.bad("memory", "is no size: `256m`"))?);
    }
    if let Some(name) = fields.text("filename")? {
        let path =
            |extension: &str| BoxPath::new(format!("{name}.{extension}")).map_err(|why| fields.bad("filename", why));
        problem.file_io = Some(optimus_core::job::FileIo { input: Some(path("in")?), output: Some(path("out")?) });
    }
    if kind == "communication" {
        problem.communication = Some(Box::new(communication(&mut fields, &file, &data)?));
    } else {
        checker(&mut fields, &file, &data, &mut problem)?;
    }
    if let Some(interactor) = fields.text("interactor")? {
        let mut own = program::checker_at(&data, &interactor, Protocol::Testlib)?;
        judge_files(&fields.clone().words("judge_extra_files")?, &data, &mut own.files, &file)?;
        problem.interactor = Some(Box::new(own));
    } else if kind == "interactive" {
        return Err(PackageError::bad(&file, "is interactive, and names no `interactor`"));
    }
    let mut extras = Vec::new();
    for name in fields.words("user_extra_files")? {
        extras.push(program::source(&name, data.need(&name, &file)?, &file)?);
    }
    if !extras.is_empty() {
        problem.extras.push(Extra { files: extras, ..Extra::default() });
    }
    problem.languages =
        fields.words("langs")?.into_iter().map(|name| name.split('.').next().unwrap_or(&name).to_owned()).collect();
    problem.languages.dedup();
    tests(&mut fields, &file, &data, kind == "submit_answer", &mut problem)?;
    fields.refuse(&[
        "manager",
        "num_processes",
        "checker",
        "checker_type",
        "validator",
        "time_limit_rate",
        "memory_limit_rate",
        "subType",
    ])?;
    fields.ignore(&["judge_extra_files", "key", "template", "redirect", "score", "detail"]);
    fields.finish()?;
    problem.submissions = labels::submissions(tree)?;
    Ok(problem)
}

/// Several processes, each with a time limit of its own, that talk by stdin and stdout.
fn communication(fields: &mut Fields, file: &str, data: &Tree) -> Result<Communication, PackageError> {
    let manager = fields.text("manager")?;
    let manager =
        manager.ok_or_else(|| PackageError::bad(file, "is of `type: communication`, and names no `manager`"))?;
    let mut manager = program::checker_at(data, &manager, Protocol::Hydro)?;
    judge_files(&fields.clone().words("judge_extra_files")?, data, &mut manager.files, file)?;
    let processes = u8::try_from(fields.number("num_processes")?.map_or(1, units::whole));
    let processes = processes.map_err(|_| fields.bad("num_processes", "is too large"))?;
    Ok(Communication { manager, processes, io: ChannelIo::Stdio, time: TimeOf::Each })
}

fn checker(fields: &mut Fields, file: &str, data: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    let kind = fields.text("checker_type")?.unwrap_or_else(|| "default".to_owned());
    let source = match fields.value("checker") {
        Some(Value::Object(mut map)) => map.remove("file").and_then(|file| file.as_str().map(str::to_owned)),
        Some(Value::String(path)) => Some(path),
        _ => None,
    };
    let protocol = match kind.as_str() {
        // White space at the ends of lines and of the file does not count.
        "default" => {
            problem.compare = Some(Comparer::Trimmed);
            return Ok(());
        }
        "testlib" => Protocol::Testlib,
        "syzoj" => Protocol::Syzoj,
        "hustoj" => Protocol::Hustoj,
        "lemon" => Protocol::Lemon,
        "qduoj" => Protocol::Qduoj,
        "kattis" => Protocol::Kattis,
        other => return Err(PackageError::unsupported(file, format!("`checker_type: {other}`"))),
    };
    let source = source.ok_or_else(|| PackageError::bad(file, "`checker` names no file"))?;
    let standard = serde_json::from_value::<Comparer>(json!({ "testlib": program::stem(&source) }));
    problem.compare = Some(match (protocol, data.has(&source), standard) {
        (Protocol::Testlib, false, Ok(standard)) => standard,
        _ => {
            let mut own = program::checker_at(data, &source, protocol)?;
            judge_files(&fields.clone().words("judge_extra_files")?, data, &mut own.files, file)?;
            Comparer::Program(Box::new(own))
        }
    });
    Ok(())
}

/// Files that go with checkers.
fn judge_files(
    names: &[String],
    data: &Tree,
    files: &mut Vec<optimus_core::job::FileRequest>,
    file: &str,
) -> Result<(), PackageError> {
    for name in names {
        let content = Content(data.need(name, file)?);
        if files.iter().all(|known| known.path != *name) {
            files.push(optimus_core::job::FileRequest { path: name.clone(), content });
        }
    }
    Ok(())
}

/// Subtasks, or all files that look like tests.
fn tests(
    fields: &mut Fields,
    file: &str,
    data: &Tree,
    submitted: bool,
    problem: &mut Problem,
) -> Result<(), PackageError> {
    let mut scoring = Scoring::default();
    let mut subtasks = fields.maps("subtasks")?;
    let total = fields.number("score")?;
    if subtasks.is_empty() {
        return found(file, data, submitted, total, problem);
    }
    let mut ids: Vec<(String, String)> = Vec::new();
    for (i, subtask) in subtasks.iter_mut().enumerate() {
        let name = (i + 1).to_string();
        let id = subtask.text("id")?.unwrap_or_else(|| name.clone());
        let mut group = Group { name: name.clone(), ..Group::default() };
        group.score = match subtask.text("type")?.as_deref() {
            None | Some("min") => Aggregate::Min,
            Some("sum") => Aggregate::Sum,
            Some("max") => Aggregate::Max,
            Some(_) => return Err(subtask.bad("type", "is not `min`, `max` or `sum`")),
        };
        for wanted in subtask.words("if")? {
            let known = ids.iter().find(|(id, _)| *id == wanted);
            let known = known.ok_or_else(|| {
                PackageError::unsupported(file, format!("`subtasks[{i}].if: {wanted}`, which does not come before it"))
            })?;
            group.requires.push(known.1.clone());
        }
        let cases = subtask.maps("cases")?;
        let score = subtask.number("score")?.ok_or_else(|| subtask.bad("score", "is missing"))?;
        // Of a sum, the score is each case's.
        #[expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^52")]
        let points = if group.score == Aggregate::Sum { score * cases.len() as f64 } else { score };
        group.points = Some(points);
        subtask.refuse(&["time", "memory"])?;
        for (j, mut case) in cases.into_iter().enumerate() {
            let read = |path: Option<String>| path.map(|path| data.need(&path, file).map(Content)).transpose();
            let (input, output) = (case.text("input")?, case.text("output")?);
            case.refuse(&["time", "memory", "score"])?;
            case.finish()?;
            let answers = if submitted { output.as_deref().map(program::last) } else { None };
            let answers = answers.map(BoxPath::new).transpose().map_err(|why| PackageError::bad(file, why))?;
            problem.tests.push(Test {
                name: Some(format!("{name}.{}", j + 1)),
                stdin: read(input)?.unwrap_or_default(),
                expect: read(output)?,
                submitted: answers,
                group: Some(name.clone()),
                ..Test::default()
            });
        }
        ids.push((id, name));
        scoring.groups.push(group);
    }
    for subtask in subtasks {
        subtask.finish()?;
    }
    scoring.total = Total::Sum;
    problem.scoring = Some(scoring);
    Ok(())
}

/// `NAME.in` with `NAME.out` or `NAME.ans`, in natural order, worth 100 together.
fn found(
    file: &str,
    data: &Tree,
    submitted: bool,
    total: Option<f64>,
    problem: &mut Problem,
) -> Result<(), PackageError> {
    let mut inputs: Vec<&str> = data.paths().filter(|path| path.ends_with(".in") && !path.contains('/')).collect();
    inputs.sort_by_key(|path| program::natural(path));
    for input in inputs {
        let stem = input.trim_end_matches(".in");
        let answer = ["out", "ans"].iter().map(|extension| format!("{stem}.{extension}")).find(|path| data.has(path));
        let answer = answer.ok_or_else(|| PackageError::bad(input, "has no `.out` or `.ans` beside it"))?;
        problem.tests.push(Test {
            name: Some(stem.to_owned()),
            stdin: Content(data.need(input, file)?),
            submitted: if submitted { BoxPath::new(answer.as_str()).ok() } else { None },
            expect: Some(Content(data.need(&answer, file)?)),
            group: Some("all".to_owned()),
            ..Test::default()
        });
    }
    let group = Group { name: "all".to_owned(), points: Some(total.unwrap_or(100.0)), ..Group::default() };
    problem.scoring = Some(Scoring { groups: vec![group], ..Scoring::default() });
    Ok(())
}

/// `1s`, `500ms`; a number alone is in ms.
fn duration(text: &str) -> Option<Value> {
    let text = text.trim().to_ascii_lowercase();
    let (number, factor) = match (text.strip_suffix("ms"), text.strip_suffix('s')) {
        (Some(number), _) => (number, 1.0),
        (None, Some(number)) => (number, 1_000.0),
        (None, None) => (text.as_str(), 1.0),
    };
    scaled(number, factor)
}

/// `256m`, `262144k`, `1g`; a number alone is in MiB.
fn size(text: &str) -> Option<Value> {
    let text = text.trim().to_ascii_lowercase();
    let text = text.trim_end_matches('b').trim_end_matches('i');
    let (number, factor) = match text.char_indices().last()? {
        (at, 'k') => (&text[..at], 1024.0),
        (at, 'm') => (&text[..at], 1024.0 * 1024.0),
        (at, 'g') => (&text[..at], 1024.0 * 1024.0 * 1024.0),
        _ => (text, 1024.0 * 1024.0),
    };
    scaled(number, factor)
}

fn scaled(number: &str, factor: f64) -> Option<Value> {
    let number: f64 = number.trim().parse().ok()?;
    (number.is_finite() && number > 0.0).then(|| units::whole(number * factor).into())
}
