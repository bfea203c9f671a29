//! Programs inside WebAssembly: where the runtimes are, and how this program starts itself as an engine.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Context as _;
use optimus_sandbox::own_program;
use optimus_wasm::{EngineCommand, Runtime, Runtimes, WasmConfig, WasmSandbox};

use super::state_dir;
use crate::cli::EngineArgs;
use crate::output::Advised;

/// The argument that starts this program as the engine of one box: internal, and therefore not a verb.
pub const RUN_ENGINE: &str = "__wasm_engine";
/// The same for compiling a runtime.
pub const COMPILE_RUNTIME: &str = "__wasm_compile";

/// Below a state directory.
const RUNTIMES: &str = "runtimes";

/// The runtimes below the state directory.
///
/// # Errors
/// There is no state directory.
pub(crate) fn runtimes(state: Option<&Path>) -> anyhow::Result<Runtimes> {
    Ok(Runtimes::new(state_dir(state)?.join(RUNTIMES)))
}

/// Has another state directory use the same runtimes, if there are any.
///
/// # Errors
/// It cannot be written to.
pub(crate) fn share_runtimes(state: Option<&Path>, other: &Path) -> anyhow::Result<()> {
    let runtimes = state_dir(state)?.join(RUNTIMES);
    if !runtimes.is_dir() {
        return Ok(());
    }
    std::fs::create_dir_all(other).with_context(|| format!("cannot create `{}`", other.display()))?;
    std::os::unix::fs::symlink(runtimes, other.join(RUNTIMES)).context("cannot link the runtimes")
}

/// The backend; nothing is started before the first job.
pub(super) fn sandbox(args: &EngineArgs, slots: usize) -> anyhow::Result<WasmSandbox> {
    let engine = EngineCommand { program: own_program(), args: vec![RUN_ENGINE.into()], by_environment: None };
    Ok(WasmSandbox::new(WasmConfig { runtimes: runtimes(args.state.as_deref())?, engine, pool: slots }))
}

/// Installs a runtime, compiled by a process of its own.
///
/// # Errors
/// It is no runtime, or it cannot be stored.
pub(crate) fn install_runtime(runtimes: &Runtimes, name: &str, module: &[u8]) -> anyhow::Result<Runtime> {
    let program = own_program();
    let compile = |module: &Path, code: &Path| {
        let mut command = Command::new(&program);
        command.arg(COMPILE_RUNTIME).arg(module).arg(code).env_clear().current_dir("/");
        // Nothing is written to its stdin. There may be no /dev/null, as in a root directory of a few files.
        let output = command.stdin(Stdio::piped()).output();
        let output = output.map_err(|error| format!("the compiler cannot be started: {error}"))?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    };
    let installed = runtimes.install(name, module, compile);
    installed.map_err(|error| Advised::new("runtime", error.to_string(), error.hint()).into())
}
