//! The one WebAssembly engine: how it compiles, what a guest finds linked, how a call is bounded.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::thread::Thread;
use std::time::Duration;

use wasmtime::component::{Linker, ResourceType};
use wasmtime::{Cache, CacheConfig, Engine, OptLevel, Store, Strategy, Trap};

use crate::blob::Blob;
use crate::error::{CallError, PluginError};
use crate::state::{Log, State};
use crate::wasi;
use crate::wit::Level;

/// Precision of a deadline.
const TICK: Duration = Duration::from_millis(10);
/// Maximum sleep of the clock while no guest runs, after which it checks if it is still needed.
const IDLE: Duration = Duration::from_secs(10);
/// Waking the clock costs a call some µs, so it stays awake for a while.
const QUIET_TICKS: usize = 100;
/// Half a mebibyte is deep enough for planning, and fits any thread.
const STACK_BYTES: usize = 512 << 10;
/// Maximum bytes that a guest passes in one call; guards the host's memory, as the budget guards the guest's.
pub(crate) const HOSTCALL_BYTES: usize = 16 << 20;
const HANDLES: usize = 1_000;
const CACHE_BYTES: u64 = 512 << 20;

/// The interfaces that a guest may import.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tier {
    /// The contract's own `log` and `blobs`.
    Pure,
    /// And WASI in which nothing is.
    QuietWasi,
}

/// The engine, its linkers and its clock.
pub(crate) struct Host {
    pub(crate) engine: Engine,
    pure: Linker<State>,
    quiet_wasi: Linker<State>,
    clock: Arc<Clock>,
    memory_bytes: usize,
}

impl Host {
    /// With a directory, compiled code is kept there.
    pub(crate) fn new(memory_bytes: usize, code_dir: Option<&Path>) -> Result<Self, PluginError> {
        let failed = |error: wasmtime::Error| PluginError::Engine { message: format!("{error:#}") };
        let engine = Engine::new(&engine_config(code_dir).map_err(failed)?).map_err(failed)?;
        let pure = linker(&engine, Tier::Pure).map_err(failed)?;
        let quiet_wasi = linker(&engine, Tier::QuietWasi).map_err(failed)?;
        let clock = Clock::start(&engine).map_err(|error| PluginError::Engine { message: error.to_string() })?;
        Ok(Self { engine, pure, quiet_wasi, clock, memory_bytes })
    }

    /// Which machine code fits: it changes with the engine, its settings, and the program that it is built into.
    pub(crate) fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        let exe = std::env::current_exe().and_then(std::fs::metadata).and_then(|exe| exe.modified());
        exe.ok().hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    pub(crate) fn linker(&self, tier: Tier) -> &Linker<State> {
        match tier {
            Tier::Pure => &self.pure,
            Tier::QuietWasi => &self.quiet_wasi,
        }
    }

    /// Runs `call` with a store that lives for it alone. The thread is blocked meanwhile, for `deadline` at most.
    pub(crate) fn call<R>(
        &self,
        guest: &Guest<'_>,
        deadline: Duration,
        call: impl FnOnce(&mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, CallError> {
        let log = Log::default();
        let wasi = (guest.tier == Tier::QuietWasi).then(|| wasi::context(&log));
        let mut store = Store::new(&self.engine, State::new(self.memory_bytes, log.clone(), wasi));
        store.limiter(|state| &mut state.budget);
        store.set_hostcall_fuel(HOSTCALL_BYTES);
        store.set_max_component_handles(HANDLES);
        // One more: the first tick may come immediately.
        let ticks = deadline.as_nanos().div_ceil(TICK.as_nanos());
        store.set_epoch_deadline(u64::try_from(ticks).unwrap_or(u64::MAX >> 1).saturating_add(1));
        let ticking = self.clock.run();
        let result = call(&mut store).map_err(|error| self.diagnose(&error, &store, deadline));
        drop(ticking);
        log.trace(guest.name);
        result
    }

    fn diagnose(&self, error: &wasmtime::Error, store: &Store<State>, deadline: Duration) -> CallError {
        if store.data().budget.refused {
            return CallError::Memory(self.memory_bytes);
        }
        if error.downcast_ref::<Trap>() == Some(&Trap::Interrupt) {
            return CallError::Deadline(deadline);
        }
        let cause = error.root_cause().to_string();
        // wasmtime 48 keeps this error's type to itself (`HostcallFuelExhausted`, component/func/options.rs), so its text is
        // all there is to tell it by. A hostile plugin of the tests holds us to the text.
        if cause.contains("too much data is being copied") {
            return CallError::TooMuchData(HOSTCALL_BYTES);
        }
        let reason = store.data().log.last_words().unwrap_or(cause);
        // The text is the guest's: it becomes one line that cannot move a terminal's cursor.
        CallError::Trapped { reason: reason.replace(char::is_control, " ") }
    }
}

/// Whom a call is for.
pub(crate) struct Guest<'a> {
    pub(crate) name: &'a str,
    pub(crate) tier: Tier,
}

fn engine_config(code_dir: Option<&Path>) -> wasmtime::Result<wasmtime::Config> {
    let mut config = wasmtime::Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .concurrency_support(false)
        .wasm_memory64(false)
        // A component of several has a memory for each; the budget is for all of them together.
        .wasm_multi_memory(true)
        .wasm_relaxed_simd(false)
        // Programs inside WebAssembly may throw; a plugin has no need to.
        .wasm_exceptions(false)
        .wasm_function_references(false)
        .wasm_gc(false)
        // The same plan on every machine.
        .cranelift_nan_canonicalization(true)
        .max_wasm_stack(STACK_BYTES)
        .async_stack_size(2 * STACK_BYTES)
        .wasm_backtrace_max_frames(NonZeroUsize::new(16));
    if let Some(dir) = code_dir {
        config.cache(Some(cache(dir)?));
    }
    Ok(config)
}

fn cache(dir: &Path) -> wasmtime::Result<Cache> {
    let mut cache = CacheConfig::new();
    cache
        .with_directory(dir)
        .with_files_total_size_soft_limit(CACHE_BYTES)
        .with_baseline_compression_level(1)
        // Files are sealed when they are written (see `seal`); compressing them again would break the seal.
        .with_optimized_compression_usage_counter_threshold(u64::MAX);
    Cache::new(cache)
}

fn linker(engine: &Engine, tier: Tier) -> wasmtime::Result<Linker<State>> {
    let mut linker = Linker::new(engine);
    linker.instance("optimus:plugin/log@1.0.0")?.func_wrap("write", |cx, (level, line): (Level, String)| {
        let state: &State = cx.data();
        state.log.push(level, &line);
        Ok(())
    })?;
    let mut blobs = linker.instance("optimus:plugin/blobs@1.0.0")?;
    blobs.resource("blob", ResourceType::host::<Blob>(), |mut cx, rep| {
        cx.data_mut().table.delete(wasmtime::component::Resource::<Blob>::new_own(rep))?;
        Ok(())
    })?;
    blobs.func_wrap("[method]blob.size", |cx, (blob,): (wasmtime::component::Resource<Blob>,)| {
        let state: &State = cx.data();
        Ok((state.table.get(&blob)?.size(),))
    })?;
    blobs.func_wrap(
        "[method]blob.read",
        |cx, (blob, offset, length): (wasmtime::component::Resource<Blob>, f64, u32)| {
            let state: &State = cx.data();
            Ok((state.table.get(&blob)?.read(offset, length),))
        },
    )?;
    if tier == Tier::QuietWasi {
        wasi::link(&mut linker)?;
    }
    Ok(linker)
}

/// Ticks while a guest runs, and only then: a host with nothing to plan sleeps. Without a lock, since a call must not
/// wait for a clock that was put aside by the scheduler.
struct Clock {
    running: AtomicUsize,
    /// Calls that ever began.
    begun: AtomicUsize,
    thread: OnceLock<Thread>,
}

impl Clock {
    /// A thread, not a task: guests may hold up every thread that runs tasks.
    fn start(engine: &Engine) -> std::io::Result<Arc<Self>> {
        let clock =
            Arc::new(Self { running: AtomicUsize::new(0), begun: AtomicUsize::new(0), thread: OnceLock::new() });
        let weak = Arc::downgrade(&clock);
        let engine = engine.weak();
        let thread = std::thread::Builder::new().name("plugin-clock".into()).spawn(move || {
            let (mut seen, mut quiet) = (0, 0);
            while let Some(clock) = Weak::upgrade(&weak) {
                let begun = clock.begun.load(Ordering::SeqCst);
                let calm = clock.running.load(Ordering::SeqCst) == 0 && begun == seen;
                (seen, quiet) = (begun, if calm { quiet + 1 } else { 0 });
                drop(clock);
                if quiet > QUIET_TICKS {
                    std::thread::park_timeout(IDLE)
                } else {
                    std::thread::sleep(TICK)
                }
                let Some(engine) = engine.upgrade() else { break };
                engine.increment_epoch();
            }
        })?;
        clock.thread.get_or_init(|| thread.thread().clone());
        Ok(clock)
    }

    fn run(&self) -> Ticking<'_> {
        self.begun.fetch_add(1, Ordering::SeqCst);
        // A wake-up that comes before the sleep is not lost: the sleep then ends immediately.
        if self.running.fetch_add(1, Ordering::SeqCst) == 0
            && let Some(thread) = self.thread.get()
        {
            thread.unpark();
        }
        Ticking(self)
    }
}

struct Ticking<'a>(&'a Clock);

impl Drop for Ticking<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}
