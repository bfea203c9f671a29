//! Measures this machine: bare processes, boxes, plans and whole jobs over HTTP, in turns within one run, so that the
//! figures can be held against each other on a machine whose speed drifts.

mod bare;
mod containers;
mod crowd;
mod figures;
mod http;
mod meaning;
mod plot;
mod plugins;
mod programs;
mod queue;
mod sandbox;
mod warm;

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

pub use figures::{Figure, Figures};
pub use plot::svg;

use crate::bench::bare::Bare;
use crate::bench::figures::Series;
use crate::bench::http::Server;
use crate::bench::programs::Program;
use crate::bench::sandbox::Boxed;
use crate::cli::Bench;
use crate::engine::Engine;

/// Tests of a job whose tests are measured.
const TESTS: u32 = 100;

/// Measures everything; about `seconds` a figure. `progress` hears what is being measured.
///
/// # Errors
/// A part that cannot be measured here, by name.
pub async fn measure(args: &Bench, progress: &dyn Fn(&str)) -> anyhow::Result<Figures> {
    let seconds = Duration::from_secs_f64(args.seconds.clamp(0.1, 600.0));
    let scratch = tempfile::tempdir().context("cannot create a scratch directory")?;
    if args.queue_only {
        let mut figures = Figures::default();
        progress("the queue");
        queue::measure(args, seconds, &mut figures).await?;
        return Ok(figures);
    }
    progress("a server of its own is starting");
    // Cold ones, but where both are measured.
    let mut cold = args.clone();
    cold.engine.warm_starts = crate::cli::WarmStarts::Off;
    let state = scratch.path().join("state");
    crate::engine::share_runtimes(args.engine.state.as_deref(), &state)?;
    let server = Server::start(&cold, scratch.path()).await?;
    let engine = server.engine()?;
    let programs = match programs::measurable(engine, args.engine.sandbox).await {
        Ok(programs) => programs,
        Err(error) => {
            server.stop().await;
            return Err(error);
        }
    };
    let mut figures = Figures::default();
    if args.crowd_only {
        let program = programs.first().context("the bench has no program")?;
        progress("a client among thousands that say nothing");
        // The first job compiles.
        server.judge(&program.job(1)).await?;
        crowd::measure(program, &server, seconds, &mut figures).await?;
        server.stop().await;
        return Ok(figures);
    }
    for program in programs {
        progress(&format!("{}: alone, in a box and over HTTP, in turns", program.name));
        latencies(args, &program, &server, scratch.path(), seconds, &mut figures).await?;
        progress(&format!("{}: jobs a second", program.name));
        throughput(&program, &server, engine.slots, seconds, &mut figures).await?;
        if !program.warm.is_empty() {
            warm::measure(args, &program, &server, scratch.path(), seconds, &mut figures).await?;
        }
    }
    progress("plugins: plans and loading");
    plugins::measure(engine, scratch.path(), seconds, &mut figures).await?;
    server.stop().await;
    if !args.queue_args().is_embedded() {
        progress("the queue");
        queue::measure(args, seconds, &mut figures).await?;
    }
    Ok(figures)
}

/// Bare, boxed and over HTTP take turns.
async fn latencies(
    args: &Bench,
    program: &Program,
    server: &Server,
    scratch: &std::path::Path,
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    let mut bare = Bare::build(program, scratch)?;
    let engine = server.engine()?;
    let image = image(program, engine);
    let mut boxed = if program.boxed { Some(Boxed::open(&*engine.sandbox, &image, &bare).await?) } else { None };
    let (mut bare_ms, mut box_ms, mut http_ms) = (Series::default(), Series::default(), Series::default());
    // The first job compiles and fills caches; what is measured is the state that a busy server is in.
    server.judge(&program.job(1)).await?;
    let end = Instant::now() + seconds * 3;
    while Instant::now() < end {
        bare_ms.add(bare.run()?);
        if let Some(boxed) = &mut boxed {
            box_ms.add(boxed.run().await?);
        }
        http_ms.add(server.judge(&program.job(1)).await?);
    }
    let name = &program.name;
    figures.put(format!("bare_{name}_ms"), bare_ms.milliseconds());
    figures.put(format!("http_{name}_ms"), http_ms.milliseconds());
    if boxed.is_some() {
        figures.put(format!("box_{name}_ms"), box_ms.milliseconds());
        figures.put("per_test_ms".to_owned(), per_test(&program.job(TESTS), server, seconds).await?);
        let checked = per_test(&program.checked_job(TESTS), server, seconds).await?;
        figures.put("checked_test_ms".to_owned(), checked);
        if let Some(docker) = &engine.docker {
            containers::measure(args, docker, &image, (program, &bare), seconds, figures).await?;
        }
    }
    Ok(())
}

/// The image that the program's language asks for.
fn image(program: &Program, engine: &Engine) -> String {
    let language = engine.book.find(&program.language);
    language.and_then(|language| language.descriptor.images.first().cloned()).unwrap_or_default()
}

/// Of a job of [`TESTS`] tests.
async fn per_test(job: &Value, server: &Server, seconds: Duration) -> anyhow::Result<Figure> {
    let mut series = Series::default();
    let end = Instant::now() + seconds;
    while Instant::now() < end || series.is_empty() {
        series.add(server.judge(job).await? / TESTS);
    }
    Ok(series.milliseconds())
}

async fn throughput(
    program: &Program,
    server: &Server,
    slots: usize,
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    // Twice as many clients as slots, so that a slot never waits for a client.
    let rates = server.flood(&program.job(1), slots * 2, seconds).await?;
    figures.put(format!("jobs_per_s_{}", program.name), rates);
    Ok(())
}
