//! Submissions that mean harm, judged as any other: through the plugins, the compilers and the boxes of each backend.
//!
//! The attacks are the TOML files in `jobs/`; adding one there is all there is to do. Programs against the walls of a
//! box alone stand in `host/sandbox/tests/hostile/`; `index.toml` says which of both, and which tests of other rooms,
//! stand against what. `OPTIMUS_TEST_ATTACK=name` judges one alone and shows its reports.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test program")]

#[path = "../../../sandbox/tests/hostile/baseline.rs"]
mod baseline;
mod case;
#[path = "../support/engine.rs"]
mod engine;
mod index;
mod meanwhile;
mod range;
#[path = "../../../sandbox/tests/hostile/record.rs"]
mod record;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use engine::{root, skip};
use range::Range;

/// The table, in boxes of this machine's own kernel.
#[test]
fn the_native_backend_holds() {
    alone("native");
}

/// The table, in containers: as far as the images of its languages are here.
#[test]
fn the_docker_backend_holds() {
    alone("docker");
}

/// What one table holds would be charged to the other.
fn alone(sandbox: &str) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let mut before = baseline::Baseline::take();
    // A process keeps some for its signals once it has had a runtime.
    before.descriptors += 16;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let entered = runtime.enter();
    let range = Range::open(sandbox);
    drop(entered);
    match range {
        Ok(range) => runtime.block_on(run_table(range, sandbox)),
        Err(error) => return skip(&format!("{error:#}")),
    }
    drop(runtime);
    let excess = before.excess(std::time::Duration::from_secs(30));
    assert_eq!(excess, None, "left on the host");
}

async fn run_table(range: Range, sandbox: &str) {
    let only = std::env::var("OPTIMUS_TEST_ATTACK").ok();
    let attacks = case::load(&root().join("host/optimus/tests/attack/jobs")).unwrap();
    assert!(attacks.len() > 30, "only {} attacks were found", attacks.len());
    range.probe_toolchains().await;
    let (mut failures, mut held, mut absent) = (Vec::new(), 0, Vec::new());
    for attack in attacks.iter().filter(|attack| only.as_ref().is_none_or(|only| *only == attack.name)) {
        if let Some(language) = range.lacks(attack) {
            absent.push(format!("{} ({language})", attack.name));
            continue;
        }
        let start = std::time::Instant::now();
        let wrong = range.attack(attack).await;
        let word = if wrong.is_empty() { "ok  " } else { "FAIL" };
        println!("{word} {} {} ms", attack.name, start.elapsed().as_millis());
        record::line(sandbox, &attack.name, if wrong.is_empty() { "held" } else { "failed" });
        held += usize::from(wrong.is_empty());
        failures.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", attack.name)));
    }
    failures.extend(meanwhile(&range, sandbox, only.as_deref()).await);
    assert!(failures.is_empty(), "{} that held, and these:\n{}", held, failures.join("\n"));
    assert!(held > 0 || only.is_some(), "no attack could be tried");
    println!("{held} attacks held in {sandbox} boxes; no toolchain for: {absent:?}");
    if sandbox == "native" && !absent.is_empty() {
        skip(&format!("toolchains are missing: {absent:?}"));
    }
}

/// What went wrong for others while programs held on to what they could get.
async fn meanwhile(range: &Range, sandbox: &str, only: Option<&str>) -> Vec<String> {
    let (right, mut failures) = (range.right_programs().unwrap(), Vec::new());
    if !range.has("c") {
        return failures;
    }
    // Each is compiled before the first attack.
    failures.extend(range.judge_right(&right).await.into_iter().map(|wrong| format!("quiet: {wrong}")));
    for holding in meanwhile::holding().unwrap() {
        if only.is_some_and(|only| only != holding.name && only != "held") {
            continue;
        }
        let start = std::time::Instant::now();
        let wrong = range.judge_right_meanwhile(&holding, &right).await;
        let word = if wrong.is_empty() { "ok  " } else { "FAIL" };
        println!(
            "{word} {} while {} right programs were judged {} ms",
            holding.name,
            right.len(),
            start.elapsed().as_millis()
        );
        let failed = if wrong.is_empty() { BTreeSet::new() } else { BTreeSet::from([meanwhile::WORK.to_owned()]) };
        record::witness(sandbox, &holding.name, 0, &failed);
        wrong.iter().for_each(|wrong| println!("     {}", wrong.chars().take(300).collect::<String>()));
        if !holding.open {
            failures.extend(wrong.into_iter().map(|wrong| format!("{}: {wrong}", holding.name)));
        }
    }
    failures
}
