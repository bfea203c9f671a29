//! Fuzz targets: everything that reads untrusted input, a module each, named as its target.
//!
//! In: bytes of any kind. Out: nothing. A module panics when what it looks at does, or does not keep what it promises.
//! Inputs are text where they can be, so that the seeds in `corpus/` can be read and written by hand.

pub mod agent_replies;
pub mod agent_requests;
pub mod archive;
pub mod checker;
pub mod compare;
pub mod config;
pub mod job;
pub mod language;
pub mod package;
pub mod plan;
pub mod plugin;
mod same;

/// Makes a program of a module: libFuzzer's, or one that takes files, where there is no libFuzzer.
#[macro_export]
macro_rules! target {
    ($name:ident) => {
        #[cfg(fuzzing)]
        ::libfuzzer_sys::fuzz_target!(|bytes: &[u8]| $crate::$name::fuzz(bytes));

        #[cfg(not(fuzzing))]
        fn main() -> ::std::io::Result<()> {
            $crate::replay($crate::$name::fuzz)
        }
    };
}

/// Tries the files that are named on the command line.
///
/// # Errors
/// One of them cannot be read.
pub fn replay(fuzz: fn(&[u8])) -> std::io::Result<()> {
    for file in std::env::args_os().skip(1) {
        fuzz(&std::fs::read(file)?);
    }
    Ok(())
}

/// The parts between lines of `====`.
fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    const BETWEEN: &[u8] = b"\n====\n";
    let mut parts = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN) {
        parts.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    parts.push(rest);
    parts
}
