//! A program that fills its memory ends by that limit, also while the kernel evicts its text and reads it again.

use std::fs::{self, File};

use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, LimitHit, Limits};
use optimus_sandbox::{BoxStep, Discard, NativeConfig, NativeSandbox, Sandbox as _};
use optimus_testing::skip;
use rustix::fs::{Advice, fadvise};

const INTERPRETER: &str = "/usr/bin/python3";
const HOG: &str = "blocks = [bytearray(b'x') * (1 << 20) for _ in range(80)]\n";

/// Whoever reads a file first is charged for its pages. So of a program whose text nobody has read yet, the group may
/// evict the text, and Linux kills nothing as long as that yields pages: before, such programs ran into the clocks.
#[tokio::test]
async fn text_that_is_read_again_and_again_is_no_time() {
    let Ok(text) = fs::canonicalize(INTERPRETER) else { return skip("no /usr/bin/python3") };
    let config = NativeConfig { pool: 1, ..NativeConfig::default() };
    let sandbox = match NativeSandbox::new(config) {
        Ok(sandbox) => sandbox,
        Err(error) => return skip(&error.to_string()),
    };
    let mut open = sandbox.open("").await.unwrap();
    let path = BoxPath::new("main.py").unwrap();
    open.stage(&[PlacedFile { path, executable: false, content: HOG.to_owned().into() }]).await.unwrap();
    let limits = Limits { memory_bytes: 64 << 20, cpu_ms: 5_000, wall_ms: 10_000, ..Limits::DEFAULT };
    let argv = [INTERPRETER, "main.py"].map(str::to_owned);
    for round in 0..8 {
        // What is mapped by another process stays.
        fadvise(File::open(&text).unwrap(), 0, None, Advice::DontNeed).unwrap();
        let outcome = open.run(&BoxStep::new(&argv, limits), &mut Discard).await.unwrap();
        assert_eq!(outcome.limit, Some(LimitHit::Memory), "round {round}: {outcome:?}");
    }
}
