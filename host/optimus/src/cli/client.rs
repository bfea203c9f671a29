//! The verbs that ask a server.

use clap::{Args, Subcommand};

use super::{ProgramArgs, QueueArgs};

/// Which server.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// The server
    #[arg(long, env = "OPTIMUS_SERVER", default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub server: String,
    /// The API key; better given by the variable
    #[arg(long, env = "OPTIMUS_KEY", hide_env_values = true, value_name = "KEY")]
    pub key: Option<String>,
}

/// `optimus dead`.
#[derive(Debug, Clone, Args)]
pub struct Dead {
    /// The action
    #[command(subcommand)]
    pub action: DeadAction,
}

/// Actions on dead-lettered jobs.
#[derive(Debug, Clone, Subcommand)]
pub enum DeadAction {
    /// List them, newest first, with the reason
    List {
        /// Only of this language
        #[arg(long, value_name = "ID")]
        language: Option<String>,
        /// The place of the jobs
        #[command(flatten)]
        place: DeadPlace,
    },
    /// Let them wait again, as if they had never begun
    Requeue {
        /// The jobs
        #[arg(required = true)]
        ids: Vec<String>,
        /// The place of the jobs
        #[command(flatten)]
        place: DeadPlace,
    },
    /// Take them from the list; their reports stay
    Drop {
        /// The jobs
        #[arg(required = true)]
        ids: Vec<String>,
        /// The place of the jobs
        #[command(flatten)]
        place: DeadPlace,
    },
}

/// The place of dead-lettered jobs: the queue, as for keys. Through a server they need a key; with access to Redis they
/// need no server.
#[derive(Debug, Clone, Args)]
pub struct DeadPlace {
    /// Which server, where the queue is `embedded`
    #[command(flatten)]
    pub server: ServerArgs,
    /// The servers' queue
    #[command(flatten)]
    pub queue: QueueArgs,
}

/// `optimus submit`.
#[derive(Debug, Clone, Args)]
pub struct Submit {
    /// The program and its tests
    #[command(flatten)]
    pub program: ProgramArgs,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
    /// Print the job's id and leave
    #[arg(long)]
    pub no_wait: bool,
}

/// `optimus status`.
#[derive(Debug, Clone, Args)]
pub struct Status {
    /// The job
    pub id: String,
    /// Which server
    #[command(flatten)]
    pub server: ServerArgs,
}
