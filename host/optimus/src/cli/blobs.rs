//! Files that are stored once and named by jobs: flags of `optimus serve` and `optimus api`.

use std::time::Duration;

use clap::Args;
use optimus_server::blobs::Rules;

/// Bounds of blobs.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Blobs")]
pub struct BlobArgs {
    /// The largest blob (PUT /v1/blobs), in MiB
    #[arg(long, env = "OPTIMUS_MAX_BLOB_MIB", default_value_t = 128, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=2_047))]
    pub max_blob_mib: u64,
    /// MiB of the blobs that one job names; a worker holds them in memory while it judges the job
    #[arg(long, env = "OPTIMUS_JOB_BLOBS_MIB", default_value_t = 256, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=1 << 20))]
    pub job_blobs_mib: u64,
    /// MiB of blobs that one tenant may store; beyond that, 507. 0: none
    #[arg(long, env = "OPTIMUS_TENANT_BLOBS_MIB", default_value_t = 2_048, value_name = "MIB", value_parser = clap::value_parser!(u64).range(0..=1 << 30))]
    pub tenant_blobs_mib: u64,
    /// Seconds after its last use at which a blob expires; never sooner than the reports of jobs that named it
    #[arg(long, env = "OPTIMUS_BLOB_TTL_S", default_value_t = 604_800, value_name = "S", value_parser = clap::value_parser!(u64).range(60..=315_360_000))]
    pub blob_ttl_s: u64,
}

impl Default for BlobArgs {
    fn default() -> Self {
        Self { max_blob_mib: 128, job_blobs_mib: 256, tenant_blobs_mib: 2_048, blob_ttl_s: 604_800 }
    }
}

impl BlobArgs {
    /// The bounds, where reports are kept for `result_ttl`: a submission that is repeated under its idempotency key
    /// finds the blobs as long as it finds the report.
    pub fn rules(&self, result_ttl: Duration) -> Rules {
        const BEYOND: Duration = Duration::from_secs(60 * 60);
        Rules {
            blob_bytes: self.max_blob_mib << 20,
            job_bytes: self.job_blobs_mib << 20,
            tenant_bytes: self.tenant_blobs_mib << 20,
            ttl: Duration::from_secs(self.blob_ttl_s).max(result_ttl + BEYOND),
            ..Rules::default()
        }
    }
}
