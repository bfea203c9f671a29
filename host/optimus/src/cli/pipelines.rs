//! `optimus pipelines`: jobs that need each other, and their runs.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::ServerArgs;

/// `optimus pipelines`.
#[derive(Debug, Clone, Args)]
pub struct Pipelines {
    /// The action
    #[command(subcommand)]
    pub action: PipelinesAction,
}

/// Actions on pipelines and runs.
#[derive(Debug, Clone, Subcommand)]
pub enum PipelinesAction {
    /// List pipelines, newest first
    List {
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show a pipeline with its steps, or a run with the states of its steps
    Show(OneFlow),
    /// Create the pipeline of a file, or replace the one that has its name
    Apply {
        /// JSON as `POST /v1/pipelines` takes it
        file: PathBuf,
        /// Replace this pipeline, whatever its name
        #[arg(long, value_name = "ID", value_parser = flow_id)]
        id: Option<String>,
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Render what a run would start, as far as that is known, and run nothing
    DryRun {
        /// What it would begin with
        #[command(flatten)]
        inputs: RunInputs,
        /// The pipeline
        #[command(flatten)]
        pipeline: OneFlow,
    },
    /// Begin a run
    Run {
        /// What it begins with
        #[command(flatten)]
        inputs: RunInputs,
        /// Wait for its end; then the exit code is 0 only if it has succeeded
        #[arg(long)]
        wait: bool,
        /// The pipeline
        #[command(flatten)]
        pipeline: OneFlow,
    },
    /// List runs, newest first
    Runs {
        /// Only of this pipeline
        #[arg(long, value_name = "ID", value_parser = flow_id)]
        pipeline: Option<String>,
        /// Only in this state
        #[arg(long, value_name = "STATE", value_parser = ["running", "succeeded", "failed", "cancelled"])]
        state: Option<String>,
        /// The newest ones, so many at most
        #[arg(short, long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=500))]
        number: u16,
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Cancel a run, its jobs, and the runs below it
    Cancel(OneFlow),
    /// Run again from a step on: that step, all that need it, and what did not succeed
    Replay {
        /// The step
        #[arg(long, value_name = "STEP")]
        from: String,
        /// Wait for its end; then the exit code is 0 only if it has succeeded
        #[arg(long)]
        wait: bool,
        /// The run, which has to be over
        #[command(flatten)]
        run: OneFlow,
    },
    /// Delete a pipeline; its runs go on
    Delete(OneFlow),
}

/// A pipeline or a run of a server.
#[derive(Debug, Clone, Args)]
pub struct OneFlow {
    /// The id of a pipeline or a run
    #[arg(value_parser = flow_id)]
    pub id: String,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
}

/// What a run begins with.
#[derive(Debug, Clone, Args)]
pub struct RunInputs {
    /// An input, as JSON where it is some, and as text otherwise: `count=3`, `name=Ada`; may be repeated
    #[arg(long = "input", value_name = "NAME=VALUE", value_parser = input)]
    pub inputs: Vec<(String, serde_json::Value)>,
    /// An input that is what a file holds; may be repeated
    #[arg(long = "input-file", value_name = "NAME=FILE", value_parser = input_file)]
    pub files: Vec<(String, PathBuf)>,
}

fn flow_id(text: &str) -> Result<String, String> {
    match text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => {
            Err("an id has 32 hexadecimal digits; `optimus pipelines list` and `optimus pipelines runs` show them"
                .to_owned())
        }
    }
}

fn input(text: &str) -> Result<(String, serde_json::Value), String> {
    let (name, value) = named(text)?;
    Ok((name, serde_json::from_str(value).unwrap_or_else(|_| value.into())))
}

fn input_file(text: &str) -> Result<(String, PathBuf), String> {
    named(text).map(|(name, file)| (name, file.into()))
}

fn named(text: &str) -> Result<(String, &str), String> {
    let (name, value) = text.split_once('=').ok_or("write NAME=VALUE")?;
    Ok((name.to_owned(), value))
}
