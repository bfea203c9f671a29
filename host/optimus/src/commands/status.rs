//! `optimus status`: how a job is.

use std::process::ExitCode;

use super::client::{Client, JobState};
use super::exit_code;
use crate::cli::Status;
use crate::output::{self, Output};

pub(super) fn status(args: &Status, output: Output) -> anyhow::Result<ExitCode> {
    let job: JobState = Client::new(&args.server).get(&format!("/v1/jobs/{}", args.id))?;
    let code = job.report.as_ref().map_or(ExitCode::SUCCESS, |report| exit_code(report.verdict));
    output.print(&job, |job| job.report.as_ref().map_or_else(|| format!("{}\n", job.state), output::report))?;
    Ok(code)
}
