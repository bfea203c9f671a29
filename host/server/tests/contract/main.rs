//! The contract of stored schedules, pipelines, runs and blobs: the same cases on every backend. A case has the API of one server on the embedded
//! queue, and of two that share a queue elsewhere.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod audit;
mod blobs;
mod feeds;
mod firing;
mod life;
mod logins;
mod place;
#[path = "../api/plugins.rs"]
mod plugins;
#[expect(dead_code, reason = "the queue's own contract needs more of it")]
#[path = "../../../queue/tests/contract/postgres.rs"]
mod postgres;
#[expect(dead_code, reason = "the tests of the API need more of it")]
#[path = "../api/provider.rs"]
mod provider;
mod runs;
#[expect(dead_code, reason = "the queue's own contract needs more of it")]
#[path = "../../../queue/tests/contract/server.rs"]
mod server;
#[expect(dead_code, reason = "the tests of the API need more of it")]
#[path = "../api/support.rs"]
mod support;

use std::time::Duration;

/// Runs every case on a backend.
macro_rules! every_case {
    ($backend:ident, $place:path) => {
        every_case!($backend, $place, [
            life::what_one_process_writes_every_process_reads,
            life::the_last_firings_are_there_after_a_restart,
            life::a_schedule_fires_in_the_name_of_its_key,
            firing::each_time_fires_once_though_two_processes_lead,
            firing::firings_wait_or_are_left_out_while_a_job_runs,
            firing::what_was_due_while_no_server_ran_fires_or_is_missed,
            firing::each_time_begins_one_run_though_two_processes_lead,
            runs::a_run_goes_on_in_another_process_and_submits_nothing_twice,
            runs::each_result_is_entered_once_though_two_processes_lead,
            runs::a_run_is_cancelled_in_any_process,
            blobs::a_blob_of_one_process_is_there_for_every_process,
            blobs::an_accepted_jobs_blob_is_there_though_its_time_is_over,
            feeds::what_one_process_does_another_tells,
            audit::a_change_is_in_the_log_of_every_process,
            logins::a_sign_in_ends_once_in_whichever_process,
        ]);
    };
    ($backend:ident, $place:path, [$($room:ident :: $case:ident),* $(,)?]) => {
        mod $backend {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    if !crate::server::is_skipped(stringify!($backend)) {
                        let case = async { crate::$room::$case(&$place()).await };
                        tokio::time::timeout(crate::PATIENCE, case).await.expect("ends within a minute");
                    }
                }
            )*
        }
    };
}

const PATIENCE: Duration = Duration::from_secs(60);

every_case!(embedded, crate::place::Place::embedded);
every_case!(redis_standalone, crate::place::Place::redis);
every_case!(redis_cluster, crate::place::Place::cluster);
every_case!(postgres_queue, crate::place::Place::postgres);
