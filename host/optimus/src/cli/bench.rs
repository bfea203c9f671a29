//! `optimus bench`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::{EngineArgs, HttpArgs, PostgresArgs, QueueArgs, Serve, SessionArgs};

/// `optimus bench`.
#[derive(Debug, Clone, Args)]
pub struct Bench {
    /// About how long each figure is measured, in seconds
    #[arg(long, default_value_t = 3.0, value_name = "S")]
    pub seconds: f64,
    /// The queue that is measured: `embedded`, or where Redis (`redis`: on this machine) or PostgreSQL is
    #[arg(long, env = "OPTIMUS_QUEUE", default_value = "embedded", value_name = "URL")]
    pub queue: String,
    /// Measure the queue alone, which then has to be in Redis or PostgreSQL
    #[arg(long)]
    pub queue_only: bool,
    /// Measure alone what one client's jobs take among 5,000 silent connections, 100 half-sent heads and 64 slow uploads
    #[arg(long, conflicts_with = "queue_only")]
    pub crowd_only: bool,
    /// Write the figures as a picture, too: an SVG file
    #[arg(long, value_name = "FILE")]
    pub plot: Option<PathBuf>,
    /// Plugins, state and boxes
    #[command(flatten)]
    pub engine: EngineArgs,
}

impl Bench {
    /// The server to measure: on any free port, with a temporary state.
    pub fn serve(&self, state: &std::path::Path) -> Serve {
        let engine = EngineArgs { state: Some(state.to_owned()), ..self.engine.clone() };
        let http = HttpArgs::local(SocketAddr::from(([127, 0, 0, 1], 0)));
        Serve { http, queue: self.queue_args(), sessions: SessionArgs::none(), grace_s: 5, engine }
    }

    /// The queue of the measurement, under a prefix or in a schema of its own.
    pub fn queue_args(&self) -> QueueArgs {
        let queue = if self.queue == "redis" { "redis://127.0.0.1:6379" } else { self.queue.as_str() }.to_owned();
        let redis_prefix = format!("optimus-bench-{}", std::process::id());
        let postgres_schema = format!("optimus_bench_{}", std::process::id());
        let postgres = PostgresArgs { postgres_schema, ..PostgresArgs::default() };
        QueueArgs { queue, redis_prefix, postgres, queue_cap: 2_000_000, ..QueueArgs::embedded() }
    }
}
