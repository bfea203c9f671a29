//! The third backend of the sandbox seam: programs that are WebAssembly (WASI preview 1).
//!
//! It needs no namespaces, no root, no daemon and no toolchain. Time is fuel: the same program with the same input uses the
//! same fuel on every machine, whatever else the machine does. Each box has an engine process of its own, which gives up
//! all but memory, time and one stream before it reads a program. What WASI cannot express (processes, threads, signals,
//! sockets) is missing, and [`describe`](optimus_sandbox::Sandbox::describe) says so.

mod compiled;
mod descriptors;
mod engine;
mod errno;
mod fs;
mod protocol;
mod runtimes;
mod sandbox;
mod state;
mod streams;
mod wasi;

pub use compiled::{COMPILED_PREFIX, CompiledSandbox, machine_image};
pub use engine::engine_process;
pub use runtimes::{IMAGE_PREFIX, Runtime, RuntimeError, Runtimes, compile_process};
pub use sandbox::{EngineCommand, WasmConfig, WasmSandbox};
