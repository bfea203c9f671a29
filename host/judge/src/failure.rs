//! Whose failure it is when a box says no, and the words for ours.

use optimus_core::{Fault, Step};
use optimus_sandbox::SandboxError;

/// The code of a failure that says nothing about the job: the machine was out of something that comes back.
const BUSY: &str = "machine_busy";

/// What an error of a box means for the job.
pub(super) enum Cause {
    /// The program's doing, in words for its author.
    Program(String),
    /// Ours; another attempt may succeed.
    Internal(Fault),
}

pub(super) fn cause_of(error: &SandboxError) -> Cause {
    match error {
        SandboxError::Refused(message) => Cause::Program(message.clone()),
        other => Cause::Internal(fault(other)),
    }
}

/// Ours, whatever it is: for calls in which no program has a part.
pub(super) fn fault(error: &SandboxError) -> Fault {
    let mut message = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        let text = inner.to_string();
        if !message.ends_with(&text) {
            message = format!("{message}: {text}");
        }
        cause = inner.source();
    }
    let code = match error {
        SandboxError::TooLarge { .. } => "too_large",
        _ if error.is_transient() => BUSY,
        _ => "sandbox_failed",
    };
    Fault { code: code.to_owned(), message, hint: error.hint() }
}

/// Whether `argv[0]` is looked up in the work area, where sources and compilers' results are, rather than in the image.
pub(super) fn starts_from_work_area(step: &Step) -> bool {
    step.argv.first().is_some_and(|program| program.contains('/') && !program.starts_with('/'))
}

/// A step's program is not in the image.
pub(super) fn toolchain_missing(step: &Step, why: &str, install_hint: &str) -> Fault {
    let program = step.argv.first().map_or("", String::as_str);
    let fault = Fault::new("toolchain_missing", format!("`{program}` cannot be started here: {why}"));
    if install_hint.is_empty() { fault } else { fault.hint(install_hint) }
}
