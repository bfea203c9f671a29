//! `config_info`: the defaults of Judge0, and maxima that are Judge0's or the operator's caps, whichever is lower.

use optimus_core::job::Policy;
use serde_json::{Value, json};

/// Defaults, of every submission that does not say otherwise: s and KB.
pub(super) const CPU_TIME: f64 = 5.0;
pub(super) const CPU_EXTRA_TIME: f64 = 1.0;
pub(super) const WALL_TIME: f64 = 10.0;
pub(super) const MEMORY: f64 = 128_000.0;
pub(super) const STACK: f64 = 64_000.0;
pub(super) const PROCESSES: f64 = 60.0;
pub(super) const FILE_SIZE: f64 = 1_024.0;

/// Submissions of a batch.
pub(super) const BATCH: usize = 20;
/// `additional_files`, unpacked, in KB.
pub(super) const EXTRACTED: u64 = 10_240;

/// The most that a submission may ask for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maxima {
    pub(super) cpu_time: f64,
    pub(super) cpu_extra_time: f64,
    pub(super) wall_time: f64,
    pub(super) memory: f64,
    pub(super) stack: f64,
    pub(super) processes: f64,
    pub(super) file_size: f64,
    pub(super) runs: f64,
}

impl Maxima {
    #[expect(clippy::cast_precision_loss, reason = "limits are far below 2^52")]
    pub(super) fn of(policy: &Policy) -> Self {
        let (cap, below) = (&policy.cap, |theirs: f64, ours: u64, unit: u64| theirs.min((ours / unit) as f64));
        Self {
            cpu_time: below(15.0, cap.cpu_ms, 1_000),
            cpu_extra_time: 5.0,
            wall_time: below(20.0, cap.wall_ms, 1_000),
            memory: below(512_000.0, cap.memory_bytes, 1_024),
            stack: 128_000.0,
            processes: below(120.0, cap.processes, 1),
            file_size: below(4_096.0, cap.file_bytes.min(cap.output_bytes), 1_024),
            runs: 20.0_f64.min(policy.max_tests as f64),
        }
    }
}

/// The keys of 1.13, with the misspelt one.
pub(super) fn config_info(policy: &Policy, languages_with_options: &[String]) -> Value {
    let most = Maxima::of(policy);
    let whole = |number: f64| Value::from(number.round() as u64);
    json!({
        "maintenance_mode": false,
        "enable_wait_result": true,
        "enable_compiler_options": true,
        "allowed_languages_for_compile_options": languages_with_options,
        "enable_command_line_arguments": true,
        "enable_submission_delete": false,
        "enable_callbacks": true,
        "callbacks_max_tries": 3,
        "callbacks_timeout": 5.0,
        "enable_additional_files": true,
        "max_queue_size": 100_000,
        "cpu_time_limit": CPU_TIME.min(most.cpu_time),
        "max_cpu_time_limit": most.cpu_time,
        "cpu_extra_time": CPU_EXTRA_TIME,
        "max_cpu_extra_time": most.cpu_extra_time,
        "wall_time_limit": WALL_TIME.min(most.wall_time),
        "max_wall_time_limit": most.wall_time,
        "memory_limit": whole(MEMORY.min(most.memory)),
        "max_memory_limit": whole(most.memory),
        "stack_limit": whole(STACK),
        "max_stack_limit": whole(most.stack),
        "max_processes_and_or_threads": whole(PROCESSES.min(most.processes)),
        "max_max_processes_and_or_threads": whole(most.processes),
        "enable_per_process_and_thread_time_limit": false,
        "allow_enable_per_process_and_thread_time_limit": false,
        "enable_per_process_and_thread_memory_limit": false,
        "allow_enable_per_process_and_thread_memory_limit": false,
        "max_file_size": whole(FILE_SIZE.min(most.file_size)),
        "max_max_file_size": whole(most.file_size),
        "number_of_runs": 1,
        "max_number_of_runs": whole(most.runs),
        "redirect_stderr_to_stdout": false,
        "max_extract_size": EXTRACTED,
        "enable_batched_submissions": true,
        "max_submission_batch_size": BATCH,
        "submission_cache_duration": 1.0,
        "use_docs_as_homepage": false,
        "allow_enable_network": false,
        "enable_network": false,
    })
}
