//! What a program can reach of the kernel, and what is decided about it: data, from which the system call filters, the
//! container profile and `optimus doctor --walls` are made.
//!
//! Whatever is not named here is refused: unknown system calls with `ENOSYS`, as by a kernel that is older than they are.
//! A [`Class`] holds members that are alike in four respects: the kernel memory they can hold and who is charged for it,
//! the pool they draw on, what they share with other boxes or later steps, and the decision. Sizes in `holds` were
//! measured on Linux 6.18 (SLUB, x86-64): a hundred thousand of a kind in a memory control group, by `/proc/slabinfo`.

pub mod arguments;
pub mod calls;
mod elsewhere;
pub mod mounts;
pub mod proc;
pub mod rlimits;
mod summary;

pub use summary::{Counts, Summary, summary};

/// Members that are alike, and what is decided about them.
#[derive(Debug)]
pub struct Class<M: 'static> {
    /// What the members have in common.
    pub what: &'static str,
    /// The kernel memory that a program can hold through them.
    pub holds: Holds,
    /// What they draw on that other boxes, users or the machine draw on as well.
    pub pool: Pool,
    /// The object that they share with another box or a later step.
    pub shares: Shares,
    /// What happens when a program uses one.
    pub decision: Decision,
    /// Why.
    pub reason: &'static str,
    /// Where it is documented: a man page, or a file of the kernel.
    pub source: &'static str,
    /// Who belongs to it.
    pub members: &'static [M],
}

/// Kernel memory, and who is charged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// None that outlasts the call.
    Nothing,
    /// Memory that the step's control group is charged for.
    Charged(&'static str),
    /// Memory that no group is charged for.
    Uncharged(&'static str),
}

/// A supply that runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// None but the step's own limits.
    Own,
    /// A count for each user of the kernel (`user_struct`, or `ucounts` up to the creator of the user namespace).
    User(&'static str),
    /// One for the machine.
    Machine(&'static str),
}

/// An object through which two boxes, or two steps of a box, could affect each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shares {
    /// None.
    Nothing,
    /// Inodes of the toolchains, and what hangs on them: locks, watches, attributes.
    Inode,
    /// Cached pages of the toolchains' files.
    PageCache,
    /// The network namespace, which serves every step of a box.
    Network,
    /// Something of the machine's.
    Machine(&'static str),
}

/// What happens when a program uses a member.
#[derive(Debug, Clone, Copy)]
pub enum Decision {
    /// It works.
    Allow,
    /// It works, within a bound that something else keeps.
    Bound(&'static str),
    /// It works once the agent has counted it: what it makes holds so many bytes that no group is charged for.
    Counted(u64),
    /// It succeeds without doing anything.
    Ignore,
    /// It fails with this error number.
    Refuse(i32),
    /// The agent needs it to build a step's view. For programs it fails with this error number.
    AgentOnly(i32),
    /// The agent needs it to build the box. After that, it fails with this error number.
    WallOnly(i32),
    /// An argument decides.
    Inspect(&'static Argument),
}

/// An argument that decides. The kernel takes these as 32-bit integers, so their low half is looked at and garbage above
/// it is ignored, as the kernel ignores it.
#[derive(Debug)]
pub enum Argument {
    /// Its value is a member of one of the classes, or the call fails with `otherwise`.
    Value {
        /// Which argument, from 0.
        index: u8,
        /// The values that are named.
        classes: &'static [Class<Value>],
        /// The error number for all others.
        otherwise: i32,
    },
    /// The first class with a member of which any bit is set decides; without one, the call works.
    Bits {
        /// Which argument, from 0.
        index: u8,
        /// The bits that are named.
        classes: &'static [Class<Value>],
    },
}

/// A system call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// As in `asm/unistd.h`.
    pub name: &'static str,
    /// Its number on x86-64.
    pub x86_64: Option<u32>,
    /// Its number on 64-bit ARM.
    pub aarch64: Option<u32>,
    /// The kernel version that brought it, when that is later than the oldest one that boxes need (5.12).
    pub since: Option<&'static str>,
}

impl Call {
    /// Its number on the architecture that this is compiled for.
    pub fn number(&self) -> Option<u32> {
        if cfg!(target_arch = "aarch64") { self.aarch64 } else { self.x86_64 }
    }
}

/// A value, or some bits, of an argument.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    /// As in the kernel's headers.
    pub name: &'static str,
    /// What it stands for.
    pub value: u32,
}

/// Bytes that the kernel allocates without `__GFP_ACCOUNT` behind a descriptor of each kind (Linux 6.18, x86-64).
pub mod uncharged {
    /// `struct eventpoll`, fs/eventpoll.c.
    pub const EPOLL: u64 = 256;
    /// `struct timerfd_ctx`, fs/timerfd.c.
    pub const TIMER: u64 = 256;
    /// `struct eventfd_ctx`, fs/eventfd.c.
    pub const EVENT: u64 = 64;
}

impl<M> Class<M> {
    /// A class that holds, draws on and shares nothing and is allowed: what a class does not say of itself.
    const PLAIN: Self = Self {
        what: "",
        holds: Holds::Nothing,
        pool: Pool::Own,
        shares: Shares::Nothing,
        decision: Decision::Allow,
        reason: "",
        source: "",
        members: &[],
    };
}

/// Calls by name, number on x86-64, number on 64-bit ARM, and for those later than 5.12 the version.
macro_rules! system_calls {
    (@number -) => { None };
    (@number $number:literal) => { Some($number) };
    (@since) => { None };
    (@since $version:literal) => { Some(stringify!($version)) };
    ($($name:ident $x86_64:tt $arm:tt $(since $version:literal)?),* $(,)?) => {
        &[$($crate::inventory::Call {
            name: stringify!($name),
            x86_64: system_calls!(@number $x86_64),
            aarch64: system_calls!(@number $arm),
            since: system_calls!(@since $($version)?),
        }),*]
    };
}

/// Values by name.
macro_rules! values {
    ($($name:ident $value:expr),* $(,)?) => {
        &[$($crate::inventory::Value { name: stringify!($name), value: $value }),*]
    };
}

use {system_calls, values};

#[cfg(test)]
mod tests;
