//! Errors as WASI preview 1 numbers them, and the end of a program.

use optimus_core::{Exit, LimitHit};

/// The `errno` of WASI preview 1, as far as a call of ours returns it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Errno {
    Success = 0,
    BadF = 8,
    Exist = 20,
    Fault = 21,
    FBig = 22,
    IlSeq = 25,
    Inval = 28,
    IsDir = 31,
    Loop = 32,
    MFile = 33,
    NameTooLong = 37,
    NoEnt = 44,
    NoSpc = 51,
    NotDir = 54,
    NotEmpty = 55,
    NotSup = 58,
    Perm = 63,
    RoFs = 69,
    SPipe = 70,
    XDev = 75,
    NotCapable = 76,
}

/// The end of a program, as a host call or a limit decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct End {
    pub(crate) exit: Exit,
    pub(crate) limit: Option<LimitHit>,
}

impl End {
    pub(crate) fn by_limit(limit: LimitHit) -> Self {
        Self { exit: Exit::Signal(9), limit: Some(limit) }
    }
}

/// Why a call does not return success.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The program is told, and goes on.
    Errno(Errno),
    /// It is over.
    End(End),
    /// The stream to the sandbox is broken: the engine ends.
    Broken(std::io::Error),
}

impl From<Errno> for Stop {
    fn from(errno: Errno) -> Self {
        Self::Errno(errno)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error)
    }
}
