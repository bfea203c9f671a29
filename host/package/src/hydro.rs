//! Hydro: `testdata/config.yaml` (or the same at the top), with `problem.yaml` beside it for the name.

mod cases;

use optimus_core::checker::{Protocol, Scale};
use optimus_core::communication::{ChannelIo, Communication, TimeOf};
use optimus_core::problem::Extra;
use optimus_core::{BoxPath, Checker, Comparer, Content, Problem};
use serde_json::{Value, json};

use crate::fields::Fields;
use crate::{PackageError, Tree, labels, program, units};

/// Whether it is one.
pub(crate) fn is(tree: &Tree) -> bool {
    config(tree).is_some()
}

/// Its configuration, and the directory of its data. Without one, an exported problem has `problem.yaml` beside
/// `testdata/`, and the files' names say what the tests are.
fn config(tree: &Tree) -> Option<(String, String)> {
    let places = ["testdata/config.yaml", "testdata/config.yml", "config.yaml", "config.yml", "testdata/config.ini"];
    let place = places.into_iter().find(|place| tree.has(place));
    let is_export = || tree.has("problem.yaml") && tree.has_dir("testdata") && !tree.has_dir("data");
    let place = place.or_else(|| is_export().then_some("testdata/config.yaml"))?;
    let dir = place.rsplit_once('/').map_or("", |(dir, _)| dir);
    Some((place.to_owned(), dir.to_owned()))
}

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let (file, dir) = config(tree).unwrap_or_default();
    let data = if dir.is_empty() { tree.clone() } else { tree.subtree(&dir) };
    let mut fields = if file.ends_with(".ini") { cases::ini(tree, &file)? } else { Fields::yaml(tree, &file)? };
    let mut problem = Problem { format: "hydro".to_owned(), ..Problem::default() };
    problem.name = Fields::yaml(tree, "problem.yaml")?.text("title")?.unwrap_or_default();
    let kind = fields.text("type")?.unwrap_or_else(|| "default".to_owned());
    if !["default", "interactive", "communication", "submit_answer"].contains(&kind.as_str()) {
        return Err(PackageError::unsupported(&file, format!("the problem type `{kind}`")));
    }
    // What is not said is a second and 256 MiB (`packages/common/subtask.ts`).
    problem.limits.cpu_ms = Some(time(&mut fields)?.unwrap_or_else(|| 1_000.into()));
    problem.limits.memory_bytes = Some(memory(&mut fields)?.unwrap_or_else(|| units::mebibytes(256.0)));
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
    problem.interactor = interactor(&mut fields, &file, &data, kind == "interactive")?;
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
    let is_submitted = kind == "submit_answer";
    // Answers in several files are how they are taken here.
    if is_submitted && fields.clone().text("subType")?.as_deref() == Some("multi") {
        fields.ignore(&["subType"]);
    }
    cases::read(&mut fields, &file, &data, is_submitted, &mut problem)?;
    if fields.value("validator").is_some() {
        problem.remarks.push("`validator` is for making tests, and was not run".to_owned());
    }
    fields.refuse(&[
        "manager",
        "num_processes",
        "checker",
        "checker_type",
        "time_limit_rate",
        "memory_limit_rate",
        "subType",
    ])?;
    fields.ignore(&["judge_extra_files", "key", "template", "redirect", "detail", "count", "hackable", "std"]);
    // Hydro takes the keys that it knows.
    for (key, _) in fields.rest() {
        problem.remarks.push(format!("`{file}`: Hydro does not know the key `{key}`, ignored"));
    }
    labels::submissions(tree, &mut problem)?;
    Ok(problem)
}

/// `interactor` and what goes with it.
fn interactor(
    fields: &mut Fields,
    file: &str,
    data: &Tree,
    is_needed: bool,
) -> Result<Option<Box<Checker>>, PackageError> {
    let Some(path) = program_named(fields, "interactor")? else {
        let missing = || PackageError::bad(file, "is interactive, and names no `interactor`");
        return if is_needed { Err(missing()) } else { Ok(None) };
    };
    let mut own = program::checker_at(data, &path, Protocol::Testlib)?;
    own.scale = Scale::Percent;
    judge_files(&fields.clone().words("judge_extra_files")?, data, &mut own.files, file)?;
    Ok(Some(Box::new(own)))
}

/// Several processes, each with a time limit of its own, that talk by stdin and stdout.
fn communication(fields: &mut Fields, file: &str, data: &Tree) -> Result<Communication, PackageError> {
    let manager = program_named(fields, "manager")?;
    let manager =
        manager.ok_or_else(|| PackageError::bad(file, "is of `type: communication`, and names no `manager`"))?;
    let mut manager = program::checker_at(data, &manager, Protocol::Hydro)?;
    judge_files(&fields.clone().words("judge_extra_files")?, data, &mut manager.files, file)?;
    let processes = u8::try_from(fields.number("num_processes")?.map_or(1, units::whole));
    let processes = processes.map_err(|_| fields.bad("num_processes", "is too large"))?;
    Ok(Communication { manager, processes, io: ChannelIo::Stdio, time: TimeOf::Each, writes_first: false })
}

fn checker(fields: &mut Fields, file: &str, data: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    let kind = fields.text("checker_type")?.unwrap_or_else(|| "default".to_owned());
    let source = program_named(fields, "checker")?;
    let protocol = match kind.as_str() {
        // White space at the ends of lines and of the file does not count.
        "default" => {
            problem.compare = Some(Comparer::Trimmed);
            return Ok(());
        }
        "strict" => {
            problem.compare = Some(Comparer::Exact);
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
            // Its points are percent of a case's (`packages/hydrojudge/src/testlib.ts`).
            own.scale = if protocol == Protocol::Testlib { Scale::Percent } else { Scale::Full };
            Comparer::Program(Box::new(own))
        }
    });
    Ok(())
}

/// `checker: chk.cc`, or `checker: {file: chk.cc, lang: cc}`.
fn program_named(fields: &mut Fields, key: &str) -> Result<Option<String>, PackageError> {
    match fields.clone().value(key) {
        Some(Value::Object(_)) => fields.map(key)?.text("file"),
        _ => fields.text(key),
    }
}

/// Files that go with checkers.
fn judge_files(
    names: &[String],
    data: &Tree,
    files: &mut Vec<optimus_core::job::FileRequest>,
    file: &str,
) -> Result<(), PackageError> {
    for name in names {
        let content = Content::from(data.need(name, file)?);
        if files.iter().all(|known| known.path != *name) {
            files.push(optimus_core::job::FileRequest { path: name.clone(), content });
        }
    }
    Ok(())
}

/// `time` of a problem, a subtask or a case.
fn time(fields: &mut Fields) -> Result<Option<Value>, PackageError> {
    let Some(time) = fields.text("time")? else { return Ok(None) };
    duration(&time).map(Some).ok_or_else(|| fields.bad("time", "is no time: `1s`, `500ms`"))
}

/// The same of `memory`.
fn memory(fields: &mut Fields) -> Result<Option<Value>, PackageError> {
    let Some(memory) = fields.text("memory")? else { return Ok(None) };
    size(&memory).map(Some).ok_or_else(|| fields.bad("memory", "is no size: `256m`"))
}

/// As `parseTimeMS` of `@hydrooj/utils` has it: a whole number is in ms, any other in seconds unless it has a unit.
fn duration(text: &str) -> Option<Value> {
    let text = text.trim().to_ascii_lowercase();
    if let Some(millis) = whole(&text) {
        return Some(millis);
    }
    let text = text.strip_suffix('s').unwrap_or(&text);
    let (number, factor) = match (text.strip_suffix('m'), text.strip_suffix('u')) {
        (Some(number), _) => (number, 1.0),
        (None, Some(number)) => (number, 0.001),
        (None, None) => (text, 1_000.0),
    };
    positive((number.parse::<f64>().ok()? * factor).floor())
}

/// As `parseMemoryMB` has it: a whole number is in MiB, any other has a unit, and is rounded up.
fn size(text: &str) -> Option<Value> {
    let text = text.trim().to_ascii_lowercase();
    if let Some(mebibytes) = whole(&text) {
        return positive(mebibytes.as_f64()? * MIB);
    }
    let text = text.trim_end_matches('b').trim_end_matches('i');
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let factor = match unit {
        "k" => 1.0 / 1024.0,
        "m" => 1.0,
        "g" => 1024.0,
        _ => return None,
    };
    positive((number.parse::<f64>().ok()? * factor).ceil() * MIB)
}

const MIB: f64 = 1_048_576.0;

fn whole(text: &str) -> Option<Value> {
    text.parse::<f64>().ok().filter(|number| number.fract() == 0.0).and_then(positive)
}

fn positive(number: f64) -> Option<Value> {
    (number.is_finite() && number > 0.0).then(|| units::whole(number).into())
}

#[cfg(test)]
mod tests {
    use super::{duration, size};

    #[test]
    fn times_and_sizes_are_read_as_hydro_reads_them() {
        let millis = |text| duration(text).and_then(|value| value.as_u64());
        let read = ["1s", "500ms", "2000", "1.5", "1.5s", "2m", "1500us", "1S"].map(millis);
        assert_eq!(read, [1_000, 500, 2_000, 1_500, 1_500, 2, 1, 1_000].map(Some));
        assert_eq!(["0", "-1s", "soon", ""].map(millis), [None; 4]);
        let mebibytes = |text| size(text).and_then(|value| Some(value.as_u64()? >> 20));
        let read = ["256m", "256", "262144k", "1.5g", "100k", "64MB"].map(mebibytes);
        assert_eq!(read, [256, 256, 256, 1_536, 1, 64].map(Some));
        assert_eq!(["1.5", "m", "", "0"].map(mebibytes), [None; 4]);
    }
}
