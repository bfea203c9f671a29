//! Reads the files that a run left.

use async_trait::async_trait;
use optimus_core::collect::MAX_COLLECTED_FILES;
use optimus_sandbox::{Gather, GatherFiles, Gathered, SandboxError};

use super::super::link::lost;
use super::{WasmBox, unexpected};
use crate::protocol::{Reply, Request};

/// What the headers of one file take at most in an archive, with those of a long name and padding.
const HEADERS: u64 = 4 << 10;

#[async_trait]
impl GatherFiles for WasmBox {
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError> {
        let Gather { patterns, cap_bytes, drop_build } = search;
        let notes = self.lost_build.then(|| "the work area went with an engine that had to be killed".to_owned());
        if drop_build {
            (self.built, self.lost_build) = (false, false);
        }
        if let Some(note) = notes {
            return Ok(Gathered { files: Vec::new(), notes: vec![note] });
        }
        let request = Request::Gather { patterns: patterns.to_vec(), cap_bytes, drop_build };
        let most = cap_bytes.saturating_add((MAX_COLLECTED_FILES as u64 + 2) * HEADERS);
        match self.fetch(&request, usize::try_from(most).unwrap_or(usize::MAX)).await? {
            (archive, Reply::Gathered { notes }) => {
                let unreadable = |why: String| lost(&format!("the engine sent files that cannot be read: {why}"));
                Gathered::from_archive(&archive, notes).map_err(unreadable)
            }
            _ => Err(unexpected()),
        }
    }
}
