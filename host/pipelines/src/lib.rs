//! What a pipeline does next.
//!
//! In: a [`Definition`], as clients write it, and the results of steps. Out: the steps to start, with their rendered
//! requests. This crate reads no clock (a caller says what time it is), stores nothing and starts nothing: a [`Run`] is data, and the same definition with
//! the same results goes on the same way in every process. Expressions and templates end within bounded work.

mod check;
mod definition;
mod expression;
mod graph;
mod run;
mod scope;
mod template;
mod tool;

pub use check::Pipeline;
pub use definition::{Definition, OnFailure, Retry, Step};
pub use run::{Ended, Next, Outcome, Place, Run, Running, Start, Started, StepRun, StepState};
pub use tool::Tool;
