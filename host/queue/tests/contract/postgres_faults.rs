//! Faults that only PostgreSQL has: of the server, of connections, of versions of the tables, and of users.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use optimus_core::{Content, Event, JobId};
use optimus_queue::{Backend, PostgresConfig, PostgresQueue, QueueError, Rules, Status};

use crate::postgres::{Server, is_skipped};
use crate::support::*;

fn config(schema: &str) -> PostgresConfig {
    PostgresConfig { rules: rules(), schema: schema.to_owned(), connections: 4, ..PostgresConfig::default() }
}

async fn open(url: &str, schema: &str) -> Result<Bench, QueueError> {
    let queue = PostgresQueue::connect(url, config(schema)).await?;
    Ok(Bench { queue: Arc::new(queue), keep: Box::new(()) })
}

/// A schema of the test's own, on the server that all share.
fn schema() -> String {
    format!("test_{}", JobId::new().0.simple())
}

/// Ends every other connection to the server.
const END_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND application_name = 'optimus'";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_accepted_survives_a_server_that_is_killed() {
    if is_skipped("postgres faults") {
        return;
    }
    let server = Server::start();
    let bench = open(&server.url(), "optimus").await.unwrap();
    let (done, running, waiting) = (bench.push("toy").await, bench.push("toy").await, bench.push("toy").await);
    bench.run_one().await;
    let held = bench.take().await;
    server.kill();
    let refused = within(bench.push_job(job("toy"))).await;
    assert!(matches!(refused, Err(QueueError::Postgres { .. })), "{refused:?}");
    assert!(within(bench.queue.stats()).await.is_err());
    server.restart();
    assert!(matches!(bench.queue.status(done).await.unwrap(), Some(Status::Done { .. })));
    // A crash may undo that it was taken, but not that it was accepted.
    let mut left = vec![running, waiting];
    if bench.finish(&held).await.is_ok() {
        left.retain(|id| *id != running);
    }
    while !left.is_empty() {
        let ended = within(bench.run_one()).await;
        left.retain(|id| *id != ended);
    }
    assert!(bench.is_idle().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_later_is_found() {
    if is_skipped("postgres faults") {
        return;
    }
    let server = Server::start();
    server.kill();
    let bench = within(open(&server.url(), "optimus")).await.unwrap();
    comes_later(&bench, "postgres", || server.restart()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_end_lose_nothing() {
    if is_skipped("postgres faults") {
        return;
    }
    let server = Server::start();
    let bench = open(&server.url(), "optimus").await.unwrap();
    let id = bench.push("toy").await;
    let mut events = bench.queue.subscribe(id).await.unwrap().unwrap();
    let client = server.client("optimus").await;
    let mut pushed = vec![id];
    for _ in 0..10 {
        client.execute(END_OTHERS, &[]).await.unwrap();
        pushed.push(bench.push("toy").await);
    }
    for _ in &pushed {
        client.execute(END_OTHERS, &[]).await.unwrap();
        // A `take` is not repeated: its caller does that.
        let delivery = within(async {
            loop {
                if let Ok(delivery) = bench.queue.take(&Default::default()).await {
                    return delivery;
                }
            }
        })
        .await;
        client.execute(END_OTHERS, &[]).await.unwrap();
        bench.finish(&delivery).await.unwrap();
    }
    let last = within(async {
        loop {
            match events.next().await {
                Some(Event::Done { report }) => return report.id,
                Some(_) => {}
                None => panic!("the stream ended without the end of the job"),
            }
        }
    })
    .await;
    assert_eq!(last, id, "the end is heard although notifications were missed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_dies_inside_a_transaction_changes_nothing() {
    if is_skipped("postgres faults") {
        return;
    }
    let (server, schema) = (Server::shared(), schema());
    let bench = open(&server.url(), &schema).await.unwrap();
    let id = bench.push("toy").await;
    let mut other = server.client(&schema).await;
    let transaction = other.transaction().await.unwrap();
    let taken = transaction.query_one("SELECT job FROM take(NULL, '', 60000, 3, 8, 0)", &[]).await.unwrap();
    assert_eq!(taken.get::<_, uuid::Uuid>(0), id.0);
    assert!(bench.is_idle().await, "the row is locked, and nobody waits for it");
    let pid: i32 = transaction.query_one("SELECT pg_backend_pid()", &[]).await.unwrap().get(0);
    let killer = server.client(&schema).await;
    killer.execute("SELECT pg_terminate_backend($1)", &[&pid]).await.unwrap();
    let delivery = within(bench.take()).await;
    assert_eq!((delivery.job.id, delivery.attempt), (id, 1), "that take never was");
    bench.finish(&delivery).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_servers_migrate_at_once() {
    if is_skipped("postgres faults") {
        return;
    }
    let (server, schema) = (Server::shared(), schema());
    let url = server.url();
    let opened = futures::future::join_all((0..6).map(|_| open(&url, &schema))).await;
    let benches: Vec<Bench> = opened.into_iter().map(Result::unwrap).collect();
    let id = benches[0].push("toy").await;
    assert_eq!(benches[5].run_one().await, id);
    let rows = server.client(&schema).await.query("SELECT version FROM migration ORDER BY version", &[]).await.unwrap();
    let versions: Vec<i32> = rows.iter().map(|row| row.get(0)).collect();
    assert_eq!(versions, (1..=i32::try_from(versions.len()).unwrap()).collect::<Vec<_>>());
    let migrated = PostgresQueue::migrate(&server.url(), &config(&schema)).await.unwrap();
    assert_eq!((migrated.from, migrated.to), (versions.len() as i32, versions.len() as i32));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_of_an_older_version_are_migrated_with_their_jobs() {
    if is_skipped("postgres faults") {
        return;
    }
    let (server, schema) = (Server::shared(), schema());
    let client = server.client(&schema).await;
    let table = "CREATE TABLE migration (version integer PRIMARY KEY, at timestamptz NOT NULL DEFAULT now())";
    client.batch_execute(&format!("CREATE SCHEMA {schema}; {table}")).await.unwrap();
    let old = [
        include_str!("../../src/postgres/sql/0001-tables.sql"),
        include_str!("../../src/postgres/sql/0002-waiting.sql"),
        include_str!("../../src/postgres/sql/0003-push.sql"),
    ];
    for (n, sql) in (1_i32..).zip(old) {
        client.batch_execute(sql).await.unwrap();
        client.execute("INSERT INTO migration (version) VALUES ($1)", &[&n]).await.unwrap();
    }
    let job = job("toy");
    let push = "SELECT answer FROM push(ARRAY[$1::uuid], ARRAY[$2], ARRAY['toy'], ARRAY[''], ARRAY[1::smallint], ARRAY[NULL], \
                ARRAY[NULL::bytea], ARRAY[NULL], ARRAY[NULL], ARRAY[NULL::bigint], 10, 10, 1000000)";
    let answer = client.query_one(push, &[&job.id.0, &serde_json::to_string(&job).unwrap()]).await.unwrap();
    assert_eq!(answer.get::<_, &str>(0), "pushed");
    let migrated = PostgresQueue::migrate(&server.url(), &config(&schema)).await.unwrap();
    assert!(migrated.from == 3 && migrated.to > 3, "{migrated:?}");
    let bench = open(&server.url(), &schema).await.unwrap();
    assert_eq!(within(bench.take()).await.job, job);
    client.execute("INSERT INTO migration (version) VALUES (1000)", &[]).await.unwrap();
    let Err(error) = open(&server.url(), &schema).await else { panic!("tables of the future were used") };
    assert!(error.to_string().contains("version 1000"), "{error}");
    assert!(error.hint().unwrap().contains("use the newer Optimus"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_is_said_at_the_start() {
    if is_skipped("postgres faults") {
        return;
    }
    let server = Server::shared();
    let at = |user: &str, database: &str| format!("postgres://{user}@127.0.0.1:{}/{database}", server.port);
    for (url, hint) in [
        (at("nobody_here", "postgres"), "OPTIMUS_POSTGRES_PASSWORD"),
        (at("optimus", "none_such"), "create the database"),
        (at("optimus", "postgres") + "?sslmode=require", "?sslmode=disable"),
    ] {
        let error = match open(&url, &schema()).await {
            Err(error) => error,
            Ok(bench) => bench.queue.stats().await.unwrap_err(),
        };
        assert!(error.hint().unwrap().contains(hint), "{url}: {error}: {:?}", error.hint());
    }
    let Err(error) = open(&server.url(), "Robert'; DROP").await else { panic!("no schema has this name") };
    assert!(matches!(error, QueueError::BadSchema(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_that_may_only_what_is_documented_are_enough() {
    if is_skipped("postgres faults") {
        return;
    }
    let server = Server::start();
    PostgresQueue::migrate(&server.url(), &config("optimus")).await.unwrap();
    let docs = include_str!("../../../../docs/postgres-user.sql");
    server.client("optimus").await.batch_execute(docs).await.unwrap();
    let url = |user: &str| server.url().replace("optimus@", &format!("{user}@"));
    let bench = open(&url("optimus_server"), "optimus").await.unwrap();
    let (first, second) = (bench.push("toy").await, bench.push("toy").await);
    let events = bench.queue.subscribe(first).await.unwrap().unwrap();
    let delivery = within(bench.take()).await;
    bench.queue.heartbeat(&delivery.lease).await.unwrap();
    bench.finish(&delivery).await.unwrap();
    assert_eq!(within(events.count()).await, 3, "queued, started, done");
    assert_eq!(bench.queue.list(&Default::default(), None, 10).await.unwrap().len(), 2);
    let keda = server.client_of(&url("optimus_keda"), "public").await;
    let outstanding = keda.query_one("SELECT optimus.outstanding('toy')", &[]).await.unwrap();
    assert_eq!(outstanding.get::<_, i64>(0), 1, "one that waits, none that runs");
    let reader = server.client_of(&url("optimus_reader"), "public").await;
    let rows = reader.query("SELECT id, state, verdict FROM optimus.jobs ORDER BY id", &[]).await.unwrap();
    let states: Vec<(uuid::Uuid, &str)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert_eq!(states, [(first.0, "done"), (second.0, "queued")]);
    assert!(reader.query("SELECT payload FROM optimus.job", &[]).await.is_err(), "the views alone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reports_are_read_by_sql_whatever_a_program_printed() {
    if is_skipped("postgres faults") {
        return;
    }
    let (server, schema) = (Server::shared(), schema());
    let bench = open(&server.url(), &schema).await.unwrap();
    bench.push("toy").await;
    let delivery = bench.take().await;
    let mut report = report(&delivery.job);
    // NUL; a backslash and the letters of an escape; both; what is no text.
    report.tests[0].stdout.content = Content::from(b"a\0b \\u0000 \\\0".to_vec());
    report.tests[1].stdout.content = Content::from(vec![0xff, 0, b'x']);
    bench.queue.finish(&delivery.lease, report.clone()).await.unwrap();
    assert_eq!(bench.report(delivery.job.id).await, report, "as it was stored");
    let client = server.client(&schema).await;
    let sql = "SELECT report->>'verdict', report->'tests'->0->>'name', report::text FROM reports";
    let row = client.query_one(sql, &[]).await.unwrap();
    assert_eq!((row.get::<_, &str>(0), row.get::<_, &str>(1)), ("accepted", "one"));
    assert!(row.get::<_, &str>(2).contains("a\u{fffd}b \\\\u0000 \\\\\u{fffd}"), "{}", row.get::<_, &str>(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_wakes_one_that_waits_in_another_process() {
    if is_skipped("postgres faults") {
        return;
    }
    let (server, schema) = (Server::shared(), schema());
    let (bench, other) = (open(&server.url(), &schema).await.unwrap(), open(&server.url(), &schema).await.unwrap());
    bench.push("toy").await;
    other.run_one().await;
    let start = Instant::now();
    for _ in 0..20 {
        let queue: Arc<dyn Backend> = other.queue.clone();
        let taking = tokio::spawn(async move { queue.take(&["toy".to_owned()].into()).await.unwrap() });
        tokio::time::sleep(Duration::from_millis(20)).await;
        bench.push("toy").await;
        bench.finish(&within(taking).await.unwrap()).await.unwrap();
    }
    // One that only looked now and then would have needed half a second for each.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn held_jobs_begin_when_the_operator_gives_more_slots() {
    if is_skipped("postgres faults") {
        return;
    }
    let (server, schema) = (Server::shared(), schema());
    let one = Rules { tenant_slots: std::num::NonZeroU32::new(1), ..rules() };
    let queue = PostgresQueue::connect(&server.url(), PostgresConfig { rules: one, ..config(&schema) }).await.unwrap();
    let bench = Bench { queue: Arc::new(queue), keep: Box::new(()) };
    let of_t = || optimus_core::Job { tenant: Some("t".to_owned()), ..job("toy") };
    bench.push_job(of_t()).await.unwrap();
    let second = bench.push_job(of_t()).await.unwrap();
    let _first = bench.take().await;
    assert!(bench.is_idle().await);
    let unlimited = open(&server.url(), &schema).await.unwrap();
    assert_eq!(within(unlimited.take()).await.job.id, second);
}
