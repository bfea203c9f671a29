//! The contract of every queue. A backend joins by one line at the end: a factory that makes an empty queue with given
//! rules.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod dead;
mod events;
mod faults;
mod feeds;
mod leases;
mod outbox;
mod oversight;
mod postgres;
mod postgres_faults;
mod pushing;
mod server;
mod storage;
mod stress;
mod support;

use std::sync::Arc;

use optimus_queue::{EmbeddedConfig, EmbeddedQueue, PostgresConfig, PostgresQueue, RedisConfig, RedisQueue, Rules};
use server::Redis;
use support::Bench;

/// Runs every case against a backend, each on a queue of its own.
macro_rules! contract {
    ($backend:ident, $factory:path, [$($room:ident :: $case:ident),* $(,)?]) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if !crate::server::is_skipped(stringify!($backend)) {
                        crate::support::within(crate::$room::$case($factory)).await;
                    }
                }
            )*
        }
    };
}

macro_rules! every_case {
    ($backend:ident, $factory:path) => {
        contract!(
            $backend,
            $factory,
            [
                pushing::a_job_comes_out_as_it_went_in,
                pushing::a_trace_goes_along_into_each_attempt,
                pushing::take_waits_for_a_job_of_its_languages,
                pushing::high_priority_first_then_the_oldest,
                pushing::no_priority_waits_for_ever,
                pushing::tenants_take_turns,
                pushing::tenants_take_turns_across_languages,
                pushing::a_tenant_holds_no_more_than_its_slots,
                pushing::what_is_held_begins_when_another_ends,
                pushing::beyond_the_cap_jobs_are_refused,
                pushing::beyond_its_cap_a_tenant_is_refused,
                pushing::beyond_its_quota_a_key_is_refused,
                storage::a_tenants_jobs_hold_only_so_many_bytes,
                storage::a_tenants_oldest_reports_are_forgotten_early,
                storage::what_was_given_up_counts_until_it_is_gone,
                pushing::the_same_key_is_the_same_job,
                pushing::the_same_key_at_the_same_time_is_one_job,
                pushing::results_and_keys_are_forgotten_in_time,
                leases::a_lost_lease_cannot_finish,
                leases::a_heartbeat_keeps_the_lease,
                leases::our_failures_are_retried_then_given_up,
                leases::a_silent_worker_counts_as_a_failure,
                leases::a_worker_that_merely_stops_does_not_count,
                leases::a_dropped_take_loses_nothing,
                oversight::a_waiting_job_is_cancelled_at_once,
                oversight::a_running_job_is_cancelled_by_its_worker,
                oversight::a_cancelled_job_is_not_tried_again,
                oversight::jobs_are_listed_newest_first,
                oversight::depths_and_ages_are_counted,
                oversight::clocks_of_others_do_not_matter,
                events::a_listener_hears_everything_in_order,
                events::a_late_listener_hears_the_end,
                events::who_comes_again_hears_what_was_missed,
                events::a_slow_listener_hears_the_end,
                feeds::a_feed_tells_of_each_job_of_its_tenant,
                feeds::a_feed_tells_of_jobs_that_no_worker_finished,
                feeds::a_feed_is_read_on_from_any_of_its_events,
                feeds::a_feed_forgets_its_oldest_events,
                dead::the_dead_are_listed_with_the_reason,
                dead::a_dead_job_can_be_brought_back,
                dead::a_job_can_die_again_and_for_good,
                outbox::a_webhook_is_due_when_its_job_is_over,
                outbox::jobs_that_nobody_judged_are_told_of_too,
                outbox::a_delivery_that_nobody_settles_is_given_again,
                outbox::a_failed_delivery_comes_back_in_its_time,
                stress::every_job_is_reported_once,
            ]
        );
    };
}

async fn embedded(rules: Rules) -> Bench {
    let dir = tempfile::tempdir().unwrap();
    let config = EmbeddedConfig { rules, ..EmbeddedConfig::default() };
    let queue = EmbeddedQueue::open(dir.path().join("queue.redb"), config).unwrap();
    Bench { queue: Arc::new(queue), keep: Box::new(dir) }
}

every_case!(embedded_queue, crate::embedded);

/// On a server that all cases share, under a prefix of each one's own.
async fn on_redis(redis: Arc<Redis>, rules: Rules) -> Bench {
    let prefix = format!("test-{}", optimus_core::JobId::new());
    let config = RedisConfig { rules, prefix, ..RedisConfig::default() };
    let queue = RedisQueue::connect(&redis.url(), config).await.unwrap();
    Bench { queue: Arc::new(queue), keep: Box::new(redis) }
}

async fn standalone(rules: Rules) -> Bench {
    on_redis(Redis::shared(), rules).await
}

async fn cluster(rules: Rules) -> Bench {
    on_redis(Redis::shared_cluster(), rules).await
}

every_case!(redis_standalone, crate::standalone);
every_case!(redis_cluster, crate::cluster);

/// On a server that all cases share, in a schema of each one's own.
async fn in_postgres(rules: Rules) -> Bench {
    let server = postgres::Server::shared();
    let schema = format!("test_{}", optimus_core::JobId::new().0.simple());
    let config = PostgresConfig { rules, schema, connections: 4, ..PostgresConfig::default() };
    let queue = PostgresQueue::connect(&server.url(), config).await.unwrap();
    Bench { queue: Arc::new(queue), keep: Box::new(server) }
}

every_case!(postgres_queue, crate::in_postgres);
