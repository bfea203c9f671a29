//! The queue that servers would use.

use optimus_queue::{PostgresQueue, PostgresState, QueueError, RedisQueue};
use optimus_server::api::Finding;

use crate::cli::QueueArgs;
use crate::engine;

const WHAT: &str = "queue";

/// A finding, unless the queue is a file of one server.
pub(super) async fn look(args: &QueueArgs) -> Option<Finding> {
    if args.is_embedded() {
        return None;
    }
    let looked = if args.is_postgres() {
        PostgresQueue::examine(&args.queue, &args.postgres()).await.map(|state| judge(&state))
    } else {
        redis(args).await
    };
    let problem = |error: QueueError| Finding::problem(WHAT, engine::chain(&error), error.hint());
    Some(looked.unwrap_or_else(problem))
}

async fn redis(args: &QueueArgs) -> Result<Finding, QueueError> {
    let queue = RedisQueue::connect(&args.queue, args.redis()).await?;
    optimus_queue::JobAdmin::stats(&queue).await?;
    Ok(Finding::ok(WHAT, format!("{} answers", queue.address())))
}

fn judge(state: &PostgresState) -> Finding {
    let PostgresState { address, server, tables, newest, max_connections, .. } = state;
    let found =
        format!("{address}: PostgreSQL {server}, up to {max_connections} connections, tables of version {tables}");
    let advice = |hint: &str| Some(hint.to_owned());
    if tables > newest {
        let found = format!("{found}, and this program knows {newest}");
        return Finding::problem(
            WHAT,
            found,
            advice("use the newer Optimus that made them, or another --postgres-schema"),
        );
    }
    if !state.is_durable {
        let found = format!("{found}; a commit is answered before it is on disk");
        return Finding::problem(
            WHAT,
            found,
            advice("set `fsync` and `synchronous_commit` to `on`, or accepted jobs may be lost"),
        );
    }
    let hint =
        (tables < newest).then(|| format!("`optimus db migrate` or the first server brings them to version {newest}"));
    Finding { hint, ..Finding::ok(WHAT, found) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state() -> PostgresState {
        PostgresState {
            address: "postgres://db:5432/judge".to_owned(),
            server: "15.3".to_owned(),
            tables: 7,
            newest: 7,
            is_durable: true,
            max_connections: 100,
        }
    }

    #[test]
    fn what_would_lose_jobs_is_a_problem() {
        assert!(judge(&state()).ok && judge(&state()).hint.is_none());
        let old = judge(&PostgresState { tables: 0, ..state() });
        assert!(old.ok && old.hint.unwrap().contains("optimus db migrate"));
        for state in [PostgresState { is_durable: false, ..state() }, PostgresState { tables: 8, ..state() }] {
            let finding = judge(&state);
            assert!(!finding.ok && finding.hint.is_some(), "{finding:?}");
        }
    }
}
