//! Reads the files that a run left.

use async_trait::async_trait;
use optimus_sandbox::{Gather, GatherFiles, Gathered, SandboxError};

use super::super::link::lost;
use super::{WasmBox, unexpected};
use crate::protocol::{Reply, Request};

#[async_trait]
impl GatherFiles for WasmBox {
    async fn gather(&mut self, search: Gather<'_>) -> Result<Gathered, SandboxError> {
        let most = usize::try_from(search.archive_bytes()).unwrap_or(usize::MAX);
        let Gather { patterns, cap_bytes, drop_build } = search;
        let notes = self.lost_build.then(|| "the work area went with an engine that had to be killed".to_owned());
        if drop_build {
            (self.built, self.lost_build) = (false, false);
        }
        if let Some(note) = notes {
            return Ok(Gathered { files: Vec::new(), notes: vec![note] });
        }
        let request = Request::Gather { patterns: patterns.to_vec(), cap_bytes, drop_build };
        match self.fetch(&request, most).await? {
            (archive, Reply::Gathered { notes }) => {
                let unreadable = |why: String| lost(&format!("the engine sent files that cannot be read: {why}"));
                Gathered::from_archive(&archive, notes).map_err(unreadable)
            }
            _ => Err(unexpected()),
        }
    }
}
