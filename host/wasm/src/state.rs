//! What belongs to one running program.

use std::sync::atomic::Ordering;
use std::time::Instant;

use wasmtime::ResourceLimiter;

use crate::descriptors::Descriptors;
use crate::errno::End;
use crate::fs::Fs;
use crate::protocol::WireLimits;
use crate::streams::Streams;

/// The memory of a table's element: a reference.
const ELEMENT_BYTES: usize = 16;

/// What belongs to one running program.
pub(crate) struct State {
    pub(crate) arguments: Vec<Vec<u8>>,
    pub(crate) environment: Vec<Vec<u8>>,
    pub(crate) streams: Streams,
    pub(crate) open: Descriptors,
    pub(crate) limits: WireLimits,
    pub(crate) budget: Budget,
    /// What it was started with.
    pub(crate) fuel: u64,
    pub(crate) slept_ns: u64,
    pub(crate) random: u64,
    /// The end of its time by the clock.
    pub(crate) deadline: Instant,
    /// Set once it is over by a call of its own or by a limit.
    pub(crate) end: Option<End>,
    /// The stream to the sandbox failed.
    pub(crate) broken: Option<std::io::Error>,
}

/// The memory of a program: its linear memories, tables, and files.
pub(crate) struct Budget {
    pub(crate) used: usize,
    pub(crate) peak: usize,
    pub(crate) most: usize,
    /// A request was refused.
    pub(crate) refused: bool,
    pub(crate) space: std::sync::Arc<crate::fs::Space>,
}

impl Budget {
    pub(crate) fn new(fs: &Fs, limits: &WireLimits) -> Self {
        let most = usize::try_from(limits.memory_bytes).unwrap_or(usize::MAX);
        let space = std::sync::Arc::clone(&fs.space);
        space.most.set(limits.work_bytes);
        space.memory_left.set(limits.memory_bytes);
        space.peak.set(space.used.get());
        space.refused_memory.store(false, Ordering::Relaxed);
        Self { used: 0, peak: 0, most, refused: false, space }
    }

    /// Whether a request was refused for want of memory, be it for files.
    pub(crate) fn was_refused(&self) -> bool {
        self.refused || self.space.refused_memory.load(Ordering::Relaxed)
    }

    fn grow(&mut self, from: usize, to: usize) -> bool {
        let used = self.used.saturating_add(to.saturating_sub(from));
        let files = usize::try_from(self.space.used.get()).unwrap_or(usize::MAX);
        if used.saturating_add(files) > self.most {
            self.refused = true;
            return false;
        }
        self.used = used;
        self.peak = self.peak.max(used);
        self.space.memory_left.set((self.most - used) as u64);
        true
    }
}

impl ResourceLimiter for Budget {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        // Beyond its own maximum it is the program that refuses.
        Ok(maximum.is_none_or(|maximum| desired <= maximum) && self.grow(current, desired))
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let bytes = |elements: usize| elements.saturating_mul(ELEMENT_BYTES);
        Ok(maximum.is_none_or(|maximum| desired <= maximum) && self.grow(bytes(current), bytes(desired)))
    }

    fn instances(&self) -> usize {
        1
    }

    fn memories(&self) -> usize {
        4
    }

    fn tables(&self) -> usize {
        16
    }
}
