//! `optimus db`: the tables of a queue in PostgreSQL.

use std::process::ExitCode;

use optimus_queue::{Migrated, PostgresQueue, QueueError};
use serde_json::json;

use super::runtime;
use crate::cli::{Db, QueueArgs};
use crate::engine;
use crate::output::{Advised, Output};

pub(super) fn db(verb: &Db, output: Output) -> anyhow::Result<ExitCode> {
    let Db::Migrate { queue } = verb;
    let Migrated { from, to } = migrate(queue)?;
    output.print(&json!({ "from": from, "to": to }), |_| match from {
        _ if from == to => format!("the tables have version {to} already\n"),
        0 => format!("the tables are created, in version {to}\n"),
        _ => format!("the tables are migrated from version {from} to {to}\n"),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn migrate(queue: &QueueArgs) -> anyhow::Result<Migrated> {
    if !queue.is_postgres() {
        let hint = "give `--queue postgres://USER@HOST:5432/DATABASE`; other queues have no tables".to_owned();
        return Err(Advised::new("queue", "the queue is not in PostgreSQL", Some(hint)).into());
    }
    let advise = |e: QueueError| Advised::new("queue", engine::chain(&e), e.hint());
    Ok(runtime()?.block_on(PostgresQueue::migrate(&queue.queue, &queue.postgres())).map_err(advise)?)
}
