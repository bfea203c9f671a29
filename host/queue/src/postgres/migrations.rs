//! The versions of the tables, and the way from each to the next.

use deadpool_postgres::Object;

use super::fault::Trouble;

/// Each file is carried out once, in order, and never changed after a release.
const MIGRATIONS: [&str; 8] = [
    include_str!("sql/0001-tables.sql"),
    include_str!("sql/0002-waiting.sql"),
    include_str!("sql/0003-push.sql"),
    include_str!("sql/0004-take.sql"),
    include_str!("sql/0005-finish.sql"),
    include_str!("sql/0006-events.sql"),
    include_str!("sql/0007-views.sql"),
    include_str!("sql/0008-feeds.sql"),
];

/// The oldest server whose features suffice.
const OLDEST_SERVER: i32 = 130_000;

/// Versions of the tables: the one that was found (0: none), and the one that they have now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Migrated {
    /// Before.
    pub from: i32,
    /// Now.
    pub to: i32,
}

/// Brings the tables of a schema to this version, in one transaction. Of several processes one does so, and the others find
/// it done.
pub(super) async fn migrate(client: &mut Object, schema: &str) -> Result<Migrated, Trouble> {
    let newest = newest();
    check_server(client).await?;
    // Without a lock first, so that a user who may create nothing can use tables that are there.
    if let Some(version) = version(client, schema).await?
        && known(version, newest, schema)? == newest
    {
        return Ok(Migrated { from: newest, to: newest });
    }
    let transaction = client.transaction().await?;
    // It may take longer than any other statement.
    transaction.batch_execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0").await?;
    let lock = "SELECT pg_advisory_xact_lock(hashtext($1), 0)";
    transaction.execute(lock, &[&schema]).await?;
    let found = match version(&transaction, schema).await? {
        Some(version) => known(version, newest, schema)?,
        None => {
            let is_there = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
            if transaction.query_opt(is_there, &[&schema]).await?.is_none() {
                transaction.batch_execute(&format!("CREATE SCHEMA {schema}")).await?;
            }
            let table = "CREATE TABLE migration (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())";
            transaction.batch_execute(table).await?;
            0
        }
    };
    for version in found + 1..=newest {
        transaction.batch_execute(MIGRATIONS[usize::try_from(version - 1).unwrap_or_default()]).await?;
        transaction.execute("INSERT INTO migration (version) VALUES ($1)", &[&version]).await?;
    }
    transaction.commit().await?;
    if found < newest {
        tracing::info!(schema, from = found, to = newest, "the tables are migrated");
    }
    Ok(Migrated { from: found, to: newest })
}

/// The version that tables have after all migrations.
pub(super) fn newest() -> i32 {
    i32::try_from(MIGRATIONS.len()).unwrap_or(i32::MAX)
}

async fn check_server(client: &Object) -> Result<(), Trouble> {
    let settings = "SELECT current_setting('server_version_num')::integer, current_setting('server_encoding')";
    let row = client.query_one(settings, &[]).await?;
    let (version, encoding): (i32, String) = (row.try_get(0)?, row.try_get(1)?);
    if version < OLDEST_SERVER {
        let why = format!("the server is PostgreSQL {}", version / 10_000);
        return Err(Trouble::Unfit(why, "use PostgreSQL 13 or newer"));
    }
    if encoding != "UTF8" {
        let why = format!("the database has the encoding {encoding}");
        return Err(Trouble::Unfit(why, "create it with `ENCODING 'UTF8' TEMPLATE template0`"));
    }
    Ok(())
}

/// The version of the tables; `None`: there are none.
pub(super) async fn version(
    client: &impl deadpool_postgres::GenericClient,
    schema: &str,
) -> Result<Option<i32>, Trouble> {
    let is_there = "SELECT to_regclass($1) IS NOT NULL";
    let table = format!("{schema}.migration");
    if !client.query_one(is_there, &[&table]).await?.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let newest = format!("SELECT coalesce(max(version), 0) FROM {table}");
    Ok(Some(client.query_one(&newest, &[]).await?.try_get(0)?))
}

fn known(version: i32, newest: i32, schema: &str) -> Result<i32, Trouble> {
    if version <= newest {
        return Ok(version);
    }
    let why = format!("the tables in schema `{schema}` have version {version}, and this Optimus knows {newest}");
    Err(Trouble::Unfit(why, "use the newer Optimus that made them, or another --postgres-schema"))
}
