//! Programs that mean harm, run against a backend; each says itself how it must end, and the run after it must find
//! nothing of it. All the while, two witnesses keep working: one in another tenant's box, and one on the host.
//!
//! The attacks are the C files in `attacks/`; adding one there is all there is to do. `OPTIMUS_TEST_ATTACK=name,…`
//! runs some alone and shows what the wall answered.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a test program")]

mod baseline;
mod channels;
#[path = "../contract/daemon.rs"]
mod daemon;
mod head;
mod held;
mod host;
mod memory;
mod pair;
mod programs;
mod record;
mod run;
mod table;
mod user;
mod warm;
mod witness;

use std::sync::{Mutex, PoisonError};

use baseline::Baseline;
use host::Canaries;
use optimus_sandbox::{DockerConfig, NativeConfig, NativeSandbox, Sandbox as _};
use programs::Program;
use table::Table;

/// Every attack compiles, and its head can be read.
#[test]
fn the_table_is_sound() {
    let programs = programs::load().unwrap();
    assert!(programs.len() > 100, "only {} attacks were found", programs.len());
    assert!(programs.iter().any(|program| program.name == "probe"));
    let witness = programs.iter().find(|program| program.name == "witness").unwrap();
    assert!(witness.head.works.len() > 20, "the witness does {:?}", witness.head.works);
}

/// Programs that are no attacks: what starts one as a warm child, what is run after each, the witness, and what is measured.
const HELPERS: [&str; 4] = ["launcher", "page_cache", "probe", "witness"];

/// The table, against boxes of this machine's own kernel.
#[test]
fn the_native_backend_holds() {
    alone(native("native", NativeConfig::default(), |_| true));
}

/// The same, each attack as a warm child.
#[test]
fn warm_children_hold() {
    alone(native("warm", NativeConfig::default(), warm::may_be_warm));
}

/// The same boxes, built by an ordinary user: what does not need control groups, which a user is seldom given.
#[test]
fn the_native_backend_holds_without_root() {
    if user::is_inside() {
        let config = NativeConfig { allow_gaps: true, ..NativeConfig::default() };
        return alone(native("user", config, table::needs_no_group));
    }
    user::again("the_native_backend_holds_without_root");
}

/// The same, by a user to whom ids are granted: no two boxes are one account.
#[test]
fn the_native_backend_holds_with_subordinate_ids() {
    if user::is_inside() {
        let config = NativeConfig { allow_gaps: true, ..NativeConfig::default() };
        return alone(native(table::GRANTED, config, table::needs_no_group));
    }
    match optimus_testing::granted::user() {
        Ok(prefix) => user::again_as(&prefix, "the_native_backend_holds_with_subordinate_ids"),
        Err(missing) => optimus_testing::skip(&missing),
    }
}

async fn native(backend: &'static str, mut config: NativeConfig, which: fn(&Program) -> bool) {
    let before = Baseline::take();
    let programs = programs::load().unwrap();
    let mut canaries = Canaries::set_out().unwrap();
    config.toolchains.push(canaries.toolchain());
    match NativeSandbox::new(config) {
        Ok(sandbox) => {
            let summary = sandbox.describe().summary;
            assert!(backend != table::GRANTED || summary.contains("subordinate"), "{summary}");
            canaries.start(&programs).unwrap();
            let launcher =
                (backend == "warm").then(|| canaries.add_program("launcher", launcher_of(&programs)).unwrap());
            let table = Table { backend, image: "native", programs, canaries, before, which, launcher };
            table.run(Box::new(sandbox)).await;
        }
        Err(error) => optimus_testing::skip(&format!("{error}: {:?}", error.hint())),
    }
}

/// The table, against boxes in containers.
#[test]
fn the_docker_backend_holds() {
    alone(docker("docker", |_| true));
}

/// The same, each attack as a warm child.
#[test]
fn warm_children_hold_in_containers() {
    alone(docker("warm-docker", warm::may_be_warm));
}

async fn docker(backend: &'static str, which: fn(&Program) -> bool) {
    let before = Baseline::take();
    match daemon::sandbox(DockerConfig::default()).await {
        Ok(sandbox) => {
            let programs = programs::load().unwrap();
            let mut canaries = Canaries::set_out().unwrap();
            canaries.start(&programs).unwrap();
            let (mut image, mut launcher) = (daemon::IMAGE.to_owned(), None);
            if backend == "warm-docker" {
                image = daemon::with_program(LAUNCHER, launcher_of(&programs)).await.unwrap();
                launcher = Some(format!("/{LAUNCHER}"));
            }
            let table = Table { backend, image: &image, programs, canaries, before, which, launcher };
            table.run(Box::new(sandbox)).await;
        }
        Err(error) => optimus_testing::skip(&error),
    }
}

/// Where the launcher is in an image.
const LAUNCHER: &str = "usr/bin/launcher";

fn launcher_of(programs: &[Program]) -> &[u8] {
    &programs.iter().find(|program| program.name == "launcher").unwrap().executable
}

/// What one table holds would be charged to the other, down to the descriptors of its runtime.
fn alone(table: impl Future<Output = ()>) {
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(table);
}
