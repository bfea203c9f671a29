//! `test_cases`: a list of cases and batches, or patterns of the archive's names (`dmoj/problem.py` in DMOJ/judge-server).

use std::collections::BTreeMap;

use bytes::Bytes;
use fancy_regex::Regex;
use optimus_core::problem::Generated;
use optimus_core::scoring::{Aggregate, Group, Stop, Total};
use optimus_core::{Comparer, Content, Problem, Scoring, Test};
use serde_json::{Value, json};

use super::{INIT, comparer, others};
use crate::fields::Fields;
use crate::{PackageError, Tree, program};

const INPUTS: &str = r"(?i)^(?=.*?\.in|in).*?(?:(?:^|\W)(?P<batch>\d+)[^\d\s]+)?(?P<case>\d+)[^\d\s]*$";
const OUTPUTS: &str = r"(?i)^(?=.*?\.out|out).*?(?:(?:^|\W)(?P<batch>\d+)[^\d\s]+)?(?P<case>\d+)[^\d\s]*$";

/// What a case takes from its batch, and that from the whole, where it says nothing itself.
const INHERITED: [&str; 7] = ["in", "out", "points", "checker", "generator", "generator_args", "binary_data"];

/// Each case and each batch is a group: a batch is worth its worst case, and what is worth nothing ends everything when
/// it fails. `archive` holds the names that patterns are of.
pub(super) fn read(
    fields: &mut Fields,
    files: &Tree,
    archive: &Tree,
    problem: &mut Problem,
) -> Result<(), PackageError> {
    let mut above = fields.clone();
    above.retain(&INHERITED);
    let cases = match fields.clone().value("test_cases") {
        Some(Value::Array(_)) => fields.maps("test_cases")?,
        _ => matched(&mut fields.map("test_cases")?, archive)?,
    };
    let mut scoring = Scoring { total: Total::Sum, ..Scoring::default() };
    let mut batches: Vec<String> = Vec::new();
    for (i, mut case) in cases.into_iter().enumerate() {
        let batch = case.maps("batched")?;
        let mut inherited = case.clone();
        inherited.retain(&INHERITED);
        let inherited = inherited.or(&above);
        let worth = inherited.clone().number("points")?.unwrap_or(1.0);
        let name = (i + 1).to_string();
        let mut group = Group { name: name.clone(), points: Some(worth), ..Group::default() };
        group.stop = if worth == 0.0 { Stop::Job } else { Stop::Never };
        let number = batches.len() + 1;
        if batch.is_empty() {
            let place = Place { group: &name, name: name.clone(), points: worth, batch: 0 };
            test(case.or(&inherited), files, &place, problem)?;
        } else {
            group.score = Aggregate::Min;
            group.stop = if worth == 0.0 { Stop::Job } else { Stop::Group };
            for number in case.words("dependencies")? {
                let before = number.parse::<usize>().ok().and_then(|n| batches.get(n.checked_sub(1)?).cloned());
                group.requires.push(before.ok_or_else(|| case.bad("dependencies", "names no batch before this one"))?);
            }
            case.ignore(&INHERITED);
            case.ignore(&INDIFFERENT);
            others(&case, problem)?;
            for (j, member) in batch.into_iter().enumerate() {
                let place = Place { group: &name, name: format!("{name}.{}", j + 1), points: worth, batch: number };
                test(member.or(&inherited), files, &place, problem)?;
            }
            batches.push(name);
        }
        scoring.groups.push(group);
    }
    fields.ignore(&["points", "generator", "generator_args", "binary_data", "in", "out"]);
    problem.scoring = Some(scoring);
    Ok(())
}

/// Keys of cases that say nothing about judging.
const INDIFFERENT: [&str; 5] = ["output_prefix_length", "hints", "short_circuit", "feedback", "position"];

struct Place<'a> {
    group: &'a str,
    name: String,
    points: f64,
    batch: usize,
}

fn test(mut case: Fields, files: &Tree, place: &Place<'_>, problem: &mut Problem) -> Result<(), PackageError> {
    let is_binary = case.flag("binary_data")?.unwrap_or(false);
    let mut content = |key: &str| match case.text(key)? {
        Some(path) => {
            let bytes = files.need(&path, INIT)?;
            Ok::<_, PackageError>(Some(Content::from(if is_binary { bytes } else { normalized(&bytes) })))
        }
        None => Ok(None),
    };
    let (stdin, expect) = (content("in")?, content("out")?);
    let generator = case.value("generator");
    let args = case.words("generator_args")?;
    let index = problem.tests.len();
    if let Some(generator) = generator.filter(|_| stdin.is_none() || expect.is_none()) {
        problem.generated.push(generated(files, index, generator, args, [stdin.is_none(), expect.is_none()])?);
    }
    let own = case.value("checker").map(|checker| comparer(files, checker)).transpose()?;
    let is_own = own.is_some() && own != problem.compare;
    if is_own && matches!((&own, &problem.compare), (Some(Comparer::Program(_)), _) | (_, Some(Comparer::Program(_)))) {
        return Err(case.unsupported("checker (a program of one case)"));
    }
    case.ignore(&["points"]);
    case.ignore(&INDIFFERENT);
    others(&case, problem)?;
    let shim =
        matches!(&problem.compare, Some(Comparer::Program(checker)) if checker.name().starts_with("optimus_checker"));
    let checker_args = [place.points.to_string(), (index + 1).to_string(), place.batch.to_string()];
    problem.tests.push(Test {
        name: Some(place.name.clone()),
        stdin: stdin.unwrap_or_default(),
        // A test without an output is compared with nothing.
        expect: Some(expect.unwrap_or_default()),
        compare: own.filter(|_| is_own),
        checker_args: if shim { checker_args.to_vec() } else { Vec::new() },
        group: Some(place.group.to_owned()),
        ..Test::default()
    });
    Ok(())
}

/// `generator: file`, a list of files, or `{source, args, …}`: it prints the input, and on stderr the output.
fn generated(
    files: &Tree,
    test: usize,
    generator: Value,
    mut args: Vec<String>,
    [input, output]: [bool; 2],
) -> Result<Generated, PackageError> {
    let mut fields = match generator {
        Value::Object(_) => Fields::of(INIT, "generator", generator)?,
        source => Fields::of(INIT, "generator", json!({ "source": source }))?,
    };
    let paths = match fields.clone().value("source") {
        Some(Value::String(path)) => vec![path],
        _ => fields.words("source")?,
    };
    fields.ignore(&["source", "language", "time_limit", "memory_limit", "compiler_time_limit"]);
    let own = fields.words("args")?;
    if args.is_empty() {
        args = own;
    }
    let flags = fields.words("flags")?;
    fields.finish()?;
    let mut sources = Vec::new();
    for path in &paths {
        sources.push(program::source(program::last(path), files.need(path, INIT)?, INIT)?);
    }
    if let Some(path) = files.paths().find(|path| program::last(path) == "testlib.h")
        && sources.iter().all(|file| file.path.as_str() != "testlib.h")
    {
        sources.push(program::source("testlib.h", files.need(path, INIT)?, INIT)?);
    }
    if sources.is_empty() {
        return Err(PackageError::bad(INIT, "`generator` names no source"));
    }
    Ok(Generated { test, files: sources, args, flags, input, output })
}

/// Newlines of any kind become `\n`, and the last line ends with one, unless the data is binary.
fn normalized(bytes: &Bytes) -> Bytes {
    if bytes.is_empty() || (!bytes.contains(&b'\r') && bytes.ends_with(b"\n")) {
        return bytes.clone();
    }
    let mut out = Vec::with_capacity(bytes.len() + 1);
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if byte == b'\r' {
            rest.next_if_eq(&b'\n');
        }
        out.push(if byte == b'\r' { b'\n' } else { byte });
    }
    if !out.ends_with(b"\n") {
        out.push(b'\n');
    }
    out.into()
}

/// A number of a batch or case; words come before numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Number {
    Word(String),
    Number(u64),
}

/// Whether it is a batch, and the files of its cases by their numbers.
type Matched = (bool, BTreeMap<Number, serde_json::Map<String, Value>>);

/// Cases by the names in the archive.
fn matched(fields: &mut Fields, archive: &Tree) -> Result<Vec<Fields>, PackageError> {
    let mut pattern = |key: &str, default: &str| {
        let text = fields.text(key)?.map_or_else(|| default.to_owned(), |own| format!("(?i)^(?:{own})"));
        Regex::new(&text).map_err(|error| fields.bad(key, &format!("is no pattern: {error}")))
    };
    let patterns = [("in", pattern("input_format", INPUTS)?), ("out", pattern("output_format", OUTPUTS)?)];
    let points = fields.words("case_points")?;
    fields.ignore(&INHERITED);
    fields.clone().finish()?;
    let mut groups: BTreeMap<Number, Matched> = BTreeMap::new();
    for (key, pattern) in &patterns {
        for path in archive.paths() {
            let Some(found) = pattern.captures(path).ok().flatten() else { continue };
            let number = |name: &str| {
                let text = found.name(name)?.as_str();
                Some(text.parse().map_or_else(|_| Number::Word(text.to_owned()), Number::Number))
            };
            let case = number("case").ok_or_else(|| PackageError::bad(INIT, format!("`{path}` has no case number")))?;
            let batch = number("batch");
            let group = groups.entry(batch.clone().unwrap_or_else(|| case.clone())).or_default();
            group.0 |= batch.is_some();
            group.1.entry(case).or_default().insert((*key).to_owned(), path.into());
        }
    }
    let mut points = points.into_iter();
    let mut all = Vec::new();
    for (is_batch, cases) in groups.into_values() {
        let mut cases = cases.into_values().map(Value::Object);
        let case =
            if is_batch { json!({ "batched": cases.collect::<Vec<_>>() }) } else { cases.next().unwrap_or_default() };
        let mut fields = Fields::of(INIT, "test_cases", case)?;
        if let Some(points) = points.next() {
            fields.set("points", points.into());
        }
        all.push(fields);
    }
    Ok(all)
}
