//! Scans the directory every 400 ms. File events are not used: they are lost on network file systems, in mounted volumes
//! and under load. A scan that finds no change costs one `stat` per file.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::thread::JoinHandle;

use super::Catalogue;
use crate::error::PluginError;

/// Scanning goes on until this is dropped.
pub struct WatchGuard {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for WatchGuard {
    fn drop(&mut self) {
        *self.stop.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.stop.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported already.
            drop(thread.join());
        }
    }
}

#[derive(Default)]
struct Stop {
    stopped: Mutex<bool>,
    wake: Condvar,
}

pub(super) fn start(catalogue: &Arc<Catalogue>) -> Result<WatchGuard, PluginError> {
    let stop = Arc::new(Stop::default());
    let weak = Arc::downgrade(catalogue);
    let thread = std::thread::Builder::new().name("plugin-watch".into()).spawn({
        let stop = stop.clone();
        let interval = catalogue.shared.config.watch_interval;
        move || {
            let mut trouble = None;
            while !stop.wait(interval) && scan(&weak, &mut trouble) {}
        }
    });
    let thread = thread.map_err(|error| PluginError::Engine { message: error.to_string() })?;
    Ok(WatchGuard { stop, thread: Some(thread) })
}

impl Stop {
    fn wait(&self, interval: std::time::Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.wake.wait_timeout_while(stopped, interval, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

/// False when the catalogue is gone. `trouble` is the last error, which is not logged twice.
fn scan(catalogue: &Weak<Catalogue>, trouble: &mut Option<String>) -> bool {
    let Some(catalogue) = catalogue.upgrade() else { return false };
    let now = match catalogue.scan(true) {
        Ok(true) => {
            tracing::info!(plugin.generation = catalogue.generation(), "plugins changed");
            None
        }
        Ok(false) => None,
        Err(error) => Some(error.to_string()),
    };
    if let Some(error) = now.as_ref().filter(|error| trouble.as_ref() != Some(*error)) {
        tracing::warn!("cannot scan the plugin directory; loaded plugins stay: {error}");
    }
    *trouble = now;
    true
}
