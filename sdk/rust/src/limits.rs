//! Limits, in the units that people use.

use crate::{Limits, StepLimits};

impl Limits {
    /// The memory limit in MiB, rounded down.
    pub fn memory_mib(&self) -> u32 {
        self.memory_kib / 1024
    }

    /// A stack, in MiB, for runtimes that have to be told its size: an eighth of the memory limit, and at least 4 MiB. It
    /// stays below the 1 GiB that the host lets a stack grow to.
    pub fn stack_mib(&self) -> u32 {
        (self.memory_mib() / 8).clamp(4, 512)
    }
}

impl Default for Limits {
    /// The host's own defaults, for tests of plans.
    fn default() -> Self {
        Self {
            cpu_ms: 2_000,
            wall_ms: 6_000,
            memory_kib: 256 << 10,
            output_kib: 16 << 10,
            processes: 64,
            open_files: 256,
            file_kib: 64 << 10,
            work_kib: 128 << 10,
        }
    }
}

impl Default for StepLimits {
    /// No wishes.
    fn default() -> Self {
        Self {
            cpu_ms: None,
            wall_ms: None,
            memory_kib: None,
            output_kib: None,
            processes: None,
            open_files: None,
            file_kib: None,
            work_kib: None,
        }
    }
}

impl StepLimits {
    /// No wishes.
    pub fn new() -> Self {
        Self::default()
    }

    /// CPU time in seconds, and twice as much by the clock.
    #[must_use]
    pub fn cpu_seconds(mut self, seconds: u32) -> Self {
        self.cpu_ms = Some(seconds * 1_000);
        self.wall_ms = Some(seconds * 2_000);
        self
    }

    /// Memory in MiB.
    #[must_use]
    pub fn memory_mib(mut self, mib: u32) -> Self {
        self.memory_kib = Some(mib << 10);
        self
    }

    /// Maximum number of processes and threads alive.
    #[must_use]
    pub fn processes(mut self, processes: u32) -> Self {
        self.processes = Some(processes);
        self
    }

    /// The work area in MiB.
    #[must_use]
    pub fn work_mib(mut self, mib: u32) -> Self {
        self.work_kib = Some(mib << 10);
        self
    }
}
