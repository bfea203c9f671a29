//! Measures what two boxes can tell each other through the page cache behind the toolchains, which is one for the machine.
//! Ignored unless asked for: `cargo xtask attack --channels`.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use bytes::Bytes;
use optimus_sandbox::{BoxStep, NativeConfig, NativeSandbox, Sandbox};
use rustix::fs::{Advice, fadvise};

use crate::programs::{Program, load};
use crate::run::{Heard, placed};

/// Bits of one message, each a page of its own.
const BITS: usize = 960;
/// As the program has them.
const APART: usize = 65_536;
const KNOWN: usize = 32;

/// A toolchain on a disk, with a large file in it that no page of is in memory.
struct Toolchain {
    place: tempfile::TempDir,
    file: File,
}

impl Toolchain {
    fn new() -> Self {
        let place = tempfile::Builder::new().prefix("toolchain").tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = place.path().join("archive");
        fs::write(&path, vec![7; (KNOWN + BITS) * APART + 1]).unwrap();
        let file = File::open(path).unwrap();
        file.sync_all().unwrap();
        Self { place, file }
    }

    fn path(&self) -> String {
        self.place.path().join("archive").display().to_string()
    }

    /// Drops the file from the page cache.
    fn forget(&self) {
        fadvise(&self.file, 0, None, Advice::DontNeed).unwrap();
    }
}

/// What arrived of a message, and how long it took.
struct Arrived {
    wrong: usize,
    took: Duration,
    said: String,
}

impl Arrived {
    /// What of a message gets through a channel that turns so many of its bits, in bits a second (Shannon).
    #[expect(clippy::cast_precision_loss, reason = "some hundred bits")]
    fn bits_per_second(&self) -> f64 {
        let share = (self.wrong as f64 / BITS as f64).clamp(1e-9, 1.0 - 1e-9);
        let lost = -share * share.log2() - (1.0 - share) * (1.0 - share).log2();
        BITS as f64 * (1.0 - lost) / self.took.as_secs_f64()
    }
}

#[test]
#[ignore = "a measurement: cargo xtask attack --channels"]
fn the_page_cache_between_two_boxes() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let toolchain = Toolchain::new();
        let config =
            NativeConfig { toolchains: vec![toolchain.place.path().display().to_string()], ..NativeConfig::default() };
        let sandbox = NativeSandbox::new(config).unwrap();
        let arrived = message(&sandbox, &toolchain).await;
        println!(
            "page cache, default isolation: {:.0} bits/s ({} of {BITS} bits wrong in {} ms; {})",
            arrived.bits_per_second(),
            arrived.wrong,
            arrived.took.as_millis(),
            arrived.said.trim()
        );
    });
}

/// Sends a message from one box to another.
async fn message(sandbox: &dyn Sandbox, toolchain: &Toolchain) -> Arrived {
    let programs = load().unwrap();
    let program = programs.iter().find(|program| program.name == "page_cache").unwrap();
    // Any bits will do, as long as zeros and ones are even and nothing repeats.
    let bits: String =
        (0..BITS as u64).map(|i| if (i * i * 2_654_435_761) >> 7 & 1 == 1 { '1' } else { '0' }).collect();
    toolchain.forget();
    let start = Instant::now();
    run(sandbox, program, &["send", &toolchain.path()], &bits).await;
    let heard = run(sandbox, program, &["receive", &toolchain.path(), &BITS.to_string()], "").await;
    let took = start.elapsed();
    let wrong = heard.stdout.iter().zip(bits.bytes()).filter(|(a, b)| **a != *b).count();
    assert_eq!(heard.stdout.len(), BITS, "{heard}");
    Arrived { wrong, took, said: String::from_utf8_lossy(&heard.stderr).into_owned() }
}

async fn run(sandbox: &dyn Sandbox, program: &Program, args: &[&str], stdin: &str) -> Heard {
    let mut open = sandbox.open("native").await.unwrap();
    open.stage(&[placed(program)]).await.unwrap();
    let argv: Vec<_> = ["./page_cache"].iter().chain(args).map(|&arg| arg.to_owned()).collect();
    let stdin = Bytes::from(stdin.to_owned()).into();
    let mut heard = Heard::default();
    let outcome = open.run(&BoxStep { stdin, ..BoxStep::new(&argv, program.head.limits) }, &mut heard).await.unwrap();
    assert!(outcome.is_success(), "{outcome:?}");
    heard
}
