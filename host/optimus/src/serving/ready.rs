//! Warming up: a server builds a first box, loads the plugins one by one while jobs are accepted already, and asks each
//! language's toolchain for its version.

use std::sync::Arc;
use std::time::Duration;

use optimus_core::language::Availability;
use optimus_plugin::Catalogue;
use optimus_server::readiness::Readiness;
use tokio_util::sync::CancellationToken;

use crate::engine::{self, Engine};

/// Between two looks at whether the catalogue has changed.
const LOOK: Duration = Duration::from_millis(100);

/// Until `shutdown`.
pub(super) async fn keep_ready(engine: Arc<Engine>, readiness: Arc<Readiness>, shutdown: CancellationToken) {
    let keeping = async { tokio::join!(warm(&engine, &readiness), follow(&engine), probe(&engine)) };
    shutdown.run_until_cancelled(keeping).await;
}

async fn warm(engine: &Engine, readiness: &Readiness) {
    readiness.set("sandbox", Some("the first box is being built"));
    match engine.warm().await {
        Ok(()) => readiness.set("sandbox", None),
        Err(error) => {
            tracing::error!(error = engine::chain(&error), "no box can be built");
            readiness.set("sandbox", Some(&engine::chain(&error)));
        }
    }
}

/// Loads the plugins, follows their directory, and keeps the book of languages.
async fn follow(engine: &Engine) {
    let loading = load_all(Arc::clone(&engine.catalogue));
    let following = async {
        let mut seen = None;
        loop {
            let generation = engine.catalogue.generation();
            if seen.replace(generation) != Some(generation) {
                engine.refresh_book();
            }
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::join!(loading, following);
}

/// Loads what is there, and then what comes.
pub(super) async fn load_all(catalogue: Arc<Catalogue>) {
    let first = Arc::clone(&catalogue);
    match tokio::task::spawn_blocking(move || first.rescan()).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!(error = engine::chain(&error), "the plugins cannot be loaded"),
        Err(error) => tracing::error!(%error, "loading the plugins failed"),
    }
    match catalogue.watch() {
        // The watching ends with its guard.
        Ok(_guard) => std::future::pending().await,
        Err(error) => {
            tracing::warn!(error = engine::chain(&error), "new plugins will be seen at the next start only");
        }
    }
}

/// Asks the toolchains of the languages that are known, and says once how many answer.
async fn probe(engine: &Engine) {
    let mut is_told = false;
    loop {
        if engine.probe_next().await {
            continue;
        }
        if !is_told && engine.catalogue.current().expected().is_empty() {
            is_told = true;
            tell(engine);
        }
        tokio::time::sleep(LOOK).await;
    }
}

fn tell(engine: &Engine) {
    let all = engine.book.all();
    let ready = all.iter().filter(|l| matches!(l.availability, Availability::Available { .. })).count();
    let rejected = engine.catalogue.statuses().iter().filter(|status| status.error.is_some()).count();
    let rejected = if rejected == 0 { String::new() } else { format!(", {rejected} plugins rejected") };
    tracing::info!("{} languages, {ready} ready here{rejected}", all.len());
}
