//! Sessions of cells: flags of `optimus serve`.

use std::time::Duration;

use clap::Args;
use optimus_server::interpreters::Rules;

/// Bounds of sessions. Each holds a box, and the memory that its limit says.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Sessions")]
pub struct SessionArgs {
    /// Sessions of cells at once (POST /v1/sessions); together they reserve at most half of the machine's memory. 0: none
    #[arg(long, env = "OPTIMUS_SESSIONS", default_value_t = 8, value_name = "N", value_parser = clap::value_parser!(u16).range(0..=1_024))]
    pub sessions: u16,
    /// Sessions of one tenant at once
    #[arg(long, env = "OPTIMUS_TENANT_SESSIONS", default_value_t = 4, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1_024))]
    pub tenant_sessions: u16,
    /// The longest time without a cell, in seconds
    #[arg(long, env = "OPTIMUS_SESSION_IDLE_S", default_value_t = 600, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub session_idle_s: u64,
    /// The longest life of a session, in seconds
    #[arg(long, env = "OPTIMUS_SESSION_LIFE_S", default_value_t = 3_600, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub session_life_s: u64,
    /// CPU time of all cells of a session together, in seconds
    #[arg(long, env = "OPTIMUS_SESSION_CPU_S", default_value_t = 600, value_name = "S", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub session_cpu_s: u64,
}

impl SessionArgs {
    /// For a server that has no sessions.
    pub fn none() -> Self {
        let (session_idle_s, session_life_s, session_cpu_s) = (600, 3_600, 600);
        Self { sessions: 0, tenant_sessions: 1, session_idle_s, session_life_s, session_cpu_s }
    }

    /// The same, on a machine with so much memory.
    pub fn rules(&self, machine_bytes: Option<u64>) -> Rules {
        Rules {
            most: self.sessions.into(),
            tenant_most: self.tenant_sessions.into(),
            memory_bytes: machine_bytes.map(|bytes| bytes / 2),
            idle: Duration::from_secs(self.session_idle_s),
            life: Duration::from_secs(self.session_life_s),
            cpu: Duration::from_secs(self.session_cpu_s),
        }
    }
}
