//! `optimus schedules`: when a server submits jobs by itself.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use optimus_core::Timestamp;

use super::ServerArgs;

/// `optimus schedules`.
#[derive(Debug, Clone, Args)]
pub struct Schedules {
    /// The action
    #[command(subcommand)]
    pub action: SchedulesAction,
}

/// Actions on schedules.
#[derive(Debug, Clone, Subcommand)]
pub enum SchedulesAction {
    /// List them, newest first, with their next firing
    List {
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Show one: its state, its last firings, and the next ones
    Show(OneSchedule),
    /// Create a schedule from a file, from flags, or from both
    Create {
        /// What it does, and when
        #[command(flatten)]
        parts: ScheduleParts,
        /// Create it paused
        #[arg(long)]
        paused: bool,
        /// Which server
        #[command(flatten)]
        server: ServerArgs,
    },
    /// Change a schedule: what is not given stays as it is
    Update {
        /// The schedule
        #[command(flatten)]
        schedule: OneSchedule,
        /// What is different from now on
        #[command(flatten)]
        parts: ScheduleParts,
    },
    /// List times at which its spec fires, whatever has fired and whether it is paused
    Preview {
        /// The schedule
        #[command(flatten)]
        schedule: OneSchedule,
        /// The number of times
        #[arg(short, long, default_value_t = 20, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=100))]
        number: u8,
        /// Times after this one, as in RFC 3339 [default: now]
        #[arg(long, value_name = "TIME", value_parser = time)]
        after: Option<Timestamp>,
    },
    /// Fire once, now, also while it is paused
    Trigger {
        /// The schedule
        #[command(flatten)]
        schedule: OneSchedule,
        /// The overlap policy of this firing [default: the schedule's own]
        #[arg(long, value_name = "POLICY", value_parser = OVERLAPS)]
        overlap: Option<String>,
    },
    /// Fire now for each of its times in a range of the past
    Backfill {
        /// The schedule
        #[command(flatten)]
        schedule: OneSchedule,
        /// Times after this one, as in RFC 3339
        #[arg(long, value_name = "TIME", value_parser = time)]
        after: Timestamp,
        /// And up to this one
        #[arg(long, value_name = "TIME", value_parser = time)]
        until: Timestamp,
        /// The overlap policy of these firings [default: the schedule's own]
        #[arg(long, value_name = "POLICY", value_parser = OVERLAPS)]
        overlap: Option<String>,
    },
    /// Stop firing until `resume`; what is due meanwhile does not fire
    Pause(Noted),
    /// Fire again, also where the server stopped the schedule
    Resume(Noted),
    /// Delete a schedule; its jobs go on
    Delete(OneSchedule),
}

/// One schedule of a server.
#[derive(Debug, Clone, Args)]
pub struct OneSchedule {
    /// The schedule's id
    #[arg(value_parser = schedule_id)]
    pub id: String,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
}

/// A schedule, and why it is paused or resumed.
#[derive(Debug, Clone, Args)]
pub struct Noted {
    /// The schedule
    #[command(flatten)]
    pub schedule: OneSchedule,
    /// Why, for people
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
}

/// A schedule's parts.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Schedule")]
pub struct ScheduleParts {
    /// JSON as `POST /v1/schedules` takes it; flags replace what it says
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The job as JSON, as `POST /v1/jobs` takes it
    #[arg(long, value_name = "FILE")]
    pub job: Option<PathBuf>,
    /// A name for people
    #[arg(long, value_name = "TEXT")]
    pub name: Option<String>,
    /// A cron expression, like `30 2 * * MON-FRI`; may be repeated
    #[arg(long, value_name = "CRON")]
    pub cron: Vec<String>,
    /// A recurrence rule, like `FREQ=MONTHLY;BYMONTHDAY=-1`; may be repeated
    #[arg(long, value_name = "RULE")]
    pub rrule: Vec<String>,
    /// An interval, like `90m`; may be repeated
    #[arg(long, value_name = "DURATION")]
    pub every: Vec<String>,
    /// A time at which it fires once, as in RFC 3339; may be repeated
    #[arg(long, value_name = "TIME")]
    pub at: Vec<String>,
    /// The zone of rules that name none, like Europe/Berlin
    #[arg(long, value_name = "ZONE")]
    pub timezone: Option<String>,
    /// What becomes of a firing while the job of an earlier one waits or runs
    #[arg(long, value_name = "POLICY", value_parser = OVERLAPS)]
    pub overlap: Option<String>,
}

/// The overlap policies, by the names of the API.
const OVERLAPS: [&str; 5] = ["skip", "buffer_one", "buffer_all", "cancel_other", "allow_all"];

fn schedule_id(text: &str) -> Result<String, String> {
    match text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a schedule's id has 32 hexadecimal digits; `optimus schedules list` shows them".to_owned()),
    }
}

fn time(text: &str) -> Result<Timestamp, String> {
    let hint = "write it like 2026-12-24T18:00:00Z, with `Z` or an offset";
    serde_json::from_value(text.into()).map_err(|error| format!("{error}; {hint}"))
}
