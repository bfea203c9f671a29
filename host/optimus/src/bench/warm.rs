//! Warm starts beside cold ones: steps of a box, and jobs of two servers, in turns.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Limits};
use optimus_sandbox::{BoxStep, Discard, OpenBox, Sandbox, warm_starts};

use super::figures::{Figures, Series};
use super::http::Server;
use super::programs::Program;
use crate::cli::{Bench, WarmStarts};

/// The tests of a job of several.
const TESTS: u32 = 10;

/// Measures `program` on a server with warm starts, beside `cold`, which has none.
pub(super) async fn measure(
    args: &Bench,
    program: &Program,
    cold: &Server,
    scratch: &Path,
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let name = &program.name;
    let mut args = args.clone();
    args.engine.warm_starts = WarmStarts::On;
    let warm = Server::start(&args, &scratch.join(format!("warm-{name}"))).await?;
    let engine = warm.engine()?;
    steps(program, &*engine.sandbox, &super::image(program, engine), seconds, figures).await?;
    let (mut cold_ms, mut warm_ms) = (Series::default(), Series::default());
    // The first jobs fill caches, and have a command come so often that it gets a parent.
    for _ in 0..engine.slots * 8 {
        warm.judge(&program.job(1)).await?;
    }
    let end = Instant::now() + seconds * 2;
    while Instant::now() < end {
        cold_ms.add(cold.judge(&program.job(1)).await?);
        warm_ms.add(warm.judge(&program.job(1)).await?);
    }
    figures.put(format!("http_cold_{name}_ms"), cold_ms.milliseconds());
    figures.put(format!("http_warm_{name}_ms"), warm_ms.milliseconds());
    for (kind, server) in [("cold", cold), ("warm", &warm)] {
        let clients = engine.slots * 2;
        let rates = server.flood(&program.job(1), clients, seconds).await?;
        figures.put(format!("jobs_per_s_{kind}_{name}"), rates);
        let rates = server.flood(&program.job(TESTS), clients, seconds).await?.times(f64::from(TESTS));
        let words = if kind == "warm" { String::new() } else { format!("{kind}_") };
        figures.put(format!("tests_per_s_{words}{name}"), rates);
    }
    warm.stop().await;
    Ok(())
}

/// The same step of an open box, warm and cold.
async fn steps(
    program: &Program,
    sandbox: &dyn Sandbox,
    image: &str,
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut open = sandbox.open_unpinned(image).await.context("cannot open a box")?;
    let path = BoxPath::new(program.path.as_str()).map_err(anyhow::Error::msg)?;
    let file = PlacedFile { path, executable: false, content: program.source.clone().into() };
    open.stage(&[file]).await.context("cannot stage the program")?;
    let (mut cold_ms, mut warm_ms) = (Series::default(), Series::default());
    let end = Instant::now() + seconds * 2;
    while Instant::now() < end {
        cold_ms.add(run(&mut *open, &program.warm, false).await?);
        let before = warm_starts().started;
        let took = run(&mut *open, &program.warm, true).await?;
        // The first ones, and those while a parent is replaced, are cold.
        if warm_starts().started > before {
            warm_ms.add(took);
        }
    }
    figures.put(format!("cold_{}_ms", program.name), cold_ms.milliseconds());
    if !warm_ms.is_empty() {
        figures.put(format!("warm_{}_ms", program.name), warm_ms.milliseconds());
    }
    Ok(())
}

async fn run(open: &mut dyn OpenBox, argv: &[String], warm: bool) -> anyhow::Result<Duration> {
    let step = BoxStep { warm, ..BoxStep::new(argv, Limits::DEFAULT) };
    let start = Instant::now();
    let outcome = open.run(&step, &mut Discard).await.context("cannot run in a box")?;
    let took = start.elapsed();
    ensure!(outcome.is_success(), "the program ended with {:?} in the box", outcome.exit);
    Ok(took)
}
