//! Reads a program and its tests from files into the request that a client would post.

mod layout;

use std::io::Read as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use optimus_core::job::FileRequest;
use optimus_core::{Content, JobRequest, Test};
use serde_json::{Map, Value};

use crate::cli::ProgramArgs;
use crate::output::Advised;
use layout::Layout;

/// A request, and what to tell the person who asked for it.
#[derive(Debug)]
pub struct Program {
    /// The request, as a client would post it.
    pub request: JobRequest,
    /// Which tests were found, where a directory was named.
    pub told: Option<String>,
}

struct Tests {
    tests: Vec<Test>,
    told: Option<String>,
}

/// The request for a program; `language` stays empty when no flag names it.
///
/// # Errors
/// A file that cannot be read, or an option that is not NAME=VALUE.
pub fn request(args: &ProgramArgs) -> anyhow::Result<Program> {
    let files = sources(&args.files)?;
    let Tests { tests, told } = tests(args)?;
    let request = JobRequest {
        language: args.language.clone().unwrap_or_default(),
        files,
        args: args.args.clone(),
        env: args.env.iter().map(|text| variable(text)).collect::<anyhow::Result<_>>()?,
        options: options(&args.options)?,
        tests,
        limits: args.limits(),
        compare: args.compare.clone(),
        stop_at_first_failure: args.stop_at_first_failure,
        collect: args.collect.clone(),
        ..JobRequest::default()
    };
    Ok(Program { request, told })
}

/// The file to start with, which tells the language when no flag does.
///
/// # Errors
/// A directory in which no file is the one to start with.
pub fn entry(args: &ProgramArgs) -> anyhow::Result<PathBuf> {
    match &args.files[..] {
        [dir] if dir.is_dir() => {
            Ok(folder(dir)?.into_iter().next().map(|file| dir.join(file.path)).unwrap_or_default())
        }
        files => Ok(files.first().cloned().unwrap_or_default()),
    }
}

fn read(path: &Path) -> anyhow::Result<Content> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Ok(bytes.into())
}

/// In the box a file keeps its place relative to the first one; a file from elsewhere goes by its last part.
fn source(path: &Path, base: &Path) -> anyhow::Result<FileRequest> {
    let relative = path.strip_prefix(base).ok().or_else(|| path.file_name().map(Path::new));
    let name = relative.and_then(Path::to_str);
    let name = name.with_context(|| format!("`{}` has no file name that is UTF-8", path.display()))?;
    Ok(FileRequest { path: name.to_owned(), content: read(path)? })
}

fn sources(paths: &[PathBuf]) -> anyhow::Result<Vec<FileRequest>> {
    if let [dir] = paths
        && dir.is_dir()
    {
        return folder(dir);
    }
    let base = paths.first().and_then(|path| path.parent()).unwrap_or(Path::new(""));
    paths.iter().map(|path| source(path, base)).collect()
}

/// All files of a directory, the one to start with first: `main.*`, or the only one.
fn folder(dir: &Path) -> anyhow::Result<Vec<FileRequest>> {
    let mut files = submission(dir)?;
    files.retain(|file| !file.path.split('/').any(|part| part.starts_with('.')));
    let starts = |file: &FileRequest| !file.path.contains('/') && file.path.starts_with("main.");
    match files.iter().position(starts) {
        Some(at) => files.swap(0, at),
        None if files.len() == 1 => {}
        None => {
            let message = format!("`{}` is a directory, and no file in it is called `main.…`", dir.display());
            let first = files.first().map_or("FILE", |file| file.path.as_str());
            let hint =
                format!("name the file to start with, then the others: `optimus run {}/{first} …`", dir.display());
            return Err(Advised::new("no_main", message, Some(hint)).into());
        }
    }
    Ok(files)
}

/// The files of a submission: one, or all of a directory.
///
/// # Errors
/// A file that cannot be read.
pub fn submission(path: &Path) -> anyhow::Result<Vec<FileRequest>> {
    if !path.is_dir() {
        return sources(&[path.to_owned()]);
    }
    let mut paths = Vec::new();
    let mut waiting = vec![path.to_owned()];
    while let Some(dir) = waiting.pop() {
        let entries = std::fs::read_dir(&dir).with_context(|| format!("cannot read `{}`", dir.display()))?;
        for entry in entries {
            let entry = entry.with_context(|| format!("cannot read `{}`", dir.display()))?.path();
            if entry.is_dir() { waiting.push(entry) } else { paths.push(entry) }
        }
    }
    paths.sort();
    paths.iter().map(|file| source(file, path)).collect()
}

/// `NAME=VALUE`; the server checks the name.
fn variable(text: &str) -> anyhow::Result<(String, String)> {
    let (name, value) = text.split_once('=').with_context(|| format!("`--env {text}` is not NAME=VALUE"))?;
    Ok((name.to_owned(), value.to_owned()))
}

fn options(pairs: &[String]) -> anyhow::Result<Map<String, Value>> {
    let pair = |text: &String| {
        let (name, value) = text.split_once('=').with_context(|| format!("option `{text}` is not NAME=VALUE"))?;
        let value = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
        anyhow::Ok((name.to_owned(), value))
    };
    pairs.iter().map(pair).collect()
}

fn tests(args: &ProgramArgs) -> anyhow::Result<Tests> {
    if let Some(dir) = &args.tests {
        return test_dir(dir);
    }
    let stdin = match &args.stdin {
        Some(path) if path.as_os_str() == "-" => own_stdin()?,
        Some(path) => read(path)?,
        None if is_piped() => own_stdin()?,
        None => Content::default(),
    };
    let expect = args.expect.as_deref().map(read).transpose()?;
    Ok(Tests { tests: vec![Test { stdin, expect, ..Test::default() }], told: None })
}

/// Returns true if stdin is a pipe or a file: `echo 3 4 | optimus run sum.py`, or `< file`. A terminal, a socket and
/// /dev/null give no input.
fn is_piped() -> bool {
    std::fs::metadata("/dev/stdin").is_ok_and(|stdin| stdin.file_type().is_fifo() || stdin.is_file())
}

fn own_stdin() -> anyhow::Result<Content> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).context("cannot read stdin")?;
    Ok(bytes.into())
}

fn test_dir(dir: &Path) -> anyhow::Result<Tests> {
    let Layout { tests, told } = layout::find(dir)?;
    let told = format!("{} tests in `{}`: {told}", tests.len(), dir.display());
    let test = |(name, input, answer): (String, PathBuf, PathBuf)| {
        Ok(Test { name: Some(name), stdin: read(&input)?, expect: Some(read(&answer)?), ..Test::default() })
    };
    Ok(Tests { tests: tests.into_iter().map(test).collect::<anyhow::Result<_>>()?, told: Some(told) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_keep_their_places_relative_to_the_first() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("util")).unwrap();
        let paths = ["main.x", "util/part.x"].map(|name| dir.path().join(name));
        paths.iter().for_each(|path| std::fs::write(path, "").unwrap());
        let names: Vec<_> = sources(&paths).unwrap().into_iter().map(|file| file.path).collect();
        assert_eq!(names, ["main.x", "util/part.x"]);
    }

    #[test]
    fn options_are_json_or_text() {
        let options = options(&["a=1".into(), "b=c++17".into()]).unwrap();
        assert_eq!(Value::Object(options), serde_json::json!({"a": 1, "b": "c++17"}));
    }
}
