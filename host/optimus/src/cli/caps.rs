//! The operator's caps: the most that any job gets here, whatever it or its language asks for.

use clap::Args;
use optimus_core::Limits;
use optimus_core::job::Policy;

/// Caps of a job. `GET /v1/limits` shows them.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Caps")]
pub struct CapArgs {
    /// CPU time of a test or a compile step, in ms
    #[arg(long, env = "OPTIMUS_MAX_CPU_MS", default_value_t = Limits::CAP.cpu_ms, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub max_cpu_ms: u64,
    /// Time of a test or a compile step by the clock, in ms
    #[arg(long, env = "OPTIMUS_MAX_WALL_MS", default_value_t = Limits::CAP.wall_ms, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=86_400_000))]
    pub max_wall_ms: u64,
    /// Memory of a test or a compile step, in MiB
    #[arg(long, env = "OPTIMUS_MAX_MEMORY_MIB", default_value_t = Limits::CAP.memory_bytes >> 20, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub max_memory_mib: u64,
    /// Output of a test to each stream, in MiB
    #[arg(long, env = "OPTIMUS_MAX_OUTPUT_MIB", default_value_t = Limits::CAP.output_bytes >> 20, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=65_536))]
    pub max_output_mib: u64,
    /// Processes and threads alive of a test or a compile step
    #[arg(long, env = "OPTIMUS_MAX_PROCESSES", default_value_t = Limits::CAP.processes, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1024))]
    pub max_processes: u64,
    /// Tests of a job
    #[arg(long, env = "OPTIMUS_MAX_TESTS", default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_tests: u32,
    /// Files of a job
    #[arg(long, env = "OPTIMUS_MAX_FILES", default_value_t = 256, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub max_files: u32,
}

impl CapArgs {
    /// The most that a step gets.
    pub fn limits(&self) -> Limits {
        Limits {
            cpu_ms: self.max_cpu_ms,
            wall_ms: self.max_wall_ms,
            memory_bytes: self.max_memory_mib << 20,
            output_bytes: self.max_output_mib << 20,
            processes: self.max_processes,
            ..Limits::CAP
        }
    }

    /// Caps and defaults of a job. Defaults lie within the caps.
    pub fn policy(&self) -> Policy {
        let cap = self.limits();
        let (max_tests, max_files) = (self.max_tests as usize, self.max_files as usize);
        Policy { default_limits: Limits::DEFAULT.clamp(&cap), cap, max_tests, max_files, ..Policy::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        caps: CapArgs,
    }

    #[test]
    fn caps_are_the_usual_ones_unless_the_operator_says_otherwise() {
        let caps = Program::parse_from(["x"]).caps;
        assert_eq!(caps.limits(), Limits::CAP);
        let policy = Program::parse_from(["x", "--max-cpu-ms", "500", "--max-memory-mib", "64", "--max-tests", "3"])
            .caps
            .policy();
        assert_eq!((policy.cap.cpu_ms, policy.cap.memory_bytes, policy.max_tests), (500, 64 << 20, 3));
        assert_eq!((policy.default_limits.cpu_ms, policy.default_limits.memory_bytes), (500, 64 << 20));
        assert!(Program::try_parse_from(["x", "--max-cpu-ms", "0"]).is_err(), "0 is no limit");
    }
}
