//! Programs inside WebAssembly, most of them bad ones: each is a few lines of WebAssembly's own text.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod attacks;
mod bad;
mod fuel;

use std::path::Path;

use optimus_core::plan::PlacedFile;
use optimus_core::{BoxPath, Limits, Outcome, Stream};
use optimus_sandbox::{BoxStep, Sandbox as _, Sink};
use optimus_wasm::{EngineCommand, Runtimes, WasmConfig, WasmSandbox};

const PATHS: [&str; 2] = ["OPTIMUS_TEST_ENGINE_RUNTIME", "OPTIMUS_TEST_ENGINE_CODE"];

/// Started by the tests as an engine; otherwise it has nothing to do.
#[test]
fn an_engine_of_the_other_tests() {
    let [Some(runtime), Some(code)] = PATHS.map(std::env::var_os) else { return };
    let runtime = (!runtime.is_empty()).then(|| Path::new(&runtime));
    let _ = optimus_wasm::engine_process(runtime, Some(Path::new(&code)));
}

fn sandbox(runtimes: Runtimes) -> WasmSandbox {
    let engine = EngineCommand {
        program: std::env::current_exe().unwrap(),
        args: ["--exact", "an_engine_of_the_other_tests", "--nocapture"].map(Into::into).into(),
        by_environment: Some(PATHS),
    };
    WasmSandbox::new(WasmConfig { runtimes, engine, pool: 1 })
}

#[derive(Default)]
struct Said(Vec<u8>);

impl Sink for Said {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }
}

/// Runs a module in a box of its own.
async fn run(module: &[u8], limits: Limits) -> (Outcome, String) {
    let directory = tempfile::tempdir().unwrap();
    let mut open = sandbox(Runtimes::new(directory.path())).open("").await.unwrap();
    let path = BoxPath::new("program").unwrap();
    open.stage(&[PlacedFile { path, executable: true, content: module.to_vec().into() }]).await.unwrap();
    let argv = ["./program".to_owned()];
    let mut said = Said::default();
    let outcome = open.run(&BoxStep::new(&argv, limits), &mut said).await.unwrap();
    (outcome, String::from_utf8_lossy(&said.0).into_owned())
}

/// A module with a memory, whose `_start` is `body`; calls of WASI are at hand, and text can be put at 1024.
fn module(body: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "clock_time_get" (func $clock (param i32 i64 i32) (result i32)))
            (import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_open"
                (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "path_symlink" (func $symlink (param i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
            (memory (export "memory") 2)
            (global $i (mut i32) (i32.const 0))
            (data (i32.const 1024) "../../etc/passwd/etc/passwdlink")
            {body})"#
    );
    wat::parse_str(text).unwrap()
}
