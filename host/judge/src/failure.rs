//! Maps errors of a box to their cause: the program, or an internal failure.

use optimus_core::{Fault, Step};
use optimus_sandbox::SandboxError;

/// Fault code of a shortage on the machine that passes, such as memory; it says nothing about the job.
const BUSY: &str = "machine_busy";

/// The cause of a box's error.
pub(super) enum Cause {
    /// The program caused it; the message is for its author.
    Program(String),
    /// An internal failure; a further attempt may succeed.
    Internal(Fault),
}

pub(super) fn cause_of(error: &SandboxError) -> Cause {
    match error {
        SandboxError::Refused(message) => Cause::Program(message.clone()),
        other => Cause::Internal(fault(other)),
    }
}

/// The internal fault for an error of a call in which no program takes part.
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

/// Returns true if `argv[0]` is a path into the work area, where sources and compiled programs are, and not in the
/// image.
pub(super) fn starts_from_work_area(step: &Step) -> bool {
    step.argv.first().is_some_and(|program| program.contains('/') && !program.starts_with('/'))
}

/// The fault for a program that is missing from the image.
pub(super) fn toolchain_missing(step: &Step, why: &str, install_hint: &str) -> Fault {
    let program = step.argv.first().map_or("", String::as_str);
    let fault = Fault::new("toolchain_missing", format!("`{program}` cannot be started here: {why}"));
    if install_hint.is_empty() { fault } else { fault.hint(install_hint) }
}
