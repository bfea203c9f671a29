//! State of one guest call: its budget, its log, its blobs. Dropped with the store when the call ends.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::ResourceLimiter;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

use crate::text::cut;
use crate::wit::Level;

/// Maximum bytes of a guest's log in one call; older lines make room for newer ones.
const LOG_BYTES: usize = 64 << 10;
/// Maximum bytes of a line in the log.
const LINE_BYTES: usize = 4 << 10;
const TABLE_ELEMENTS: usize = 100_000;

/// One call's state.
pub(crate) struct State {
    pub(crate) budget: Budget,
    pub(crate) log: Log,
    pub(crate) table: ResourceTable,
    wasi: Option<WasiCtx>,
}

impl State {
    pub(crate) fn new(memory_bytes: usize, log: Log, wasi: Option<WasiCtx>) -> Self {
        Self { budget: Budget { memory_left: memory_bytes, refused: false }, log, table: ResourceTable::new(), wasi }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let ctx = self.wasi.as_mut().expect("WASI is linked only to guests that are given a context");
        WasiCtxView { ctx, table: &mut self.table }
    }
}

/// All memories and tables of a store together.
pub(crate) struct Budget {
    memory_left: usize,
    /// Growth was refused: what came of it is about memory, whatever trap the guest made of it.
    pub(crate) refused: bool,
}

impl ResourceLimiter for Budget {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let grows = desired.saturating_sub(current);
        if grows > self.memory_left {
            self.refused = true;
            // A trap, not -1: guests answer -1 with traps that hide the reason.
            return Err(wasmtime::format_err!("the memory budget is spent"));
        }
        self.memory_left -= grows;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        self.refused |= desired > TABLE_ELEMENTS;
        Ok(desired <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        200
    }

    fn tables(&self) -> usize {
        64
    }

    fn memories(&self) -> usize {
        16
    }
}

/// The last lines that a guest wrote, by `log.write` or to its stderr. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Lines>>);

#[derive(Default)]
struct Lines {
    lines: VecDeque<(Level, String)>,
    bytes: usize,
}

impl Log {
    pub(crate) fn push(&self, level: Level, line: &str) {
        let line = cut(line, LINE_BYTES).to_owned();
        let mut log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        log.bytes += line.len();
        log.lines.push_back((level, line));
        while log.bytes > LOG_BYTES || log.lines.len() > 1024 {
            let Some((_, old)) = log.lines.pop_front() else { break };
            log.bytes -= old.len();
        }
    }

    /// The last message of a guest that trapped, if it logged any: a panic's text.
    pub(crate) fn last_words(&self) -> Option<String> {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let errors = log.lines.iter().filter(|(level, line)| *level == Level::Error && !line.starts_with("note: "));
        let lines: Vec<&str> = errors.map(|(_, line)| line.as_str()).collect();
        // On stderr a panic is several lines; sent to the log, it is one.
        let start = lines.iter().rposition(|line| line.contains("panicked at")).unwrap_or(lines.len().checked_sub(1)?);
        Some(cut(&lines[start..].join(" "), LINE_BYTES).to_owned())
    }

    /// Hands the lines to the host's own log.
    pub(crate) fn trace(&self, plugin: &str) {
        let log = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (level, line) in &log.lines {
            tracing::debug!(plugin.id = plugin, plugin.level = ?level, "plugin says: {}", line.escape_debug());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_keeps_the_newest_and_stays_small() {
        let log = Log::default();
        for i in 0..100_000 {
            log.push(Level::Error, &format!("{i} {}", "é".repeat(5_000)));
        }
        assert!(log.last_words().unwrap().starts_with("99999 "));
        assert!(log.0.lock().unwrap().bytes <= LOG_BYTES);
    }
}
