//! The cost of plans and of loading plugins.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use optimus_core::JobRequest;
use optimus_core::job::Policy;
use optimus_plugin::{Catalogue, PlanRequest};

use super::figures::{Figures, Series};
use crate::engine::Engine;

/// Plans with the first plugin there is, asked for things it has never seen and for one that it has; and loads the whole
/// directory, with an empty cache and a full one.
pub(super) async fn measure(
    engine: &Engine,
    scratch: &Path,
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    plans(engine, seconds, figures).await?;
    loads(engine, scratch, seconds, figures)
}

async fn plans(engine: &Engine, seconds: Duration, figures: &mut Figures) -> anyhow::Result<()> {
    let languages = engine.catalogue.current();
    let plugin = languages.iter().next().context("no plugin is loaded")?;
    let extension = plugin.descriptor().extension().to_owned();
    let (mut fresh, mut memoised) = (Series::default(), Series::default());
    let end = Instant::now() + seconds;
    for round in 0u64.. {
        let request = request(&plugin.descriptor().id, &extension, round)?;
        for series in [&mut fresh, &mut memoised] {
            let start = Instant::now();
            plugin.plan(&request).await.context("cannot plan")?;
            series.add(start.elapsed());
        }
        if Instant::now() > end {
            break;
        }
    }
    figures.put("plan_us".to_owned(), fresh.microseconds());
    figures.put("plan_memo_us".to_owned(), memoised.microseconds());
    Ok(())
}

/// Each round asks for something that was never asked before.
fn request(language: &str, extension: &str, round: u64) -> anyhow::Result<PlanRequest> {
    let source = Some(format!("// round {round}\n").into());
    let request = JobRequest { language: language.to_owned(), source, ..JobRequest::default() };
    let job = request.into_job(language, extension, &Policy::default())?;
    Ok(PlanRequest::new(&job, job.limits))
}

/// A figure is per plugin.
fn loads(engine: &Engine, scratch: &Path, seconds: Duration, figures: &mut Figures) -> anyhow::Result<()> {
    let count = u32::try_from(engine.catalogue.current().iter().count().max(1))?;
    let (mut cold, mut cached) = (Series::default(), Series::default());
    let end = Instant::now() + seconds;
    for round in 0.. {
        let cache = scratch.join(format!("code-{round}"));
        for series in [&mut cold, &mut cached] {
            let start = Instant::now();
            let catalogue = Catalogue::open(engine.place.config(cache.clone())).context("cannot load plugins")?;
            series.add(start.elapsed() / count);
            drop(catalogue);
        }
        if Instant::now() > end {
            break;
        }
    }
    figures.put("load_ms".to_owned(), cold.milliseconds());
    figures.put("load_cached_ms".to_owned(), cached.milliseconds());
    Ok(())
}
