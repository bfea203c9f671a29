//! The bounds that a server sets for jobs.

use crate::{Invalid, Limits};

/// Caps of what this server accepts.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Limits of a job that asks for nothing.
    pub default_limits: Limits,
    /// The most it may ask for.
    pub cap: Limits,
    /// Tests of a job.
    pub max_tests: usize,
    /// Files of a job.
    pub max_files: usize,
    /// The most that `capture_bytes` may be.
    pub max_capture_bytes: u64,
    /// Memory for all concurrent programs of a job, where that is known.
    pub machine_bytes: Option<u64>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            default_limits: Limits::DEFAULT,
            cap: Limits::CAP,
            max_tests: 1_000,
            max_files: 256,
            max_capture_bytes: 16 << 20,
            machine_bytes: None,
        }
    }
}

/// Refuses what no machine here can ever run: it would wait for memory for ever.
pub(crate) fn check_fits(field: &str, bytes: u64, policy: &Policy) -> Result<(), Invalid> {
    match policy.machine_bytes.filter(|machine| bytes > *machine) {
        Some(machine) => {
            let message =
                format!("needs {bytes} bytes of memory at once, and this machine has {machine} bytes for programs");
            Err(Invalid::new(field, message).hint("lower `limits.memory_bytes`, or use fewer processes"))
        }
        None => Ok(()),
    }
}
