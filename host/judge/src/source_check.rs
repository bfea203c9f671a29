//! A test that judges the submission's files: nothing of it runs, and the problem's source checker starts among them.

use std::collections::HashSet;

use bytes::Bytes;
use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Fault, TestReport, Verdict};

use super::checker::{CapturedOutput, Checked, CheckerInputs, CheckerProgram, Failure, files, unpack};
use super::compile::PreparedBox;
use super::failure::{Cause, fault};
use super::run_report::report;
use super::test_context::{TestContext, split_failure, test_name};
use super::verdict::Ruling;

/// Where the checker's own files lie in its box.
const JUDGE: &str = "judge";
/// Names of a checker's artefact are read from its archive, without the content.
const NAMES_ONLY: u64 = 0;

/// Judges the submission's files.
///
/// # Errors
/// An internal failure.
pub(super) async fn run(context: &TestContext<'_>, index: usize) -> Result<TestReport, Fault> {
    let job = context.planned.spec.job;
    let judged = match context.planned.source_checker {
        Some(checker) => checker.check_sources(context, &context.inputs(index)).await,
        // Jobs are refused without it; one that was stored by another version may lack it.
        None => Err(Failure::Checker(Fault::new("checker_failed", "the job has no `source_checker`"))),
    };
    let judged = match split_failure(judged) {
        Ok(judged) => judged.map(|checked| context.shown(checked).ruling),
        Err(Cause::Internal(fault)) => return Err(fault),
        Err(Cause::Program(why)) => Ok(Ruling::new(Verdict::WrongAnswer, why)),
    };
    Ok(report(test_name(job, index), None, judged, Default::default()))
}

impl CheckerProgram {
    /// Lets the checker judge the files of a submission.
    async fn check_sources(&self, context: &TestContext<'_>, inputs: &CheckerInputs) -> Result<Checked, Failure> {
        let job = context.planned.spec.job;
        let entry = job.entry.as_ref().or(job.files.first().map(|file| &file.path)).map_or("", BoxPath::as_str);
        let mut call = self.checker.source_invocation(context.planned.language_code, entry);
        call.args.extend(inputs.args.iter().cloned());
        let mut prepared = self.prepare(context.executor, &call).await?;
        let taken = self.names(&prepared)?;
        let own = |file: &&optimus_core::SourceFile| taken.iter().any(|name| overlap(name, file.path.as_str()));
        if let Some(file) = job.files.iter().find(own) {
            let why =
                format!("the file `{}` has a name that the check of the sources needs: rename it", file.path.as_str());
            return Ok(Ruling::new(Verdict::WrongAnswer, why).into());
        }
        let place = |file: &optimus_core::SourceFile| PlacedFile {
            path: file.path.clone(),
            executable: false,
            content: file.content.clone(),
        };
        let staged: Vec<PlacedFile> =
            files(&call, &CheckerInputs::default()).into_iter().chain(job.files.iter().map(place)).collect();
        prepared.open.stage(&staged).await.map_err(|error| Failure::Internal(fault(&error)))?;
        let mut captured = CapturedOutput::default();
        let open = prepared.open.as_mut();
        let outcome = self.start(&call, Bytes::new().into(), &[], self.limits, open, &mut captured).await?;
        let said = self.collect_output(&call, prepared.open, &outcome, captured).await?;
        self.read(said, inputs)
    }

    /// The paths in the checker's box that a submission must not replace.
    fn names(&self, prepared: &PreparedBox) -> Result<HashSet<String>, Failure> {
        let spec = self.spec();
        let mut names: HashSet<String> =
            spec.plan.run.files.iter().map(|file| file.path.as_str().to_owned()).chain([JUDGE.to_owned()]).collect();
        match prepared.artefact.as_ref().and_then(|artefact| artefact.collected.as_ref()) {
            Some(collected) => {
                let entries = unpack(collected, NAMES_ONLY).map_err(|error| {
                    Failure::Internal(Fault::new(
                        "sandbox_failed",
                        format!("a compiled checker cannot be read: {error}"),
                    ))
                })?;
                names.extend(entries.into_iter().map(|(path, _)| path));
            }
            None => names.extend(spec.job.files.iter().map(|file| file.path.as_str().to_owned())),
        }
        Ok(names)
    }
}

/// Whether two files cannot lie in one directory: they are the same, or one is where the other needs a directory.
fn overlap(one: &str, other: &str) -> bool {
    let inside = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'));
    one == other || inside(one, other) || inside(other, one)
}

#[cfg(test)]
mod tests {
    use super::overlap;

    #[test]
    fn a_file_overlaps_itself_and_what_needs_it_as_a_directory() {
        assert!(overlap("judge", "judge/x") && overlap("a/b", "a") && overlap("a", "a"));
        assert!(!overlap("judge", "judges") && !overlap("a/b", "a/c"));
    }
}
