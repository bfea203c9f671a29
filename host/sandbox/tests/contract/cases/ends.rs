//! Nothing is left of a step or of a box.

use std::time::Duration;

use bytes::Bytes;
use optimus_core::Limits;
use optimus_sandbox::{BoxStep, Discard, SandboxError, View};

use super::DEFAULT;
use crate::lab::{Lab, file};

pub(crate) async fn nothing_outlives_its_step(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let ran = bench.run(View::Fresh, &["daemon"]).await;
    assert_eq!(ran.ok(), "early");
    assert!(ran.outcome.wall_us < 900_000, "a daemon does not delay the step's end: {:?}", ran.outcome);
    // Were the daemon alive, it would count.
    let limits = Limits { processes: 1, ..DEFAULT };
    let ran = bench.run_with(View::Fresh, &["forks", "1"], &[], Bytes::new(), limits).await.unwrap();
    assert_eq!(ran.ok(), "0");
}

pub(crate) async fn nothing_is_left_for_the_next_box(lab: &Lab<'_>) {
    for _ in 0..3 {
        let mut bench = lab.bench().await;
        for path in ["left", "/tmp/left"] {
            assert_eq!(bench.run(View::Build, &["read", path]).await.ok(), "errno 2", "{path}");
            assert_eq!(bench.run(View::Build, &["write", path]).await.ok(), "0", "{path}");
        }
        bench.open.stage(&[file("also", "left", false)]).await.unwrap();
        drop(bench);
        // Time for the box to come back into the pool.
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut bench = lab.bench().await;
        assert_eq!(bench.run(View::Fresh, &["read", "also"]).await.ok(), "errno 2");
    }
}

pub(crate) async fn a_dropped_run_is_over(lab: &Lab<'_>) {
    let mut bench = lab.bench().await;
    let argv = ["./program", "sleep", "60"].map(str::to_owned);
    let limits = Limits { wall_ms: 60_000, ..DEFAULT };
    let step = BoxStep::new(&argv, limits);
    let mut sink = Discard;
    let run = bench.open.run(&step, &mut sink);
    assert!(tokio::time::timeout(Duration::from_millis(300), run).await.is_err(), "it sleeps");
    let again = bench.run_with(View::Fresh, &["exit", "0"], &[], Bytes::new(), DEFAULT).await;
    assert!(matches!(again, Err(SandboxError::Lost(_))), "the box is condemned: {again:?}");
    drop(bench);
    lab.run(&["exit", "0"], "", DEFAULT).await.ok();
}
