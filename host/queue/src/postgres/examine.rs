//! A look at the database for `optimus doctor`: it changes nothing, not even the tables.

use super::database::Database;
use super::fault::Trouble;
use super::{PostgresConfig, PostgresQueue, migrations};
use crate::QueueError;

/// What a database says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostgresState {
    /// Its address, without a password.
    pub address: String,
    /// Version of the server.
    pub server: String,
    /// Version of the tables; 0: there are none.
    pub tables: i32,
    /// The version that this program brings them to.
    pub newest: i32,
    /// A commit is on disk when it is answered.
    pub is_durable: bool,
    /// Connections that the server takes.
    pub max_connections: i32,
}

const SETTINGS: &str = "SELECT current_setting('server_version'), current_setting('max_connections')::integer, \
                        current_setting('fsync')::boolean AND current_setting('synchronous_commit') <> 'off'";

impl PostgresQueue {
    /// Asks a database for its settings and the version of its tables.
    ///
    /// # Errors
    /// It cannot be reached, or refuses.
    pub async fn examine(url: &str, config: &PostgresConfig) -> Result<PostgresState, QueueError> {
        let database = Database::new(url, config)?;
        let looked = async {
            let client = database.connection().await?;
            let row = client.query_one(SETTINGS, &[]).await?;
            Ok::<_, Trouble>(PostgresState {
                address: database.address().to_string(),
                server: row.try_get(0)?,
                tables: migrations::version(&client, &config.schema).await?.unwrap_or(0),
                newest: migrations::newest(),
                is_durable: row.try_get(2)?,
                max_connections: row.try_get(1)?,
            })
        };
        database.within("connect", looked).await
    }
}
