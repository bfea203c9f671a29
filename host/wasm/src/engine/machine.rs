//! The WebAssembly engine: how it compiles, its clock, and the modules that it has compiled.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Thread;
use std::time::Duration;

use bytes::Bytes;
use wasmparser::{Parser, Payload};
use wasmtime::{Cache, CacheConfig, Config, Engine, InstancePre, Linker, Module, OptLevel};

use super::filter::CompilerMemory;
use crate::state::State;
use crate::wasi;

/// How exact limits of time are.
pub(super) const TICK: Duration = Duration::from_millis(5);
/// A program's own stack, as the engine counts it; the stack in its linear memory comes on top.
pub(super) const PROGRAM_STACK_BYTES: usize = 16 << 20;
const CACHE_BYTES: u64 = 1 << 30;

/// The engine, and what it has compiled.
pub(super) struct Machine {
    pub(super) engine: Engine,
    pub(super) linker: Linker<State>,
    pub(super) clock: Clock,
    runtime: Option<InstancePre<State>>,
    /// The program that ran last: a job's tests run the same one.
    last: Option<(Bytes, InstancePre<State>)>,
}

impl Machine {
    /// Compiles `runtime`, or takes it from `cache`.
    pub(super) fn new(runtime: Option<&Path>, cache: Option<&Path>) -> wasmtime::Result<Self> {
        let runtime = runtime.map(std::fs::read).transpose()?;
        let engine = engine(cache, runtime.as_deref().is_some_and(throws))?;
        let mut linker = Linker::new(&engine);
        wasi::link(&mut linker)?;
        let runtime = runtime
            .map(|bytes| Module::from_binary(&engine, &bytes).and_then(|module| linker.instantiate_pre(&module)))
            .transpose()?;
        let clock = Clock::start(&engine)?;
        Ok(Self { engine, linker, clock, runtime, last: None })
    }

    pub(super) fn runtime(&self) -> Option<InstancePre<State>> {
        self.runtime.clone()
    }

    /// The program that ran last, if it is this one.
    pub(super) fn last(&self, bytes: &Bytes) -> Option<InstancePre<State>> {
        let (last, program) = self.last.as_ref()?;
        (last.as_ptr() == bytes.as_ptr() && last.len() == bytes.len()).then(|| program.clone())
    }

    /// A program, compiled.
    ///
    /// # Errors
    /// What is wrong with it, in words.
    pub(super) fn program(&mut self, bytes: Bytes) -> Result<InstancePre<State>, String> {
        let bounded = CompilerMemory::bound().map_err(|error| error.to_string())?;
        let module = Module::from_binary(&self.engine, &bytes).map_err(|error| one_line(&error));
        drop(bounded);
        let module = module?;
        let program = self.linker.instantiate_pre(&module).map_err(|error| one_line(&error))?;
        self.last = Some((bytes, program.clone()));
        Ok(program)
    }
}

/// An error with its causes. The text holds names that a stranger chose.
fn one_line(error: &wasmtime::Error) -> String {
    let text: String = format!("{error:#}").chars().map(|c| if c.is_control() { ' ' } else { c }).take(400).collect();
    text
}

/// Compiles a runtime into `cache`, and checks that programs can be started with it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn compile(runtime: &Path, cache: &Path) -> Result<(), String> {
    let machine = Machine::new(Some(runtime), Some(cache)).map_err(|error| one_line(&error))?;
    let starts = machine.runtime().is_some_and(|pre| pre.module().get_export("_start").is_some());
    if starts { Ok(()) } else { Err("it exports no `_start`: build it as a WASI command, not as a reactor".to_owned()) }
}

/// Whether a module throws exceptions. Only runtimes may, which the operator installs: what a stranger brings has no use
/// of the objects that the engine then has to keep.
fn throws(module: &[u8]) -> bool {
    let sections = Parser::new(0).parse_all(module).map_while(Result::ok);
    let mut before_code = sections.take_while(|section| !matches!(section, Payload::CodeSectionStart { .. }));
    before_code.any(|section| matches!(section, Payload::TagSection(_)))
}

fn engine(cache: Option<&Path>, throws: bool) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .consume_fuel(true)
        .epoch_interruption(true)
        // Threads cannot be started any more when programs are compiled.
        .parallel_compilation(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .wasm_exceptions(throws)
        .wasm_function_references(false)
        .wasm_gc(false)
        // The same bits on every machine.
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(PROGRAM_STACK_BYTES)
        .async_stack_size(PROGRAM_STACK_BYTES + (1 << 20))
        .wasm_backtrace_max_frames(None);
    if let Some(cache) = cache {
        let mut kept = CacheConfig::new();
        kept.with_directory(cache).with_files_total_size_soft_limit(CACHE_BYTES);
        config.cache(Some(Cache::new(kept)?));
    }
    Engine::new(&config)
}

/// The thread that interrupts programs, so that their time can be looked at.
pub(super) struct Clock {
    runs: Arc<AtomicBool>,
    thread: Thread,
}

impl Clock {
    fn start(engine: &Engine) -> wasmtime::Result<Self> {
        let runs = Arc::<AtomicBool>::default();
        let (ticking, engine) = (Arc::clone(&runs), engine.clone());
        let tick = move || {
            loop {
                match ticking.load(Ordering::Acquire) {
                    true => std::thread::sleep(TICK),
                    false => std::thread::park(),
                }
                engine.increment_epoch();
            }
        };
        let thread = std::thread::Builder::new().name("clock".to_owned()).spawn(tick)?.thread().clone();
        Ok(Self { runs, thread })
    }

    pub(super) fn run(&self, runs: bool) {
        self.runs.store(runs, Ordering::Release);
        self.thread.unpark();
    }
}
