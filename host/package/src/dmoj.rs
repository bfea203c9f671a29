//! DMOJ: `init.yml`, and most often an archive inside the package that holds the tests.

mod cases;
mod shim;

use optimus_core::checker::Protocol;
use optimus_core::problem::Extra;
use optimus_core::{BoxPath, Checker, Comparer, Problem};
use serde_json::{Map, Value, json};

use crate::fields::Fields;
use crate::{Caps, PackageError, Tree, labels, program, units};

const INIT: &str = "init.yml";

/// What a program may print where the package does not say (`ProblemConfig` in `dmoj/problem.py`).
const OUTPUT_BYTES: u64 = 25_165_824;

/// Reads a package.
pub(crate) fn read(tree: &Tree) -> Result<Problem, PackageError> {
    let mut fields = Fields::yaml(tree, INIT)?;
    let mut problem = Problem { format: "dmoj".to_owned(), ..Problem::default() };
    let archive = match fields.text("archive")? {
        Some(path) => Tree::of_zip(&tree.need(&path, INIT)?, Caps::default()).map_err(|error| match error {
            PackageError::NoArchive(why) => PackageError::bad(path, format!("is no zip archive: {why}")),
            error => error,
        })?,
        None => Tree::default(),
    };
    // A file beside the archive comes before one inside it (`ProblemDataManager`).
    let files = archive.with(tree.clone());
    fields.refuse(&["grader", "symlinks", "command", "output_prefix_override", "run_as_user"])?;
    let output = fields.number("output_limit_length")?.map_or(OUTPUT_BYTES, units::whole);
    problem.limits.output_bytes = Some(output.into());
    if let Some(seconds) = fields.number("time_limit")? {
        problem.limits.cpu_ms = Some(units::millis(seconds));
    }
    if let Some(kib) = fields.number("memory_limit")? {
        problem.limits.memory_bytes = Some(units::whole(kib * 1024.0).into());
    }
    if let (Some(factor), Some(cpu)) = (fields.number("wall_time_factor")?, &problem.limits.cpu_ms)
        && let Some(cpu) = cpu.as_f64()
    {
        problem.limits.wall_ms = Some(units::whole(cpu * factor.max(1.0)).into());
    }
    if fields.flag("unbuffered")?.unwrap_or(false) {
        problem.remarks.push("`unbuffered`: programs have to flush what they print themselves".to_owned());
    }
    for key in ["pretest_test_cases", "validator"] {
        if fields.value(key).is_some() {
            problem.remarks.push(format!("`{key}` has no part in judging a submission, and was ignored"));
        }
    }
    io(&mut fields, &mut problem)?;
    signature(&mut fields, &files, &mut problem)?;
    interactive(&mut fields, &files, &mut problem)?;
    if let Some(path) = fields.text("custom_judge")? {
        files.need(&path, INIT)?;
        problem.interactor = Some(Box::new(shim::grader(&files, &path)?));
    }
    if let Some(checker) = fields.value("checker") {
        problem.compare = Some(comparer(&files, checker)?);
    } else if problem.interactor.is_none() {
        problem.compare = Some(named("standard", Map::new())?);
    }
    let reads_code = |compare: &Comparer| matches!(compare, Comparer::Program(own) if own.protocol == Protocol::Syzoj);
    if problem.compare.as_ref().is_some_and(reads_code) && !problem.extras.is_empty() {
        let feature = "a checker that reads the submission, to which `signature_grader` adds lines,";
        return Err(PackageError::unsupported(INIT, feature));
    }
    cases::read(&mut fields, &files, &archive, &mut problem)?;
    fields.ignore(&["hints", "output_prefix_length", "meta", "short_circuit"]);
    others(&fields, &mut problem)?;
    labels::submissions(tree, &mut problem)?;
    Ok(problem)
}

/// Keys that the judge does not ask for mean nothing to it. Those that are programs would say what others mean
/// (`ConfigNode` in `dmoj/config.py`).
fn others(fields: &Fields, problem: &mut Problem) -> Result<(), PackageError> {
    let keys: Vec<String> = fields.clone().rest().map(|(key, _)| key).collect();
    if let Some(key) = keys.iter().find(|key| key.ends_with("++") || key.ends_with('~')) {
        return Err(fields.unsupported(key));
    }
    for key in keys {
        let remark = format!("`{INIT}`: DMOJ does not know the key `{}`, ignored", fields.place(&key));
        if !problem.remarks.contains(&remark) {
            problem.remarks.push(remark);
        }
    }
    Ok(())
}

fn io(fields: &mut Fields, problem: &mut Problem) -> Result<(), PackageError> {
    let mut io = fields.map("file_io")?;
    let mut path = |key: &str| match io.text(key)? {
        None => Ok(None),
        Some(name) => {
            BoxPath::new(name).map(Some).map_err(|why| PackageError::bad(INIT, format!("`file_io.{key}` {why}")))
        }
    };
    let (input, output) = (path("input")?, path("output")?);
    io.finish()?;
    if input.is_some() || output.is_some() {
        problem.file_io = Some(optimus_core::job::FileIo { input, output });
    }
    Ok(())
}

/// A function instead of a program: the package has the `main`.
fn signature(fields: &mut Fields, files: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    if !fields.has("signature_grader") {
        return Ok(());
    }
    let mut own = fields.map("signature_grader")?;
    let (entry, header) = (own.text("entry")?, own.text("header")?);
    let keeps_main = own.flag("allow_main")?.unwrap_or(false);
    own.finish()?;
    let (Some(entry), Some(header)) = (entry, header) else {
        return Err(PackageError::bad(INIT, "`signature_grader` needs `entry` and `header`"));
    };
    let name = program::last(&header);
    let renamed = if keeps_main { "" } else { "#define main main_of_the_submission\n" };
    let source = |path: &str| program::source(program::last(path), files.need(path, INIT)?, INIT);
    let extension = entry.rsplit_once('.').map_or("", |(_, extension)| extension).to_owned();
    problem.extras.push(Extra {
        extensions: vec![extension],
        files: vec![source(&entry)?, source(&header)?],
        stem: Some("submission".to_owned()),
        prelude: Some(format!("#include \"{name}\"\n{renamed}#line 1\n").into()),
        ..Extra::default()
    });
    Ok(())
}

fn interactive(fields: &mut Fields, files: &Tree, problem: &mut Problem) -> Result<(), PackageError> {
    if !fields.has("interactive") {
        return Ok(());
    }
    let mut own = fields.map("interactive")?;
    let interactor = program_of(&mut own, files, "interactive", &PROTOCOLS)?;
    arguments(&mut own, if interactor.protocol == Protocol::Testlib { ALL } else { "{input_file} {answer_file}" })?;
    own.ignore(&["cached", "unbuffered", "lang", "compiler_time_limit", "preprocessing_time", "feedback"]);
    own.finish()?;
    problem.interactor = Some(Box::new(interactor));
    Ok(())
}

/// What most programs are called with (`dmoj/contrib`).
const ALL: &str = "{input_file} {output_file} {answer_file}";

/// Some packages say what their kind of program is called with anyway; nothing else can be said here.
fn arguments(fields: &mut Fields, usual: &str) -> Result<(), PackageError> {
    let said = fields.clone().text("args_format_string")?;
    if said.is_some_and(|said| said.split_whitespace().eq(usual.split_whitespace())) {
        fields.ignore(&["args_format_string"]);
    }
    fields.refuse(&["args_format_string"])
}

/// What a program of the package may be written for.
const PROTOCOLS: [(&str, Protocol); 3] =
    [("default", Protocol::Exit), ("testlib", Protocol::Testlib), ("coci", Protocol::Coci)];

/// A program of the package's, as checkers and interactors are described alike.
fn program_of(
    fields: &mut Fields,
    files: &Tree,
    place: &str,
    protocols: &[(&str, Protocol)],
) -> Result<Checker, PackageError> {
    let kind = fields.text("type")?;
    let kind = kind.as_deref().unwrap_or("default");
    let known = protocols.iter().find(|(name, _)| *name == kind);
    let (_, protocol) = known.ok_or_else(|| PackageError::unsupported(INIT, format!("`{place}.type: {kind}`")))?;
    let mut sources = Vec::new();
    for path in fields.words("files")? {
        sources.push(program::source(program::last(&path), files.need(&path, INIT)?, INIT)?);
    }
    if let Some(path) = files.paths().find(|path| program::last(path) == "testlib.h")
        && sources.iter().all(|file: &optimus_core::SourceFile| file.path.as_str() != "testlib.h")
    {
        sources.push(program::source("testlib.h", files.need(path, INIT)?, INIT)?);
    }
    let mut program = program::checker(sources, *protocol);
    // More of the compiler's, as the languages that are compiled take them.
    let flags = fields.words("flags")?;
    if !flags.is_empty() {
        program.options.insert("flags".to_owned(), flags.into());
    }
    if let Some(kib) = fields.number("memory_limit")? {
        program.limits.memory_bytes = Some(units::whole(kib * 1024.0).into());
    }
    Ok(program)
}

/// `checker: name`, `{name, args}`, or a program through `bridged`.
fn comparer(files: &Tree, checker: Value) -> Result<Comparer, PackageError> {
    if let Value::String(name) = checker {
        return match name.contains('.') {
            true => module(files, &name, Map::new()),
            false => named(&name, Map::new()),
        };
    }
    let mut fields = Fields::of(INIT, "checker", checker)?;
    let name = fields.text("name")?.ok_or_else(|| PackageError::bad(INIT, "`checker.name` is missing"))?;
    let mut args = fields.map("args")?;
    fields.finish()?;
    if name.contains('.') {
        return module(files, &name, args.rest().collect());
    }
    if name != "bridged" {
        return named(&name, args.rest().collect());
    }
    let mut checker =
        program_of(&mut args, files, "checker.args", &[&PROTOCOLS[..], &[("peg", Protocol::Peg)]].concat())?;
    if let Some(seconds) = args.number("time_limit")? {
        checker.limits.cpu_ms = Some(units::millis(seconds));
    }
    let is_peg = checker.protocol == Protocol::Peg;
    arguments(&mut args, if is_peg { "{answer_file} {output_file} {input_file}" } else { ALL })?;
    args.ignore(&["lang", "compiler_time_limit", "feedback", "cached"]);
    args.finish()?;
    Ok(Comparer::Program(Box::new(checker)))
}

/// A module of the package's, with options that its `check` gets by their names.
fn module(files: &Tree, name: &str, options: Map<String, Value>) -> Result<Comparer, PackageError> {
    files.need(name, INIT)?;
    shim::checker(files, name, options).map(|checker| Comparer::Program(Box::new(checker)))
}

/// One of DMOJ's own; those that are programs in Python are none of ours.
fn named(name: &str, mut args: Map<String, Value>) -> Result<Comparer, PackageError> {
    args.insert("name".to_owned(), name.into());
    let comparer: Comparer = serde_json::from_value(json!({ "dmoj": args }))
        .map_err(|error| PackageError::unsupported(INIT, format!("the checker `{name}` ({error})")))?;
    comparer.check().map(|()| comparer).map_err(|why| PackageError::bad(INIT, why))
}
