//! The cost of containers, where boxes are made of them: compared with a box of this kernel, a container for each run,
//! and the first box of a language.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use optimus_sandbox::{DockerSandbox, NativeConfig, NativeSandbox};

use super::bare::Bare;
use super::figures::{Figures, Series};
use super::programs::Program;
use super::sandbox::Boxed;
use crate::cli::Bench;
use crate::engine::docker_config;

/// Measures them in turns.
pub(super) async fn measure(
    args: &Bench,
    docker: &Arc<DockerSandbox>,
    image: &str,
    (program, bare): (&Program, &Bare),
    seconds: Duration,
    figures: &mut Figures,
) -> anyhow::Result<()> {
    // Both also answer to a caller who may not build boxes of this kernel's own; then there is nothing to hold against.
    let native = NativeSandbox::new(NativeConfig { pool: 1, ..NativeConfig::default() }).ok();
    let mut native = match &native {
        Some(native) => Some(Boxed::open(native, "", bare).await?),
        None => None,
    };
    let (mut native_ms, mut plain_ms, mut cold_ms) = (Series::default(), Series::default(), Series::default());
    let nothing = ["true".to_owned()];
    let end = Instant::now() + seconds * 3;
    while Instant::now() < end || plain_ms.is_empty() {
        for _ in 0..10 {
            if let Some(native) = &mut native {
                native_ms.add(native.run().await?);
            }
        }
        plain_ms.add(docker.plain_run(image, &nothing).await.context("cannot run a plain container")?);
        let cold = DockerSandbox::connect(docker_config(&args.engine, 1)).await.context("cannot connect")?;
        let start = Instant::now();
        let mut first = Boxed::open(&cold, image, bare).await?;
        first.run().await?;
        cold_ms.add(start.elapsed());
    }
    if native.is_some() {
        figures.put(format!("native_box_{}_ms", program.name), native_ms.milliseconds());
    }
    figures.put("plain_container_ms".to_owned(), plain_ms.milliseconds());
    figures.put(format!("cold_box_{}_ms", program.name), cold_ms.milliseconds());
    Ok(())
}
