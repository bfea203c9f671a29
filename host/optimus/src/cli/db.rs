//! `optimus db`.

use clap::Subcommand;

use super::QueueArgs;

/// `optimus db`.
#[derive(Debug, Clone, Subcommand)]
pub enum Db {
    /// Create the tables of the queue in PostgreSQL, or bring them to this version; servers do so too when they start
    Migrate {
        /// The queue
        #[command(flatten)]
        queue: QueueArgs,
    },
}
