//! `optimus plugin new`: a folder to begin a language with. It never overwrites.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::ExitCode;

use optimus_declarative::author::{self, Answers, BuildError, Known, Planted};
use serde_json::json;

use super::{build, eject, folder};
use crate::cli::{Kind, New};
use crate::output::{Advised, Output};

pub(super) fn new(args: &New, output: Output) -> anyhow::Result<ExitCode> {
    check_name(&args.name)?;
    let mut files = planted(args)?;
    let path = Path::new(&args.name);
    std::fs::create_dir(path).map_err(|error| {
        let hint = "it never overwrites: choose another name, or another place".to_owned();
        Advised::new("exists", format!("cannot create `{}`: {error}", args.name), Some(hint))
    })?;
    folder::write(path, &files)?;
    if args.kind == Kind::Rust && !files.iter().any(|(path, _)| path == "Cargo.toml") {
        eject::write_out(path)?;
        std::fs::remove_file(path.join(eject::AS_IT_WAS))?;
        files = eject::planted(path, files)?;
    }
    // A crate brings its SDK, which its author need not read.
    let paths: Vec<&String> = files.iter().map(|(path, _)| path).filter(|path| !path.starts_with("sdk/")).collect();
    output.print(&json!({"folder": args.name, "files": paths}), |_| {
        let next = format!("next: optimus plugin build {0} && optimus plugin test {0}\n", args.name);
        paths.iter().map(|path| format!("{}/{path}\n", args.name)).collect::<String>() + &next
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Before anything is made: it becomes a folder, a file and an id.
fn check_name(name: &str) -> anyhow::Result<()> {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+#_-".contains(c);
    if name.len() <= 32 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(inner) {
        return Ok(());
    }
    let hint = "up to 32 lowercase letters, digits, `+`, `#`, `_` and `-`, beginning with a letter".to_owned();
    Err(Advised::new("bad_name", format!("`{}` cannot be a language's id", name.escape_debug()), Some(hint)).into())
}

fn planted(args: &New) -> anyhow::Result<Vec<Planted>> {
    let said = args.run.is_some() || args.extension.is_some() || args.image.is_some();
    if let (Some(known), false) = (Known::find(&args.name), said) {
        if let Some(files) = author::crates::of_known(&known, &args.name).filter(|_| args.kind == Kind::Rust) {
            return Ok(files);
        }
        return author::of_known(&known, &args.name).map_err(|wrong| refused(wrong, &args.name));
    }
    let answers = answers(args)?;
    author::of_answers(&answers).map_err(|wrong| refused(wrong, &args.name))
}

/// From flags; where a person is at the keyboard, what is missing is asked.
fn answers(args: &New) -> anyhow::Result<Answers> {
    let asks = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let need = |flag: &str, given: &Option<String>, question: &str| match given {
        Some(given) => Ok(given.clone()),
        None if asks => ask(question),
        None => Err(unknown(&args.name, flag)),
    };
    let may = |flag: &str, given: &Option<String>| match given {
        Some(given) => Ok(Some(given.clone())),
        None if asks && args.run.is_none() => {
            ask(optional(flag)).map(|said| Some(said).filter(|said| !said.is_empty()))
        }
        None => Ok(None),
    };
    let mut compile = args.compile.clone();
    let extension = need("extension", &args.extension, "How do its files end (without the dot)?")?;
    if asks && compile.is_none() && args.run.is_none() {
        compile = Some(ask("How is a program compiled? `{sources}` are its files; empty when it is not.")?);
    }
    Ok(Answers {
        id: args.name.clone(),
        extension,
        compile: compile.filter(|compile| !compile.is_empty()),
        run: need("run", &args.run, "How is it run? `{main}` is the file to start with.")?,
        image: need("image", &args.image, "Which image has its toolchain (NAME:TAG)?")?,
        probe: may("probe", &args.probe)?,
        hello: may("hello", &args.hello)?,
    })
}

fn optional(flag: &str) -> &'static str {
    match flag {
        "probe" => "What prints the toolchain's version? Empty: the first program above, with --version.",
        _ => "A program that prints `Hello, world!`, on one line? It is the first sample; empty for none.",
    }
}

fn unknown(name: &str, flag: &str) -> anyhow::Error {
    let near = Known::nearest(name).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
    let hint =
        format!("{near}`optimus plugin known` lists the known ones; any other needs --extension, --image, --run");
    Advised::new("unknown_language", format!("`{name}` is not a known language, and --{flag} is missing"), Some(hint))
        .into()
}

#[expect(clippy::print_stderr, reason = "a question to the person at the keyboard")]
fn ask(question: &str) -> anyhow::Result<String> {
    eprint!("{question} ");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

fn refused(wrong: author::Wrong, name: &str) -> anyhow::Error {
    build::refused(&BuildError::Wrong(wrong), &format!("{name}/language.toml"))
}

pub(super) fn known(output: Output) -> anyhow::Result<ExitCode> {
    let rows: Vec<(&str, String)> = author::known()
        .iter()
        .map(|known| (known.id, author::read(known.toml, Vec::new()).map_or_else(|_| String::new(), |m| m.name)))
        .collect();
    output.print(&rows, |rows| rows.iter().map(|(id, name)| format!("{id:<16} {name}\n")).collect())?;
    Ok(ExitCode::SUCCESS)
}
