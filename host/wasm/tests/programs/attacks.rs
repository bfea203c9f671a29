//! Programs that mean harm, each with how it must end. What the next program finds is compared with what one found before
//! all of them, to the bit, in the same box and in another.

use std::path::Path;
use std::process::Command;

use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Exit, LimitHit, Limits, Outcome};
use optimus_sandbox::{BoxStep, OpenBox, Sandbox as _};
use optimus_wasm::Runtimes;

use crate::{Said, sandbox};

const MIB: u64 = 1 << 20;
const LIMITS: Limits = Limits {
    cpu_ms: 5_000,
    wall_ms: 20_000,
    memory_bytes: 48 * MIB,
    output_bytes: 100_000,
    open_files: 40,
    file_bytes: 32 * MIB,
    work_bytes: 4 * MIB,
    ..Limits::DEFAULT
};

/// The end of a program.
enum Ends {
    /// With code 0, once it has printed this.
    Saying(&'static str),
    Code(i32),
    Signal(i32),
    Limit(LimitHit),
}
use Ends::{Code, Limit, Saying, Signal};

/// The attacks of `guest/attacks.rs`, most with the limits above.
fn table() -> Vec<(&'static str, Limits, Ends)> {
    vec![
        ("spin", Limits { fuel: Some(20_000_000), ..LIMITS }, Limit(LimitHit::Fuel)),
        ("spin", Limits { cpu_ms: 100, ..LIMITS }, Limit(LimitHit::CpuTime)),
        ("sleep", Limits { wall_ms: 200, ..LIMITS }, Limit(LimitHit::WallTime)),
        ("memory", LIMITS, Limit(LimitHit::Memory)),
        ("memory_in_files", Limits { work_bytes: 100 * MIB, ..LIMITS }, Limit(LimitHit::Memory)),
        ("recursion", LIMITS, Signal(11)),
        ("trees", LIMITS, Saying("128 true")),
        ("large_files", LIMITS, Saying("[true, true] 22")),
        ("file_too_large", LIMITS, Limit(LimitHit::FileSize)),
        // 4 MiB, of which each file takes a page.
        ("many_files", LIMITS, Saying("1024")),
        ("many_names", LIMITS, Saying("1022\ntrue")),
        ("long_targets", LIMITS, Saying("0")),
        ("escapes", LIMITS, Saying("[]")),
        // Of the 40, three are the standard streams.
        ("descriptors", LIMITS, Saying("37")),
        ("closed", LIMITS, Code(0)),
        ("flood", LIMITS, Limit(LimitHit::Output)),
        ("flood_errors", LIMITS, Limit(LimitHit::Output)),
        ("pieces", LIMITS, Limit(LimitHit::Output)),
        ("pointers", LIMITS, Saying("[21, 21, 21, 21, 21, 21, 21, 28, 37]")),
        ("leftovers", LIMITS, Saying("true")),
        ("exit", LIMITS, Code(44)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_ends_as_it_must_and_leaves_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let program = match build(directory.path()) {
        Ok(program) => program,
        Err(why) => return optimus_testing::skip(&why),
    };
    let sandbox = sandbox(Runtimes::new(directory.path()));
    let open = async || {
        let mut open = sandbox.open("").await.unwrap();
        open.stage(std::slice::from_ref(&program)).await.unwrap();
        open
    };
    let (mut here, mut elsewhere) = (open().await, open().await);
    let before = run(&mut *here, "probe", LIMITS).await;
    assert!(before.0.is_success() && before.1.contains("6 open"), "{before:?}");
    let mut wrong = Vec::new();
    for (name, limits, ends) in table() {
        let (outcome, said) = run(&mut *here, name, limits).await;
        if !is(&ends, &outcome, said.trim_end()) || outcome.memory_peak_bytes > limits.memory_bytes {
            wrong.push(format!("{name}: {outcome:?}, having said {said:.300}"));
        }
        for other in [&mut here, &mut elsewhere] {
            let after = run(&mut **other, "probe", LIMITS).await;
            if (after.0.fuel, &after.1) != (before.0.fuel, &before.1) {
                wrong.push(format!("after {name}: {after:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "before: {before:?}\n{}", wrong.join("\n"));
}

fn is(ends: &Ends, outcome: &Outcome, said: &str) -> bool {
    match ends {
        Saying(words) => outcome.is_success() && said == *words,
        Code(code) => outcome.exit == Exit::Code(*code) && outcome.limit.is_none(),
        Signal(signal) => outcome.exit == Exit::Signal(*signal) && outcome.limit.is_none(),
        Limit(limit) => outcome.limit == Some(*limit),
    }
}

async fn run(open: &mut dyn OpenBox, name: &str, limits: Limits) -> (Outcome, String) {
    let argv = ["./program".to_owned(), name.to_owned()];
    let mut said = Said::default();
    let outcome = open.run(&BoxStep::new(&argv, limits), &mut said).await.unwrap();
    (outcome, String::from_utf8_lossy(&said.0).into_owned())
}

/// Builds the attacks, or says why they cannot be built here.
fn build(directory: &Path) -> Result<PlacedFile, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/programs/guest/attacks.rs");
    let target = directory.join("attacks.wasm");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--target", "wasm32-wasip1", "-O", "-o"]).arg(&target).arg(source);
    let output = rustc.output().map_err(|error| format!("no `rustc`: {error}"))?;
    if !output.status.success() {
        return Err(format!("`rustc` cannot build for wasm32-wasip1: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let content = std::fs::read(&target).map_err(|error| error.to_string())?;
    Ok(PlacedFile { path: BoxPath::new("program").unwrap(), executable: true, content: content.into() })
}
