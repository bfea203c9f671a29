//! Words for the host's log. In native tests they go to stderr.

/// The severity of a line.
pub use crate::wit::language::optimus::plugin::log::Level;

/// Writes a line to the host's log, which is capped: a plugin that writes too much is stopped.
pub fn write(level: Level, message: &str) {
    #[cfg(target_family = "wasm")]
    crate::wit::language::optimus::plugin::log::write(level, message);
    #[cfg(not(target_family = "wasm"))]
    to_stderr(level, message);
}

/// Writes a line that only an author wants.
pub fn debug(message: &str) {
    write(Level::Debug, message);
}

/// Writes a line that an operator should see.
pub fn warn(message: &str) {
    write(Level::Warn, message);
}

/// Sends the text of a panic to the log: without a stderr it would be lost, and only `unreachable` would be reported.
pub(crate) fn panics() {
    #[cfg(target_family = "wasm")]
    std::panic::set_hook(Box::new(|panic| write(Level::Error, &panic.to_string())));
}

#[cfg(not(target_family = "wasm"))]
#[expect(clippy::print_stderr, reason = "the native double of the host's log")]
fn to_stderr(level: Level, message: &str) {
    eprintln!("{level:?}: {message}");
}
