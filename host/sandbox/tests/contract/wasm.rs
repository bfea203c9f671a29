//! The suite on programs inside WebAssembly: its program built for WASI, and engines that are this test program again.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use optimus_testing::skip;
use optimus_wasm::{EngineCommand, Runtimes, WasmConfig, WasmSandbox};

use crate::contract;

const PATHS: [&str; 2] = ["OPTIMUS_TEST_ENGINE_RUNTIME", "OPTIMUS_TEST_ENGINE_CODE"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wasm_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    let program = match build(directory.path()) {
        Ok(program) => program,
        Err(why) => return skip(&why),
    };
    let engine = EngineCommand {
        program: std::env::current_exe().unwrap(),
        args: ["--exact", "wasm::an_engine_of_the_test_above", "--nocapture"].map(Into::into).into(),
        by_environment: Some(PATHS),
    };
    let sandbox = WasmSandbox::new(WasmConfig { runtimes: Runtimes::new(directory.path()), engine, pool: 1 });
    contract(&sandbox, "", program).await;
}

/// Started by the test above alone, as an engine; otherwise it has nothing to do.
#[test]
fn an_engine_of_the_test_above() {
    let [Some(runtime), Some(code)] = PATHS.map(std::env::var_os) else { return };
    let runtime = (!runtime.is_empty()).then(|| Path::new(&runtime));
    let _ = optimus_wasm::engine_process(runtime, Some(Path::new(&code)));
}

/// Builds the suite's program, or says why it cannot be built here.
fn build(directory: &Path) -> Result<Bytes, String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract/program_wasi.rs");
    let target = directory.join("program.wasm");
    let mut rustc = Command::new("rustc");
    rustc.args(["--edition", "2024", "--target", "wasm32-wasip1", "-O", "-o"]).arg(&target).arg(source);
    match rustc.output() {
        Err(error) => Err(format!("no `rustc`: {error}")),
        Ok(output) if !output.status.success() => {
            Err(format!("`rustc` cannot build for wasm32-wasip1: {}", String::from_utf8_lossy(&output.stderr)))
        }
        Ok(_) => std::fs::read(&target).map(Bytes::from).map_err(|error| error.to_string()),
    }
}
