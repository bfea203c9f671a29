//! How to get in at PostgreSQL.

use clap::Args;
use optimus_queue::PostgresConfig;

/// PostgreSQL, where the queue is there.
#[derive(Debug, Clone, Args)]
pub struct PostgresArgs {
    /// The user at PostgreSQL, in place of the URL's
    #[arg(long, env = "OPTIMUS_POSTGRES_USERNAME", value_name = "NAME")]
    pub postgres_username: Option<String>,
    /// The password at PostgreSQL, in place of the URL's; better given by the variable
    #[arg(long, env = "OPTIMUS_POSTGRES_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
    pub postgres_password: Option<String>,
    /// The schema of the tables at PostgreSQL
    #[arg(long, env = "OPTIMUS_POSTGRES_SCHEMA", default_value = "optimus", value_name = "NAME")]
    pub postgres_schema: String,
    /// Connections to PostgreSQL at most, and one more that listens
    #[arg(long, env = "OPTIMUS_POSTGRES_CONNECTIONS", default_value_t = PostgresConfig::default().connections as u16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub postgres_connections: u16,
}

impl Default for PostgresArgs {
    fn default() -> Self {
        Self {
            postgres_username: None,
            postgres_password: None,
            postgres_schema: "optimus".to_owned(),
            postgres_connections: 8,
        }
    }
}
