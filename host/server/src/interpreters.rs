//! Interpreters whose state is kept from one request to the next: sessions of cells.
//!
//! In: cells, and whatever implements [`StartInterpreter`]. Out: what becomes of them, and why a session is lost. Sessions
//! are in the memory of one process, as their boxes are: whatever is gone is said to be gone, and never begun again in
//! silence.

mod interpreter;
mod registry;
mod session;

pub use interpreter::{Interpreter, Rules, StartInterpreter, Wanted};
pub use registry::Interpreters;
pub(crate) use registry::{NoRoom, NotRun, Ran, Whose};
pub(crate) use session::{Info, Phase};
