//! Saves the files that a program left: `--collect PATTERN --into DIR`.

use std::path::Path;

use anyhow::Context as _;
use optimus_core::collect::CollectedFile;
use optimus_core::{BoxPath, Report, TestReport};

use crate::cli::ProgramArgs;
use crate::output::{Advised, Output};

/// Writes the files of a report below `--into`: those of several tests each into a directory by the test's name.
pub(super) fn save(args: &ProgramArgs, report: &Report, output: Output) -> anyhow::Result<()> {
    let Some(directory) = &args.into else { return Ok(()) };
    for test in &report.tests {
        let directory =
            if report.tests.len() == 1 { directory.clone() } else { directory.join(part(&test.name)?.as_str()) };
        save_test(test, &directory, output)?;
    }
    Ok(())
}

fn save_test(test: &TestReport, directory: &Path, output: Output) -> anyhow::Result<()> {
    for file in test.files.iter() {
        write(file, directory, output)?;
    }
    if let Some(message) = &test.files_message {
        output.tell(Some(&format!("not saved: {}", message.escape_debug())));
    }
    Ok(())
}

fn write(file: &CollectedFile, directory: &Path, output: Output) -> anyhow::Result<()> {
    let Some(content) = &file.content else { return Ok(()) };
    let path = directory.join(relative(&file.path)?.as_str());
    let failed = || format!("cannot write `{}`", path.display());
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(failed)?;
    }
    std::fs::write(&path, content.as_bytes()).with_context(failed)?;
    output.tell(Some(&format!("saved {} ({} bytes)", path.display(), file.bytes)));
    Ok(())
}

/// The report comes from a server: nothing in it may lead out of the directory.
fn relative(path: &str) -> anyhow::Result<BoxPath> {
    BoxPath::new(path).map_err(|why| {
        let message = format!("the report has a file `{}`, whose path {why}", path.escape_debug());
        Advised::new("bad_report", message, None).into()
    })
}

fn part(name: &str) -> anyhow::Result<BoxPath> {
    match relative(name) {
        Ok(part) if !name.contains('/') => Ok(part),
        _ => {
            let message = format!("the name of test `{}` cannot be a directory's name", name.escape_debug());
            let hint = "name tests without `/`, or run one test only".to_owned();
            Err(Advised::new("bad_name", message, Some(hint)).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leads_out_of_the_directory() {
        for bad in ["../x", "/etc/x", "a/../../x", "", "a\\b"] {
            assert!(relative(bad).is_err() && part(bad).is_err(), "{bad}");
        }
        assert!(relative("a/b").is_ok() && part("a/b").is_err() && part("1").is_ok());
    }
}
