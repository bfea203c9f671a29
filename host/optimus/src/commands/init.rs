//! `optimus init`: a first program with a test. It never overwrites.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use crate::cli::Init;
use crate::engine;
use crate::output::{Advised, Output};

pub(super) fn init(args: &Init, output: Output) -> anyhow::Result<ExitCode> {
    let language = engine::language(&args.engine, &args.language)?;
    let sample = language.samples.first().ok_or_else(|| {
        let message = format!("the plugin of `{}` brings no program to begin with", language.id);
        Advised::new("no_sample", message, Some("write the first line yourself".to_owned()))
    })?;
    // The head of a sample is for judging it in the plugin's own tests.
    let source: String = sample.source.split_inclusive('\n').filter(|line| !line.contains("optimus: ")).collect();
    let files = [(sample.path.as_str(), source.as_str()), ("tests/1.in", ""), ("tests/1.out", &sample.expect)];
    for (path, text) in files {
        plant(&args.dir.join(path), text)?;
    }
    let paths: Vec<_> = files.iter().map(|(path, _)| args.dir.join(path)).collect();
    output.print(&json!({ "files": paths }), |_| {
        let listed: String = paths.iter().map(|path| format!("{}\n", path.display())).collect();
        let (main, tests) = (args.dir.join(&sample.path), args.dir.join("tests"));
        listed + &format!("next: optimus run {} --tests {}\n", main.display(), tests.display())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn plant(path: &Path, text: &str) -> anyhow::Result<()> {
    let cannot = || format!("cannot write `{}`", path.display());
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).with_context(cannot)?;
    match std::fs::File::create_new(path) {
        Ok(mut file) => std::io::Write::write_all(&mut file, text.as_bytes()).with_context(cannot),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            let hint = "it never overwrites: name another folder, as in `optimus init sum`".to_owned();
            Err(Advised::new("exists", format!("`{}` exists already", path.display()), Some(hint)).into())
        }
        Err(error) => Err(error).with_context(cannot),
    }
}
