//! System calls that another process makes for us: a list in its memory, and a few instructions that go through it.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use rustix::io::Errno;
use rustix::process::Pid;

use super::trace::{self, Registers, Stop, Until};
use crate::fault::{At as _, Fault};

/// Goes through the list at `rbx` until a call fails or the end is reached, and stops. It needs no stack.
const RUNNER: [u8; 44] = [
    0x48, 0x8b, 0x03, // next: mov rax, [rbx]
    0x48, 0x85, 0xc0, //       test rax, rax
    0x78, 0x23, //             js stop
    0x48, 0x8b, 0x7b, 0x08, // mov rdi, [rbx + 8]
    0x48, 0x8b, 0x73, 0x10, // mov rsi, [rbx + 16]
    0x48, 0x8b, 0x53, 0x18, // mov rdx, [rbx + 24]
    0x4c, 0x8b, 0x53, 0x20, // mov r10, [rbx + 32]
    0x4c, 0x8b, 0x43, 0x28, // mov r8, [rbx + 40]
    0x4c, 0x8b, 0x4b, 0x30, // mov r9, [rbx + 48]
    0x0f, 0x05, //             syscall
    0x48, 0x83, 0xc3, 0x40, // add rbx, 64
    0x48, 0x85, 0xc0, //       test rax, rax
    0x79, 0xd5, //             jns next
    0xcc, //             stop: int3
];
/// In place of a call's number: the end of a list. No call returns it.
const END: i64 = i64::MIN;
const ENTRY: u64 = 64;
/// `syscall`.
const INSTRUCTION: [u8; 2] = [0x0f, 0x05];

const PAGE: u64 = 4096;
/// The instructions' page, and the data's.
const SIZE: u64 = 16 * PAGE;

/// A place in another process's memory for lists and what they point to.
pub(super) struct Space {
    memory: File,
    base: u64,
    data: Vec<u8>,
}

/// A list of calls, written with [`Space::list`].
#[derive(Debug, Clone, Copy)]
pub(super) struct List {
    start: u64,
    calls: u64,
}

/// A call and its arguments; those that are absent are 0.
pub(super) struct Call(i64, [u64; 6]);

impl Call {
    pub(super) fn new<const N: usize>(number: libc::c_long, arguments: [u64; N]) -> Self {
        let mut all = [0; 6];
        all[..N].copy_from_slice(&arguments);
        Self(number, all)
    }
}

impl Space {
    /// Makes room in `pid`, which has stopped at the system call that `frozen` is about to make.
    pub(super) fn make(pid: Pid, memory: File, frozen: &Registers) -> Result<Self, Fault> {
        let mut instruction = [0; 2];
        memory.read_exact_at(&mut instruction, frozen.rip - 2).at("warm: read the instruction")?;
        if instruction != INSTRUCTION {
            return Err(Fault::new("warm: not a system call", Errno::INVAL));
        }
        let (read_write, anonymous) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        let arguments = [0, SIZE, word(read_write), word(anonymous), u64::MAX, 0];
        let base = single(pid, frozen, &Call::new(libc::SYS_mmap, arguments)).at("warm: mmap")?;
        let executable = [base, PAGE, word(libc::PROT_READ | libc::PROT_EXEC)];
        let space = Self { memory, base, data: Vec::new() };
        space.memory.write_all_at(&RUNNER, base).at("warm: write the runner")?;
        single(pid, frozen, &Call::new(libc::SYS_mprotect, executable)).at("warm: mprotect")?;
        Ok(space)
    }

    /// Adds bytes, and returns their address over there.
    pub(super) fn put(&mut self, bytes: &[u8]) -> u64 {
        let address = self.base + PAGE + self.data.len() as u64;
        self.data.extend_from_slice(bytes);
        self.data.resize(self.data.len().next_multiple_of(16), 0);
        address
    }

    /// Adds numbers of 64 bits.
    pub(super) fn put_words(&mut self, words: &[u64]) -> u64 {
        self.put(&words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<u8>>())
    }

    pub(super) fn list(&mut self, calls: &[Call]) -> List {
        let mut words = Vec::new();
        for Call(number, arguments) in calls {
            words.push(number.cast_unsigned());
            words.extend(arguments);
            words.push(0);
        }
        words.push(END.cast_unsigned());
        List { start: self.put_words(&words), calls: calls.len() as u64 }
    }

    /// Changes bytes that were put at `address`.
    pub(super) fn change(&mut self, address: u64, bytes: &[u8]) {
        let start = usize::try_from(address - self.base - PAGE).unwrap_or(usize::MAX);
        self.data[start..start + bytes.len()].copy_from_slice(bytes);
    }

    /// Writes everything that was put. Calls write there, too, so it is done before each use.
    pub(super) fn write(&self) -> Result<(), Fault> {
        if self.data.len() as u64 > SIZE - PAGE {
            return Err(Fault::new("warm: too much for the space", Errno::NOSPC));
        }
        self.memory.write_all_at(&self.data, self.base + PAGE).at("warm: write the lists")
    }

    /// Has `pid`, which has stopped, begin a list.
    pub(super) fn begin(&self, pid: Pid, list: List, frozen: &Registers) -> Result<(), Errno> {
        let ours = Registers { rip: self.base, rbx: list.start, rax: 0, orig_rax: u64::MAX, ..*frozen };
        trace::set_registers(pid, &ours)?;
        trace::resume(pid, Until::Stop)
    }

    /// Waits until `pid` has made every call of a list. Names the first that failed by one of `stages`.
    pub(super) fn finish(&self, pid: Pid, list: List, stage: &str) -> Result<(), Fault> {
        match trace::wait(pid).at(stage)? {
            Stop::Signal(libc::SIGTRAP) => {}
            other => return Err(Fault::new(format!("{stage}: {other:?}"), Errno::SRCH)),
        }
        let registers = trace::registers(pid).at(stage)?;
        let is_done = registers.rbx == list.start + list.calls * ENTRY && registers.rax.cast_signed() == END;
        if is_done { Ok(()) } else { Err(self.failure(&registers, list, stage)) }
    }

    /// Which call of a list failed, and why: the runner has stopped behind it.
    pub(super) fn failure(&self, registers: &Registers, list: List, stage: &str) -> Fault {
        let made = registers.rbx.wrapping_sub(list.start) / ENTRY;
        let errno = i32::try_from(registers.rax.cast_signed().wrapping_neg()).unwrap_or(libc::EINVAL);
        Fault { stage: format!("{stage}: call {made}"), errno }
    }

    /// Takes the space and a descriptor away from `pid`, which has copied it, and has it make the call at which it was
    /// frozen.
    pub(super) fn leave(&self, pid: Pid, frozen: &Registers, descriptor: Option<i32>) -> Result<(), Fault> {
        if let Some(descriptor) = descriptor {
            single(pid, frozen, &Call::new(libc::SYS_close, [word(descriptor)])).at("warm: close")?;
        }
        single(pid, frozen, &Call::new(libc::SYS_munmap, [self.base, SIZE])).at("warm: munmap")?;
        let again = Registers { rip: frozen.rip - 2, rax: frozen.orig_rax, orig_rax: u64::MAX, ..*frozen };
        trace::set_registers(pid, &again).at("warm: set the registers")
    }
}

/// Has `pid` make one call, by the instruction at which it was frozen.
fn single(pid: Pid, frozen: &Registers, call: &Call) -> Result<u64, Errno> {
    let Call(number, [rdi, rsi, rdx, r10, r8, r9]) = *call;
    let rip = frozen.rip - 2;
    let ours =
        Registers { rip, rax: number.cast_unsigned(), orig_rax: u64::MAX, rdi, rsi, rdx, r10, r8, r9, ..*frozen };
    trace::set_registers(pid, &ours)?;
    trace::resume(pid, Until::Instruction)?;
    match trace::wait(pid)? {
        Stop::Signal(libc::SIGTRAP) => {}
        _ => return Err(Errno::SRCH),
    }
    let result = trace::registers(pid)?.rax.cast_signed();
    // As every C library does it: the last page of numbers is errors.
    if (-4095..0).contains(&result) {
        Err(Errno::from_raw_os_error(i32::try_from(-result).unwrap_or(0)))
    } else {
        Ok(result.cast_unsigned())
    }
}

/// A C `int` as an argument.
pub(super) fn word(number: i32) -> u64 {
    u64::from(number.cast_unsigned())
}
