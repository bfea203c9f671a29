//! What is done between the turns of two tenants: their boxes go, and what the kernel remembers of their reading.

use std::sync::Arc;

use super::pool::Pool;
use crate::admission::Clear;
use crate::page_cache;

/// Destroys the boxes of `pool` that wait, and drops the page cache of what boxes see.
pub(super) fn between_turns(pool: &Arc<Pool>) -> Clear {
    let pool = Arc::downgrade(pool);
    Arc::new(move || {
        let pool = pool.upgrade();
        Box::pin(async move {
            let Some(pool) = pool else { return };
            pool.clear().await;
            match pool.launcher.views().await {
                Ok(views) => page_cache::drop_below(views).await,
                Err(error) => tracing::warn!(%error, "the page cache could not be dropped"),
            }
        })
    })
}
