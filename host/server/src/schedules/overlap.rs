//! What happens to a firing while the jobs of earlier ones run.

use serde::{Deserialize, Serialize};

/// A policy, by Temporal's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The firing is left out.
    #[default]
    Skip,
    /// One firing waits for the job; further ones are left out.
    BufferOne,
    /// Every firing waits for its turn.
    BufferAll,
    /// The running jobs are cancelled, and the firing follows when they have ended.
    CancelOther,
    /// Jobs run beside each other.
    AllowAll,
}

/// Firings of one schedule that wait at most; beyond, they are dropped.
pub(super) const MOST_WAITING: usize = 1_000;

/// What to do with a firing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    /// Submit its job now.
    Fire,
    /// Keep it until the running jobs have ended.
    Wait,
    /// Cancel the running jobs, keep it, and leave out what else waits.
    Replace,
    /// Leave it out.
    Skip,
}

/// Decides by the policy, the number of jobs that run, and the number of firings that wait.
pub(super) fn decide(overlap: Overlap, running: usize, waiting: usize) -> Decision {
    match overlap {
        Overlap::AllowAll => Decision::Fire,
        _ if running == 0 && waiting == 0 => Decision::Fire,
        Overlap::Skip => Decision::Skip,
        Overlap::BufferOne if waiting == 0 => Decision::Wait,
        Overlap::BufferOne => Decision::Skip,
        Overlap::BufferAll => Decision::Wait,
        Overlap::CancelOther => Decision::Replace,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_policy_decides_as_temporal_documents_it() {
        use Decision::{Fire, Replace, Skip, Wait};
        for (overlap, idle, busy, waiting) in [
            (Overlap::Skip, Fire, Skip, Skip),
            (Overlap::BufferOne, Fire, Wait, Skip),
            (Overlap::BufferAll, Fire, Wait, Wait),
            (Overlap::CancelOther, Fire, Replace, Replace),
            (Overlap::AllowAll, Fire, Fire, Fire),
        ] {
            let cases = [(0, 0, idle), (1, 0, busy), (1, 1, waiting)];
            for (running, waiting, expected) in cases {
                assert_eq!(decide(overlap, running, waiting), expected, "{overlap:?} {running} {waiting}");
            }
        }
    }
}
