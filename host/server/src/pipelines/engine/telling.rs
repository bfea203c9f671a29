//! Webhooks of runs that are over. That one is due is stored with the run's end, and removed once it was sent or given up:
//! whatever is killed in between, it is sent again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use optimus_core::Timestamp;

use super::Seams;
use crate::pipelines::store::Hook;

/// Webhooks that are sent at the same time.
const AT_ONCE: usize = 64;

/// The runs whose webhooks are being sent by this process.
#[derive(Clone, Default)]
pub(super) struct Telling(Arc<Mutex<BTreeSet<String>>>);

impl Telling {
    /// Sends what is due, each in a task of its own.
    ///
    /// # Errors
    /// What is due cannot be read.
    pub(super) async fn send_due(&self, seams: &Seams) -> anyhow::Result<()> {
        for id in seams.store.hooks().await? {
            if self.sent().contains(&id) {
                continue;
            }
            let Some(hook) = seams.store.hook(&id).await? else { continue };
            let is_free = self.sent().len() < AT_ONCE;
            if is_free && hook.due <= (seams.now)() {
                self.sent().insert(id.clone());
                let (telling, seams) = (self.clone(), seams.clone());
                tokio::spawn(async move {
                    if let Err(error) = once(&seams, &id, hook).await {
                        tracing::warn!(
                            run = id,
                            error = format!("{error:#}"),
                            "what became of a webhook was not noted"
                        );
                    }
                    telling.sent().remove(&id);
                });
            }
        }
        Ok(())
    }

    fn sent(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn once(seams: &Seams, id: &str, hook: Hook) -> anyhow::Result<()> {
    let again = match seams.store.run(id).await? {
        Some(run) => seams.tools.tell(&run, hook.tries).await,
        None => None,
    };
    let next = again.map(|wait| {
        let wait = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
        Hook { tries: hook.tries + 1, due: Timestamp((seams.now)().0.saturating_add(wait)) }
    });
    seams.store.put_hook(id, next.as_ref()).await
}
