//! What a box has of the processors, until it is given back.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use super::Processors;
use crate::SandboxError;

/// A processor that is not free comes back with a box that is just being destroyed. There are as many as slots, so
/// whoever waits longer waits for ever.
const PATIENCE: Duration = Duration::from_secs(60);

/// What a box has of the processors. Where nobody asks for pinning, that is all of them.
#[derive(Debug, Default)]
pub(crate) struct Share {
    processors: Vec<u16>,
    _taken: Option<Taken>,
}

impl Share {
    /// One that nobody else has.
    pub(crate) async fn own(of: Option<&Arc<Processors>>) -> Result<Self, SandboxError> {
        let Some(of) = of else { return Ok(Self::default()) };
        let taken = timeout(PATIENCE, Taken::new(of)).await.ok().flatten().ok_or_else(|| {
            let source = std::io::ErrorKind::TimedOut.into();
            SandboxError::SetUp { stage: "wait for a processor of its own".to_owned(), source }
        })?;
        Ok(Self { processors: vec![taken.processor], _taken: Some(taken) })
    }

    /// What is left beside those.
    pub(crate) fn rest(of: Option<&Arc<Processors>>) -> Self {
        Self { processors: of.map_or_else(Vec::new, |of| of.rest.clone()), _taken: None }
    }

    /// Their numbers; none: all.
    pub(crate) fn processors(&self) -> Vec<u16> {
        self.processors.clone()
    }
}

/// A processor that is in use. Dropping it gives it back.
#[derive(Debug)]
struct Taken {
    processor: u16,
    of: Arc<Processors>,
    /// Given back after the processor itself, as fields are dropped after their owner.
    _permit: OwnedSemaphorePermit,
}

impl Taken {
    async fn new(of: &Arc<Processors>) -> Option<Self> {
        let permit = Arc::clone(&of.count).acquire_owned().await.ok()?;
        let processor = of.free.lock().unwrap_or_else(PoisonError::into_inner).pop_first()?;
        Some(Self { processor, of: Arc::clone(of), _permit: permit })
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        self.of.free.lock().unwrap_or_else(PoisonError::into_inner).insert(self.processor);
    }
}
