//! The words of Optimus, as data: what comes in (a [`Job`]), what is to be done (a [`Plan`]), what happened (an
//! [`Outcome`]), what it means (a [`Verdict`]), what goes out (a [`Report`]).
//!
//! No I/O, no async, nothing upstream: every room may read this one, and it reads none.

pub mod cells;
pub mod checker;
pub mod collect;
pub mod communication;
pub mod compare;
pub mod content;
pub mod digest;
pub mod event;
pub mod fault;
pub mod job;
pub mod language;
pub mod languages;
pub mod limits;
mod omit;
pub mod options;
pub mod outcome;
pub mod path;
pub mod plan;
pub mod policy;
pub mod problem;
pub mod report;
pub mod scoring;
pub mod source;
pub mod suggest;
pub mod test;
pub mod time;
pub mod trace;
pub mod variable;
pub mod verdict;

pub use checker::Checker;
pub use communication::Communication;
pub use compare::Comparer;
pub use content::Content;
pub use digest::Digest;
pub use event::Event;
pub use fault::{Fault, Invalid};
pub use job::{Job, JobId, JobRequest, Webhook};
pub use language::Descriptor;
pub use limits::{Limits, LimitsRequest};
pub use outcome::{Exit, LimitHit, Outcome, Stream};
pub use path::BoxPath;
pub use plan::{Plan, Step};
pub use problem::Problem;
pub use report::{Report, TestReport};
pub use scoring::Scoring;
pub use source::SourceFile;
pub use test::{Test, TestLimits};
pub use time::Timestamp;
pub use trace::TraceContext;
pub use verdict::Verdict;
