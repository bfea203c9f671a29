//! `optimus events`.

use clap::Args;
use optimus_core::Timestamp;

use super::ServerArgs;
use super::audit::time;

/// `optimus events`.
#[derive(Debug, Clone, Args)]
pub struct Events {
    /// Only these types, such as `job.done`, or all of a kind: `job`, `schedule`, `run`
    #[arg(long, value_name = "TYPE", value_delimiter = ',')]
    pub types: Vec<String>,
    /// Begin with the events from this time on, as in RFC 3339; else with what happens from now on
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub since: Option<Timestamp>,
    /// Begin after the event with this id
    #[arg(long, value_name = "ID", conflicts_with = "since")]
    pub after: Option<String>,
    /// End after this many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
}
