//! WASI preview 1, over a file system in memory and a clock that fuel drives.
//!
//! Whatever a call returns depends on the program, its input and its limits alone: the clock is the fuel that was used
//! (1 ns each) and the time slept, and the random numbers are the same in every run. So a run can be repeated bit for bit.

mod files;
mod guest;
mod paths;
mod poll;

use optimus_core::{Exit, LimitHit};
use wasmtime::{Caller, Extern, Linker};

use crate::errno::{End, Errno, Stop};
use crate::state::State;
use guest::Guest;
use paths::Opening;

const MODULE: &str = "wasi_snapshot_preview1";
/// Fuel of a call, besides that for the bytes it moves: about what its host code costs in instructions.
const CALL_FUEL: u64 = 200;
const BYTES_PER_FUEL: u64 = 8;
/// 2000-01-01T00:00:00Z: the start of every program, by its own clock.
const START_NS: u64 = 946_684_800_000_000_000;
/// What clocks of programs are exact to.
const RESOLUTION_NS: u64 = 1_000;

/// A call moved so many bytes.
type Moved = Result<u64, Stop>;
const NOTHING: Moved = Ok(0);

/// One call of a program.
struct Call<'a> {
    guest: Guest<'a>,
    state: &'a mut State,
    /// The time by the program's clock, from its start.
    now_ns: u64,
}

/// Charges a call, carries it out, and turns what came of it into an `errno` or the program's end.
fn call(mut caller: Caller<'_, State>, carry_out: impl FnOnce(&mut Call<'_>) -> Moved) -> wasmtime::Result<i32> {
    charge(&mut caller, CALL_FUEL)?;
    let used = caller.data().fuel - caller.get_fuel()?;
    let Some(Extern::Memory(memory)) = caller.get_export("memory") else { return Ok(Errno::Fault as i32) };
    let (bytes, state) = memory.data_and_store_mut(&mut caller);
    let now_ns = used.saturating_add(state.slept_ns);
    let moved = carry_out(&mut Call { guest: Guest(bytes), state, now_ns });
    match moved {
        Ok(moved) => charge(&mut caller, moved / BYTES_PER_FUEL).map(|()| Errno::Success as i32),
        Err(Stop::Errno(errno)) => Ok(errno as i32),
        Err(Stop::End(end)) => Err(ended(caller.data_mut(), end)),
        Err(Stop::Broken(error)) => {
            caller.data_mut().broken = Some(error);
            Err(wasmtime::Error::msg("the sandbox is gone"))
        }
    }
}

fn charge(caller: &mut Caller<'_, State>, fuel: u64) -> wasmtime::Result<()> {
    match caller.get_fuel()?.checked_sub(fuel) {
        Some(left) => caller.set_fuel(left),
        None => {
            caller.set_fuel(0)?;
            Err(ended(caller.data_mut(), End::by_limit(LimitHit::Fuel)))
        }
    }
}

fn ended(state: &mut State, end: End) -> wasmtime::Error {
    state.end.get_or_insert(end);
    wasmtime::Error::msg("the program is over")
}

/// Links every call of preview 1; those for sockets say that there are none.
pub(crate) fn link(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    process(linker)?;
    streams(linker)?;
    opened(linker)?;
    named(linker)?;
    moved(linker)?;
    linker.func_wrap(MODULE, "sock_accept", |_: i32, _: i32, _: i32| Errno::NotSup as i32)?;
    linker
        .func_wrap(MODULE, "sock_recv", |_: i32, _: i32, _: i32, _: i32, _: i32, _: i32| Errno::NotSup as i32)?
        .func_wrap(MODULE, "sock_send", |_: i32, _: i32, _: i32, _: i32, _: i32| Errno::NotSup as i32)?
        .func_wrap(MODULE, "sock_shutdown", |_: i32, _: i32| Errno::NotSup as i32)?;
    Ok(())
}

/// Arguments, environment, clocks, random numbers, and the end.
fn process(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "args_sizes_get", |c: Caller<'_, State>, count: u32, bytes: u32| {
            call(c, |call| call.sizes(List::Arguments, count, bytes))
        })?
        .func_wrap(MODULE, "args_get", |c: Caller<'_, State>, list: u32, bytes: u32| {
            call(c, |call| call.list(List::Arguments, list, bytes))
        })?
        .func_wrap(MODULE, "environ_sizes_get", |c: Caller<'_, State>, count: u32, bytes: u32| {
            call(c, |call| call.sizes(List::Environment, count, bytes))
        })?
        .func_wrap(MODULE, "environ_get", |c: Caller<'_, State>, list: u32, bytes: u32| {
            call(c, |call| call.list(List::Environment, list, bytes))
        })?
        .func_wrap(MODULE, "clock_res_get", |c: Caller<'_, State>, clock: u32, to: u32| {
            call(c, |call| call.clock(clock, to, |_| RESOLUTION_NS))
        })?
        .func_wrap(MODULE, "clock_time_get", |c: Caller<'_, State>, clock: u32, _: u64, to: u32| {
            call(c, |call| call.clock(clock, to, |now| if clock == 0 { START_NS + now } else { now }))
        })?
        .func_wrap(MODULE, "random_get", |c: Caller<'_, State>, at: u32, length: u32| {
            call(c, |call| call.random(at, length))
        })?
        .func_wrap(MODULE, "sched_yield", |c: Caller<'_, State>| call(c, |_| NOTHING))?
        .func_wrap(MODULE, "proc_raise", |c: Caller<'_, State>, _: u32| call(c, |_| Err(Errno::NotSup.into())))?
        .func_wrap(MODULE, "poll_oneoff", |c: Caller<'_, State>, from: u32, to: u32, count: u32, happened: u32| {
            call(c, |call| call.poll_oneoff(from, to, count, happened))
        })?
        .func_wrap(MODULE, "proc_exit", |mut c: Caller<'_, State>, code: u32| -> wasmtime::Result<()> {
            // As exit(3): the low eight bits.
            let exit = Exit::Code(i32::from(code.to_le_bytes()[0]));
            Err(ended(c.data_mut(), End { exit, limit: None }))
        })?;
    Ok(())
}

/// Reading and writing.
fn streams(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "fd_read", |c: Caller<'_, State>, fd: u32, at: u32, count: u32, to: u32| {
            call(c, |call| call.fd_read(fd, (at, count), None, to))
        })?
        .func_wrap(MODULE, "fd_pread", |c: Caller<'_, State>, fd: u32, at: u32, count: u32, offset: u64, to: u32| {
            call(c, |call| call.fd_read(fd, (at, count), Some(offset), to))
        })?
        .func_wrap(MODULE, "fd_write", |c: Caller<'_, State>, fd: u32, at: u32, count: u32, to: u32| {
            call(c, |call| call.fd_write(fd, (at, count), None, to))
        })?
        .func_wrap(MODULE, "fd_pwrite", |c: Caller<'_, State>, fd: u32, at: u32, count: u32, offset: u64, to: u32| {
            call(c, |call| call.fd_write(fd, (at, count), Some(offset), to))
        })?
        .func_wrap(MODULE, "fd_seek", |c: Caller<'_, State>, fd: u32, offset: i64, whence: u32, to: u32| {
            call(c, |call| call.fd_seek(fd, offset, whence, to))
        })?
        .func_wrap(MODULE, "fd_tell", |c: Caller<'_, State>, fd: u32, to: u32| {
            call(c, |call| call.fd_seek(fd, 0, 1, to))
        })?;
    for name in ["fd_sync", "fd_datasync"] {
        linker.func_wrap(MODULE, name, |c: Caller<'_, State>, fd: u32| call(c, |call| call.known(fd)))?;
    }
    Ok(())
}

/// What is open.
fn opened(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker
        .func_wrap(MODULE, "fd_close", |c: Caller<'_, State>, fd: u32| call(c, |call| call.fd_close(fd)))?
        .func_wrap(MODULE, "fd_renumber", |c: Caller<'_, State>, from: u32, to: u32| {
            call(c, |call| call.state.open.renumber(from, to).map(|()| 0).map_err(Stop::from))
        })?
        .func_wrap(MODULE, "fd_advise", |c: Caller<'_, State>, fd: u32, _: u64, _: u64, _: u32| {
            call(c, |call| call.known(fd))
        })?
        .func_wrap(MODULE, "fd_allocate", |c: Caller<'_, State>, fd: u32, offset: u64, length: u64| {
            call(c, |call| call.fd_allocate(fd, offset, length))
        })?
        .func_wrap(MODULE, "fd_fdstat_get", |c: Caller<'_, State>, fd: u32, to: u32| {
            call(c, |call| call.fd_fdstat_get(fd, to))
        })?
        .func_wrap(MODULE, "fd_fdstat_set_flags", |c: Caller<'_, State>, fd: u32, flags: u32| {
            call(c, |call| call.fd_fdstat_set_flags(fd, flags))
        })?
        .func_wrap(MODULE, "fd_fdstat_set_rights", |c: Caller<'_, State>, fd: u32, _: u64, _: u64| {
            call(c, |call| call.known(fd))
        })?
        .func_wrap(MODULE, "fd_filestat_get", |c: Caller<'_, State>, fd: u32, to: u32| {
            call(c, |call| call.fd_filestat_get(fd, to))
        })?
        .func_wrap(MODULE, "fd_filestat_set_size", |c: Caller<'_, State>, fd: u32, size: u64| {
            call(c, |call| call.fd_filestat_set_size(fd, size))
        })?
        .func_wrap(MODULE, "fd_filestat_set_times", |c: Caller<'_, State>, fd: u32, _: u64, _: u64, _: u32| {
            call(c, |call| call.known(fd))
        })?
        .func_wrap(MODULE, "fd_prestat_get", |c: Caller<'_, State>, fd: u32, to: u32| {
            call(c, |call| call.fd_prestat_get(fd, to))
        })?
        .func_wrap(MODULE, "fd_prestat_dir_name", |c: Caller<'_, State>, fd: u32, to: u32, length: u32| {
            call(c, |call| call.fd_prestat_dir_name(fd, to, length))
        })?
        .func_wrap(
            MODULE,
            "fd_readdir",
            |c: Caller<'_, State>, fd: u32, buffer: u32, length: u32, cookie: u64, used: u32| {
                call(c, |call| call.fd_readdir(fd, (buffer, length), cookie, used))
            },
        )?;
    Ok(())
}

/// Paths.
fn named(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker
        .func_wrap(
            MODULE,
            "path_open",
            |c: Caller<'_, State>,
             fd: u32,
             lookup: u32,
             path: u32,
             length: u32,
             flags: u32,
             rights: u64,
             _: u64,
             fd_flags: u32,
             opened: u32| {
                let how = Opening { lookup, flags, rights, fd_flags };
                call(c, |call| call.path_open((fd, path, length), &how, opened))
            },
        )?
        .func_wrap(
            MODULE,
            "path_filestat_get",
            |c: Caller<'_, State>, fd: u32, lookup: u32, path: u32, length: u32, to: u32| {
                call(c, |call| call.path_filestat_get((fd, path, length), lookup, to))
            },
        )?
        .func_wrap(
            MODULE,
            "path_filestat_set_times",
            |c: Caller<'_, State>, fd: u32, lookup: u32, path: u32, length: u32, _: u64, _: u64, _: u32| {
                call(c, |call| call.path_filestat_set_times((fd, path, length), lookup))
            },
        )?
        .func_wrap(MODULE, "path_create_directory", |c: Caller<'_, State>, fd: u32, path: u32, length: u32| {
            call(c, |call| call.path_create_directory((fd, path, length)))
        })?
        .func_wrap(MODULE, "path_remove_directory", |c: Caller<'_, State>, fd: u32, path: u32, length: u32| {
            call(c, |call| call.path_remove_directory((fd, path, length)))
        })?
        .func_wrap(MODULE, "path_unlink_file", |c: Caller<'_, State>, fd: u32, path: u32, length: u32| {
            call(c, |call| call.path_unlink_file((fd, path, length)))
        })?;
    Ok(())
}

/// Paths, two at a time, and symlinks.
fn moved(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    linker
        .func_wrap(
            MODULE,
            "path_link",
            |c: Caller<'_, State>, fd: u32, _: u32, path: u32, length: u32, to: u32, name: u32, name_length: u32| {
                call(c, |call| call.path_link((fd, path, length), (to, name, name_length)))
            },
        )?
        .func_wrap(
            MODULE,
            "path_rename",
            |c: Caller<'_, State>, fd: u32, path: u32, length: u32, to: u32, name: u32, name_length: u32| {
                call(c, |call| call.path_rename((fd, path, length), (to, name, name_length)))
            },
        )?
        .func_wrap(
            MODULE,
            "path_symlink",
            |c: Caller<'_, State>, target: u32, target_length: u32, fd: u32, path: u32, length: u32| {
                call(c, |call| call.path_symlink((target, target_length), (fd, path, length)))
            },
        )?
        .func_wrap(
            MODULE,
            "path_readlink",
            |c: Caller<'_, State>, fd: u32, path: u32, length: u32, buffer: u32, size: u32, used: u32| {
                call(c, |call| call.path_readlink((fd, path, length), (buffer, size), used))
            },
        )?;
    Ok(())
}

/// Two lists of strings that a program is started with.
#[derive(Clone, Copy)]
enum List {
    Arguments,
    Environment,
}

impl Call<'_> {
    fn strings(&self, which: List) -> &[Vec<u8>] {
        match which {
            List::Arguments => &self.state.arguments,
            List::Environment => &self.state.environment,
        }
    }

    fn sizes(&mut self, which: List, count: u32, bytes: u32) -> Moved {
        let strings = self.strings(which);
        let total: usize = strings.iter().map(|string| string.len() + 1).sum();
        let number = |n: usize| u32::try_from(n).map_err(|_| Errno::Inval);
        let (strings, total) = (number(strings.len())?, number(total)?);
        self.guest.put_u32(count, strings)?;
        self.guest.put_u32(bytes, total)?;
        NOTHING
    }

    fn list(&mut self, which: List, list: u32, bytes: u32) -> Moved {
        let strings = self.strings(which).to_vec();
        let (mut entry, mut at) = (list, bytes);
        for mut string in strings {
            string.push(0);
            self.guest.put_u32(entry, at)?;
            self.guest.put(at, &string)?;
            let length = u32::try_from(string.len()).map_err(|_| Errno::Inval)?;
            entry = entry.checked_add(4).ok_or(Errno::Fault)?;
            at = at.checked_add(length).ok_or(Errno::Fault)?;
        }
        Ok(u64::from(at - bytes))
    }

    fn clock(&mut self, clock: u32, to: u32, read: impl FnOnce(u64) -> u64) -> Moved {
        if clock > 3 {
            return Err(Errno::Inval.into());
        }
        let now = self.now_ns / RESOLUTION_NS * RESOLUTION_NS;
        self.guest.put_u64(to, read(now))?;
        NOTHING
    }

    /// SplitMix64 from a constant: the same numbers in every run.
    fn random(&mut self, at: u32, length: u32) -> Moved {
        let state = &mut self.state.random;
        for piece in self.guest.bytes_mut(at, length)?.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            piece.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes()[..piece.len()]);
        }
        Ok(u64::from(length))
    }

    /// Nothing to do for a descriptor that is open.
    fn known(&mut self, fd: u32) -> Moved {
        self.state.open.get(fd)?;
        NOTHING
    }
}
