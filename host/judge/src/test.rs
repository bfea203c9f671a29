//! Runs one test and judges it.

use optimus_core::{BoxPath, Fault, Outcome, TestReport, Verdict};
use optimus_sandbox::OpenBox;

use super::build_spec::BuildSpec;
use super::checker::Checked;
use super::collect::CollectedFiles;
use super::failure::Cause;
use super::run_report::report;
use super::sink::cut;
use super::test_context::{TestContext, split_failure, test_name};
use super::verdict::Ruling;
use super::{interactive, multi_process, source_check};

/// Runs a test. A run that was too slow is repeated as often as the job allows, and the best run counts.
///
/// # Errors
/// An internal failure.
pub(super) async fn run(context: &TestContext<'_>, index: usize, open: &mut dyn OpenBox) -> Result<TestReport, Fault> {
    let is_slow =
        |report: &TestReport| matches!(report.verdict, Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded);
    let mut report = run_passes(context, index, open).await?;
    for _ in 0..context.planned.spec.job.rerun_on_time_limit {
        if !is_slow(&report) {
            break;
        }
        let again = run_passes(context, index, open).await?;
        if !is_slow(&again) || again.cpu_ms < report.cpu_ms {
            report = again;
        }
    }
    report.message.iter_mut().for_each(cut);
    Ok(report)
}

/// Runs a test: once, or as many passes as its checker asks for.
async fn run_passes(context: &TestContext<'_>, index: usize, open: &mut dyn OpenBox) -> Result<TestReport, Fault> {
    let name = test_name(context.planned.spec.job, index);
    let test = &context.planned.spec.job.tests[index];
    if test.submitted.is_some() {
        return submitted(context, index).await;
    }
    if test.check_sources {
        return source_check::run(context, index).await;
    }
    let mut inputs = context.inputs(index);
    // Limits are for each pass; so are the numbers in the report, which are the worst.
    let mut worst: Option<Outcome> = None;
    loop {
        inputs.pass += 1;
        let run_result = match (context.planned.interactor, context.planned.spec.job.communication.as_deref()) {
            (Some(manager), Some(rules)) => multi_process::run(context, index, rules, manager, &inputs, open).await,
            (Some(interactor), None) => interactive::run(context, index, interactor, &inputs, open).await,
            (None, _) => context.run_standalone(index, &inputs, open).await,
        };
        let mut run_result = match run_result {
            Ok(run_result) => run_result,
            Err(Cause::Program(why)) => {
                return Ok(TestReport { message: Some(why), ..TestReport::unrun(name, Verdict::RuntimeError) });
            }
            Err(Cause::Internal(fault)) => return Err(fault),
        };
        if let (Some(before), Some(now)) = (worst.take(), &mut run_result.outcome) {
            now.cpu_us = now.cpu_us.max(before.cpu_us);
            now.wall_us = now.wall_us.max(before.wall_us);
            now.memory_peak_bytes = now.memory_peak_bytes.max(before.memory_peak_bytes);
        }
        match run_result.judged {
            Ok(Checked { next: Some(next), .. }) => {
                (inputs.input, inputs.left) = (next.input, next.left);
                worst = run_result.outcome;
            }
            judged => {
                let judged = judged.map(|checked| checked.ruling);
                let transcript = run_result.transcript.filter(|_| !context.planned.spec.job.hide_feedback);
                let CollectedFiles { files, message: files_message } = run_result.collected;
                return Ok(TestReport {
                    transcript,
                    files: files.into(),
                    files_message: files_message.map(Into::into),
                    ..report(name, run_result.outcome.as_ref(), judged, run_result.printed)
                });
            }
        }
    }
}

/// Judges a submitted file as if a program had printed it.
pub(super) async fn submitted(context: &TestContext<'_>, index: usize) -> Result<TestReport, Fault> {
    let BuildSpec { job, .. } = context.planned.spec;
    let (name, wanted) = (test_name(job, index), job.tests[index].submitted.as_ref());
    let Some(file) = job.files.iter().find(|file| Some(&file.path) == wanted) else {
        let path = wanted.map_or("", BoxPath::as_str);
        let message = Some(format!("`{path}` was not submitted"));
        return Ok(TestReport { message, ..TestReport::unrun(name, Verdict::WrongAnswer) });
    };
    let mut reader = context.reader(&job.tests[index]);
    reader.read(file.content.as_bytes());
    let judged = match split_failure(context.ruling(reader, &context.inputs(index)).await) {
        Ok(judged) => judged.map(|checked| context.shown(checked).ruling),
        Err(Cause::Internal(fault)) => return Err(fault),
        Err(Cause::Program(why)) => Ok(Ruling::new(Verdict::WrongAnswer, why)),
    };
    Ok(report(name, None, judged, Default::default()))
}
