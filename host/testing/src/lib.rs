//! Skipping tests: one way to do it, which is seen, and one variable that forbids it. Servers that tests start.

pub mod alone;
pub mod granted;
pub mod postgres;

use std::fmt::Display;
use std::io::Write as _;

/// Returns true if `OPTIMUS_TEST_STRICT=1` is set, as in CI: a test that cannot run is then a failure. Any other value,
/// `0` above all, is not strict.
pub fn is_strict() -> bool {
    std::env::var_os("OPTIMUS_TEST_STRICT").is_some_and(|value| value == "1")
}

/// Reports that a test cannot run here, and why; the caller returns.
///
/// The line goes to stderr past the test harness, which hides what passing tests print. `cargo xtask test` repeats all
/// such lines in its summary.
///
/// # Panics
/// Under `OPTIMUS_TEST_STRICT=1`.
pub fn skip(why: &(impl Display + ?Sized)) {
    assert!(!is_strict(), "must not be skipped: {why}");
    let test = std::thread::current().name().unwrap_or("a test").to_owned();
    // Without stderr nobody would see it anyway.
    let _ = writeln!(std::io::stderr(), "skipped: {test}: {why}");
}
