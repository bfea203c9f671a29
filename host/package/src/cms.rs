//! CMS, as the Italian loader reads it: `task.yaml`, `input/inputN.txt`, `output/outputN.txt`, `gen/GEN` for subtasks.

mod score;

use fancy_regex::{Captures, Regex};
use optimus_core::checker::{Protocol, Scale};
use optimus_core::communication::{ChannelIo, Communication};
use optimus_core::job::FileIo;
use optimus_core::problem::{Extra, Labelled};
use optimus_core::{BoxPath, Checker, Comparer, Content, Problem, Test};

use crate::fields::Fields;
use crate::{PackageError, Tree, labels, program, units};

const TASK: &str = "task.yaml";

/// Keys that have no part in judging a submission.
const INDIFFERENT: [&str; 21] = [
    "token_mode",
    "token_max_number",
    "token_min_interval",
    "token_gen_initial",
    "token_gen_number",
    "token_gen_interval",
    "token_gen_max",
    "token_initial",
    "public_testcases",
    "risultati",
    "feedback_level",
    "primary_language",
    "max_submission_number",
    "min_submission_interval",
    "max_user_test_number",
    "min_user_test_interval",
    "score_precision",
    "syllabuslevel",
    "difficulty",
    "score_mode",
    "version",
];

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let mut fields = Fields::yaml(tree, TASK)?;
    let mut problem = Problem { format: "cms".to_owned(), ..Problem::default() };
    let name = fields.text("name")?.or(fields.text("nome_breve")?).unwrap_or_default();
    problem.name = fields.text("title")?.or(fields.text("nome")?).unwrap_or_else(|| name.clone());
    let time = fields.number("time_limit")?.or(fields.number("timeout")?);
    problem.limits.cpu_ms = time.map(units::millis);
    let memory = fields.number("memory_limit")?.or(fields.number("memlimit")?);
    problem.limits.memory_bytes = memory.map(units::mebibytes);
    io(&mut fields, &mut problem)?;
    let is_output_only = fields.flag("output_only")?.unwrap_or(false);
    let io = channels(&mut fields)?;
    let score_type = score::stated(&mut fields, &mut problem)?;
    let total = fields.number("total_value")?.unwrap_or(100.0);
    let count = fields.number("n_input")?;
    let processes = fields.number("num_processes")?;
    fields.ignore(&INDIFFERENT);
    fields.refuse(&["task_type_parameters", "sample_type"])?;
    // The loader takes the keys that it knows, and contests keep notes of their own there.
    let others: Vec<String> = fields.rest().map(|(key, _)| format!("`{key}`")).collect();
    if !others.is_empty() {
        problem
            .remarks
            .push(format!("`{TASK}`: keys that have no part in judging were ignored: {}", others.join(", ")));
    }
    let generated = score::generated(tree)?;
    let stated_count = if score_type.is_some() { count } else { generated.count().or(count) };
    tests(tree, stated_count, is_output_only, &mut problem)?;
    if count.is_some_and(|count| units::whole(count) != problem.tests.len() as u64) {
        let why = format!("`n_input` is not the number of tests that `{}` has, {}", score::GEN, problem.tests.len());
        return Err(PackageError::bad(TASK, why));
    }
    problem.scoring = Some(match &score_type {
        Some(stated) => stated.scoring(&mut problem.tests)?,
        None => generated.scoring(total, &mut problem.tests)?,
    });
    managers(tree, &name, (processes, io), &mut problem)?;
    if score_type.is_some_and(|stated| stated.has_open_scores())
        && let Some(Comparer::Program(checker)) = &mut problem.compare
    {
        checker.scale = Scale::Points;
    }
    problem.submissions = solutions(tree, &name)?;
    Ok(problem)
}

fn io(fields: &mut Fields, problem: &mut Problem) -> Result<(), PackageError> {
    let mut path = |key: &str| match fields.text(key)?.filter(|name| !name.is_empty()) {
        None => Ok(None),
        Some(name) => BoxPath::new(name).map(Some).map_err(|why| PackageError::bad(TASK, format!("`{key}` {why}"))),
    };
    let (input, output) = (path("infile")?, path("outfile")?);
    if input.is_some() || output.is_some() {
        problem.file_io = Some(FileIo { input, output });
    }
    Ok(())
}

fn tests(tree: &Tree, count: Option<f64>, is_output_only: bool, problem: &mut Problem) -> Result<(), PackageError> {
    let inputs = tree.children("input");
    let found = (0..).take_while(|number| inputs.contains(&format!("input{number}.txt"))).count();
    let count = count.map_or(found, |count| usize::try_from(units::whole(count)).unwrap_or(usize::MAX));
    if count < found {
        problem.remarks.push(format!("`input/` holds {found} tests, and the task has {count} of them"));
    }
    for number in 0..count {
        let read =
            |path: String| tree.get(&path).ok_or_else(|| PackageError::bad(path, "is missing")).map(Content::from);
        problem.tests.push(Test {
            name: Some(number.to_string()),
            stdin: read(format!("input/input{number}.txt"))?,
            expect: Some(read(format!("output/output{number}.txt"))?),
            submitted: is_output_only
                .then(|| BoxPath::new(format!("output_{number:03}.txt")).expect("a path of our own")),
            ..Test::default()
        });
    }
    Ok(())
}

/// Checkers, managers that talk, and what is built with a submission.
fn managers(
    tree: &Tree,
    name: &str,
    (processes, io): (Option<f64>, ChannelIo),
    problem: &mut Problem,
) -> Result<(), PackageError> {
    for dir in ["check", "cor"] {
        for child in tree.children(dir) {
            let path = format!("{dir}/{child}");
            match program::stem(&child) {
                "manager" => {
                    problem.communication = communication(tree, &path, processes, io)?.or(problem.communication.take())
                }
                "checker" | "correttore" => problem.compare = checker(tree, &path)?.or(problem.compare.take()),
                _ => {}
            }
        }
    }
    if processes.is_some() && problem.communication.is_none() {
        return Err(PackageError::bad(TASK, "`num_processes` without a `check/manager`"));
    }
    let beside = match (&problem.communication, &problem.compare) {
        (Some(_), Some(_)) => return Err(PackageError::unsupported("check", "a checker beside a manager")),
        (Some(_), None) => "stub",
        (None, _) => {
            problem.compare.get_or_insert(Comparer::CmsWhiteDiff);
            "grader"
        }
    };
    built_with(tree, name, beside, problem)
}

/// A checker that has a source; what was compiled from it lies beside it.
fn checker(tree: &Tree, path: &str) -> Result<Option<Comparer>, PackageError> {
    Ok(source_of(tree, path, "checker")?.map(|checker| Comparer::Program(Box::new(checker))))
}

/// `user_io` of newer loaders says by what the processes talk: FIFOs, unless it is `std_io`. A `task_type` says what the
/// files say, too; the types that are not known here are refused.
fn channels(fields: &mut Fields) -> Result<ChannelIo, PackageError> {
    match fields.text("task_type")?.as_deref() {
        None | Some("" | "Batch" | "OutputOnly" | "Communication") => {}
        Some(other) => return Err(PackageError::unsupported(TASK, format!("`task_type: {other}`"))),
    }
    match fields.text("user_io")?.as_deref() {
        None | Some("fifo_io") => Ok(ChannelIo::Fifos),
        Some("std_io") => Ok(ChannelIo::Stdio),
        Some(other) => Err(PackageError::unsupported(TASK, format!("`user_io: {other}`"))),
    }
}

fn communication(
    tree: &Tree,
    path: &str,
    processes: Option<f64>,
    io: ChannelIo,
) -> Result<Option<Box<Communication>>, PackageError> {
    let processes = processes.map_or(1, units::whole);
    let processes = u8::try_from(processes).map_err(|_| PackageError::bad(TASK, "`num_processes` is too large"))?;
    let manager = source_of(tree, path, "manager")?;
    Ok(manager.map(|manager| {
        let writes_first = manager.files.iter().any(|file| writes_first(file.content.as_bytes()));
        Box::new(Communication { manager, processes, io, writes_first, ..Communication::default() })
    }))
}

/// CMS makes FIFOs and leaves their directions to whoever opens them; a manager that opens its first to write says so in
/// its source, by the argument itself, the same for each process, or a name for it.
fn writes_first(source: &[u8]) -> bool {
    const FIRST: &str = r"(?:sys\.)?argv\s*\[\s*(?:1|1\s*\+\s*(?:2\s*\*\s*\w+|\w+\s*\*\s*2)|(?:2\s*\*\s*\w+|\w+\s*\*\s*2)\s*\+\s*1)\s*\]";
    let text = String::from_utf8_lossy(source);
    let all = |pattern: &str| Regex::new(pattern).ok().map(|regex| regex.captures_iter(&text).flatten().collect());
    let names: Vec<Captures<'_>> = all(&format!(r"(\w+)\s*=\s*{FIRST}")).unwrap_or_default();
    let names = names.iter().filter_map(|found| Some(format!(r"|\b{}\b", found.get(1)?.as_str())));
    let first = format!("(?:{FIRST}{})", names.collect::<String>());
    let opens = format!(
        r#"open\s*\(\s*{first}(?:\.c_str\(\))?\s*,\s*(?:mode\s*=\s*)?(?:["']w|(?:os\.)?O_WRONLY)|ofstream\b[^;]*?[({{]\s*{first}"#
    );
    Regex::new(&opens).is_ok_and(|regex| regex.is_match(&text).unwrap_or(false))
}

/// A program of the judge's, out of its source; none for the compiled file that lies beside one.
fn source_of(tree: &Tree, path: &str, what: &str) -> Result<Option<Checker>, PackageError> {
    if program::last(path).contains('.') {
        return program::checker_at(tree, path, Protocol::Cms).map(Some);
    }
    let dir = path.rsplit_once('/').map_or("", |(dir, _)| dir);
    let has_source = tree.children(dir).iter().any(|other| other.starts_with(&format!("{}.", program::last(path))));
    if has_source { Ok(None) } else { Err(PackageError::unsupported(path, format!("a {what} without its source"))) }
}

/// `sol/grader.*` or `sol/stub.*`, which call what is submitted, with the headers beside them.
fn built_with(tree: &Tree, name: &str, stem: &str, problem: &mut Problem) -> Result<(), PackageError> {
    for child in tree.children("sol").into_iter().filter(|child| program::stem(child) == stem) {
        let path = format!("sol/{child}");
        let Some((_, extension)) = child.rsplit_once('.') else { continue };
        if program::is_header(&child) {
            continue;
        }
        let mut files = vec![program::source(&child, tree.need(&path, TASK)?, &path)?];
        for header in tree.children("sol").iter().filter(|other| program::is_header(other)) {
            files.push(program::source(header, tree.need(&format!("sol/{header}"), TASK)?, &path)?);
        }
        problem.extras.push(Extra {
            extensions: vec![extension.to_owned()],
            entry: Some(files[0].path.clone()),
            files,
            stem: Some(name.to_owned()),
            ..Extra::default()
        });
    }
    Ok(())
}

/// Programs in `sol/`: those called `solution` are right, and a source says by `@EXPECTED_RESULTS@` what others are.
fn solutions(tree: &Tree, name: &str) -> Result<Vec<Labelled>, PackageError> {
    let mut found = Vec::new();
    for child in tree.children("sol") {
        let path = format!("sol/{child}");
        if tree.has_dir(&path) {
            // Answers of an output-only task.
            let files = program::files(tree, &path)?;
            let expect = by_name(&child, name);
            found.extend(expect.map(|expect| Labelled { name: path.clone(), files, expect, ..Labelled::default() }));
            continue;
        }
        // What was compiled from it, and headers, lie beside it.
        if !program::is_source(&child) {
            continue;
        }
        let content = tree.need(&path, TASK)?;
        let Some(expect) = labels::in_source(&content).or_else(|| by_name(program::stem(&child), name)) else {
            continue;
        };
        let files = vec![program::source(&child, content, &path)?];
        found.push(Labelled { name: path, files, expect, ..Labelled::default() });
    }
    Ok(found)
}

fn by_name(stem: &str, name: &str) -> Option<optimus_core::problem::Expectation> {
    let is_official = ["solution", "soluzione", name].contains(&stem);
    is_official.then(|| optimus_core::problem::Expectation::of(labels::ACCEPTED))
}
