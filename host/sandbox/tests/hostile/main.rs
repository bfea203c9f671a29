//! Programs that mean harm, run against a backend; each says itself how it must end, and the run after it must find
//! nothing of it.
//!
//! The attacks are the C files in `attacks/`; adding one there is all there is to do. `OPTIMUS_TEST_ATTACK=name` runs
//! one alone and shows what the wall answered.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test program")]

mod baseline;
#[path = "../contract/daemon.rs"]
mod daemon;
mod head;
mod host;
mod programs;
mod record;
mod run;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use baseline::Baseline;
use host::Canaries;
use optimus_sandbox::{DockerConfig, NativeConfig, NativeSandbox, Sandbox};
use run::Range;

/// Every attack compiles, and its head can be read.
#[test]
fn the_table_is_sound() {
    let programs = programs::load().unwrap();
    assert!(programs.len() > 90, "only {} attacks were found", programs.len());
    assert!(programs.iter().any(|program| program.name == "probe"));
}

/// The table, against boxes of this machine's own kernel.
#[test]
fn the_native_backend_holds() {
    alone(native());
}

async fn native() {
    let before = Baseline::take();
    match NativeSandbox::new(NativeConfig::default()) {
        Ok(sandbox) => run_table(Box::new(sandbox), "native", "native", before).await,
        Err(error) => optimus_testing::skip(&format!("{error}: {:?}", error.hint())),
    }
}

/// The table, against boxes in containers.
#[test]
fn the_docker_backend_holds() {
    alone(docker());
}

async fn docker() {
    let before = Baseline::take();
    match daemon::sandbox(DockerConfig::default()).await {
        Ok(sandbox) => run_table(Box::new(sandbox), "docker", daemon::IMAGE, before).await,
        Err(error) => optimus_testing::skip(&error),
    }
}

/// What one table holds would be charged to the other, down to the descriptors of its runtime.
fn alone(table: impl Future<Output = ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(table);
}

/// Runs the whole table. `sandbox` is given by value: once it is dropped, nothing of it may be left.
async fn run_table(sandbox: Box<dyn Sandbox>, backend: &str, image: &str, before: Baseline) {
    let programs = programs::load().unwrap();
    let only = std::env::var("OPTIMUS_TEST_ATTACK").ok();
    let find = |name: &str| programs.iter().find(|program| program.name == name).unwrap();
    let canaries = Canaries::set_out(&find("sleep_forever").path).unwrap();
    let range = Range { sandbox: &*sandbox, image, probe: find("probe"), canaries: &canaries };
    let mut failures = Vec::new();
    let mut count = 0;
    let mut warm = None;
    for program in programs.iter().filter(|p| p.name != "probe" && only.as_ref().is_none_or(|only| *only == p.name)) {
        for case in &program.head.cases {
            let name = format!("{} {}", program.name, case.args.join(" "));
            let start = std::time::Instant::now();
            let wrong = range.attack(program, case).await;
            println!("{} {name} {} ms", if wrong.is_empty() { "ok  " } else { "FAIL" }, start.elapsed().as_millis());
            wrong.iter().for_each(|wrong| println!("     {wrong}"));
            record::line(backend, &program.name, wrong.is_empty());
            failures.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", name.trim_end())));
            count += 1;
        }
        warm.get_or_insert_with(|| Baseline::take().descriptors);
    }
    // A pool may hold a few boxes, each with a few descriptors; what leaks, leaks once a run.
    let descriptors = Baseline::take().descriptors;
    if descriptors > warm.unwrap_or(descriptors) + 40 {
        failures.push(format!("{descriptors} descriptors are open after {count} runs, {warm:?} after the first"));
    }
    // The table itself holds some 300 MiB of programs and input; a gigabyte that was printed would show.
    let peak = host::peak_mib();
    if peak > 900 {
        failures.push(format!("we held {peak} MiB at once"));
    }
    drop(canaries);
    drop(sandbox);
    let excess = tokio::task::spawn_blocking(move || before.excess(Duration::from_secs(30))).await.unwrap();
    failures.extend(excess.map(|excess| format!("left on the host: {excess}")));
    assert!(count > 0, "no attack is called {only:?}");
    assert!(failures.is_empty(), "{} of {count} runs:\n{}", failures.len(), failures.join("\n"));
    println!("{count} runs of {} attacks", programs.len() - 1);
}
