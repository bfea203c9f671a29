//! One program, from its first instruction to its end.

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use optimus_core::{Exit, LimitHit};
use rustix::time::{ClockId, clock_gettime};
use wasmtime::{InstancePre, Store, ThrownException, Trap, UpdateDeadline};

use super::machine::Machine;
use crate::descriptors::Descriptors;
use crate::errno::End;
use crate::fs::{self, Body, Fs};
use crate::protocol::{Ended, Reply, Run};
use crate::state::{Budget, State};
use crate::streams::{Channel, Streams};

/// How every WebAssembly module begins.
const MAGIC: &[u8] = b"\0asm";
/// The environment that every program gets, before its own.
const ENVIRONMENT: [(&str, &str); 4] = [("PATH", "/"), ("HOME", "/"), ("TMPDIR", "/tmp"), ("LANG", "C.UTF-8")];
const SEED: u64 = 0x6f70_7469_6d75_7321;

/// Why a program did not begin: what `execve` would say, and more for people.
struct NotStarted(&'static str, Option<String>);

/// Runs a step to its end.
///
/// # Errors
/// The stream to the sandbox is broken, or the engine is.
pub(super) fn execute(machine: &mut Machine, fs: &Fs, run: Run, channel: &Channel) -> io::Result<Ended> {
    let program = match find(machine, fs, &run.argv, channel)? {
        Ok(program) => program,
        Err(why) => return Ok(not_started(why)),
    };
    let limits = run.limits;
    let (began, cpu) = (Instant::now(), cpu_time());
    let mut store = store(machine, fs, run, channel, began).map_err(io::Error::other)?;
    machine.clock.run(true);
    let result = start(&mut store, &program);
    machine.clock.run(false);
    let (wall, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu));
    let left = store.get_fuel().map_err(io::Error::other)?;
    let mut state = store.into_data();
    if let Some(error) = state.broken.take() {
        return Err(error);
    }
    match state.streams.flush() {
        Ok(()) => {}
        Err(crate::errno::Stop::Broken(error)) => return Err(error),
        Err(_) => return Err(io::ErrorKind::Other.into()),
    }
    let (end, note) = match judge(&state, result) {
        Ok(end) => end,
        Err(why) => return Ok(not_started(why)),
    };
    let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    Ok(Ended {
        exit: end.exit,
        limit: end.limit,
        fuel: state.fuel - left,
        cpu_us: us(cpu),
        wall_us: us(wall),
        waited_us: match end.limit {
            Some(LimitHit::WallTime) => us(wall.saturating_sub(cpu).saturating_sub(state.streams.blocked)),
            _ => 0,
        },
        memory_peak_bytes: (state.budget.peak as u64)
            .saturating_add(state.budget.space.peak.get())
            .min(limits.memory_bytes),
        stdout_bytes: state.streams.kept[0],
        stderr_bytes: state.streams.kept[1],
        stdout_truncated: state.streams.truncated[0],
        stderr_truncated: state.streams.truncated[1],
        notes: note.into_iter().collect(),
    })
}

const MISSING: NotStarted = NotStarted("no such file or directory", None);

/// The runtime, for a bare name; else a module among the files.
///
/// # Errors
/// The stream to the sandbox is broken.
fn find(
    machine: &mut Machine,
    fs: &Fs,
    argv: &[String],
    channel: &Channel,
) -> io::Result<Result<InstancePre<State>, NotStarted>> {
    let name = argv.first().map_or("", String::as_str);
    if !name.contains('/') {
        return Ok(machine.runtime().ok_or(MISSING));
    }
    let bytes = match read(fs, name) {
        Ok(bytes) => bytes,
        Err(why) => return Ok(Err(why)),
    };
    if let Some(known) = machine.last(&bytes) {
        return Ok(Ok(known));
    }
    channel.borrow_mut().reply(&Reply::Compiling)?;
    let program = machine.program(bytes).map_err(|why| NotStarted("exec format error", Some(why)));
    channel.borrow_mut().reply(&Reply::Compiled)?;
    Ok(program)
}

/// The bytes of a module.
fn read(fs: &Fs, name: &str) -> Result<Bytes, NotStarted> {
    let node = fs::find(&fs.roots[0], name.trim_start_matches('/'), true).map_err(|_| MISSING)?;
    let bytes = match &*node.body.borrow() {
        Body::File(content) => content.to_bytes(),
        Body::Directory(_) | Body::Link(_) => return Err(NotStarted("permission denied", None)),
    };
    if !node.is_executable && !bytes.starts_with(MAGIC) {
        return Err(NotStarted("permission denied", None));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(NotStarted("exec format error", None));
    }
    Ok(bytes)
}

fn store(machine: &Machine, fs: &Fs, run: Run, channel: &Channel, began: Instant) -> wasmtime::Result<Store<State>> {
    let limits = run.limits;
    let deadline = began + Duration::from_millis(limits.wall_ms);
    let fuel = limits.fuel.unwrap_or(u64::MAX);
    let state = State {
        arguments: run.argv.into_iter().map(String::into_bytes).collect(),
        environment: environment(&run.env),
        streams: Streams::new(channel.clone(), run.stdin, run.stdin_ends, run.live, limits.output_bytes),
        open: Descriptors::new(fs, limits.open_files),
        limits,
        budget: Budget::new(fs, &limits),
        fuel,
        slept_ns: 0,
        random: SEED,
        deadline,
        end: None,
        broken: None,
    };
    let mut store = Store::new(&machine.engine, state);
    store.limiter(|state| &mut state.budget);
    store.set_fuel(fuel)?;
    store.set_epoch_deadline(1);
    let cpu = cpu_time();
    let cpu_limit = Duration::from_millis(limits.cpu_ms);
    store.epoch_deadline_callback(move |mut cx| {
        let over = if cpu_time().saturating_sub(cpu) > cpu_limit {
            LimitHit::CpuTime
        } else if Instant::now() >= deadline {
            LimitHit::WallTime
        } else {
            return Ok(UpdateDeadline::Continue(1));
        };
        cx.data_mut().end.get_or_insert(End::by_limit(over));
        Err(wasmtime::Error::msg("its time is over"))
    });
    Ok(store)
}

fn environment(own: &[(String, String)]) -> Vec<Vec<u8>> {
    let given = ENVIRONMENT.iter().filter(|(name, _)| own.iter().all(|(known, _)| known != name));
    let given = given.map(|(name, value)| format!("{name}={value}"));
    let all: Vec<_> = given.chain(own.iter().map(|(name, value)| format!("{name}={value}"))).collect();
    all.into_iter().map(String::into_bytes).collect()
}

/// The module's start function, if it has one, and then `_start`: both count.
fn start(store: &mut Store<State>, program: &InstancePre<State>) -> wasmtime::Result<bool> {
    let instance = program.instantiate(&mut *store)?;
    let Ok(main) = instance.get_typed_func::<(), ()>(&mut *store, "_start") else { return Ok(false) };
    main.call(&mut *store, ())?;
    Ok(true)
}

/// What its end means. A program whose request for memory was refused, and that then failed, ran out of memory.
fn judge(state: &State, result: wasmtime::Result<bool>) -> Result<(End, Option<String>), NotStarted> {
    let (mut end, note) = match (&state.end, result) {
        (Some(end), _) => (end.clone(), None),
        (None, Ok(true)) => (End { exit: Exit::Code(0), limit: None }, None),
        (None, Ok(false)) => {
            return Err(NotStarted("exec format error", Some("the module exports no `_start`".to_owned())));
        }
        (None, Err(error)) => match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => (End::by_limit(LimitHit::Fuel), None),
            Some(trap) => (End { exit: Exit::Signal(signal(*trap)), limit: None }, Some(trap.to_string())),
            None if error.is::<ThrownException>() => (
                End { exit: Exit::Signal(libc::SIGABRT), limit: None },
                Some("nothing catches its exception".to_owned()),
            ),
            None if state.budget.was_refused() => (End::by_limit(LimitHit::Memory), None),
            None => return Err(NotStarted("exec format error", Some(format!("{:.200}", error.root_cause())))),
        },
    };
    let may_be_memory = matches!(end.limit, None | Some(LimitHit::CpuTime | LimitHit::WallTime | LimitHit::Fuel));
    if state.budget.was_refused() && may_be_memory && end.exit != Exit::Code(0) {
        end.limit = Some(LimitHit::Memory);
    }
    Ok((end, note))
}

/// The signal that ends a native program that does the same.
fn signal(trap: Trap) -> i32 {
    match trap {
        Trap::UnreachableCodeReached => libc::SIGABRT,
        Trap::IntegerOverflow | Trap::IntegerDivisionByZero | Trap::BadConversionToInteger => libc::SIGFPE,
        Trap::StackOverflow | Trap::MemoryOutOfBounds | Trap::TableOutOfBounds | Trap::HeapMisaligned => libc::SIGSEGV,
        _ => libc::SIGILL,
    }
}

fn not_started(NotStarted(said, why): NotStarted) -> Ended {
    Ended {
        exit: Exit::NotStarted(said.to_owned()),
        limit: None,
        fuel: 0,
        cpu_us: 0,
        wall_us: 0,
        waited_us: 0,
        memory_peak_bytes: 0,
        stdout_bytes: 0,
        stderr_bytes: 0,
        stdout_truncated: false,
        stderr_truncated: false,
        notes: why.into_iter().collect(),
    }
}

/// CPU time of this thread.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
