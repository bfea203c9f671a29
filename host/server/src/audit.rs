//! The audit log: who did what to what, when, from where, with which key. Entries are added, and none is changed but to say
//! how it ended.
//!
//! In: entries, before a change is made and again when it has ended. Out: pages of them, the newest first. Each day of UTC
//! is one hash beside the queue, or one directory. The name of an entry begins with its id, which sorts by time, and ends
//! with a mark of its tenant, so that another tenant's entries are passed over without being read.

mod entry;
mod log;
mod sweep;

pub use entry::{Entry, Outcome};
pub use log::AuditLog;
pub(crate) use log::{Page, Wanted};
pub use sweep::sweep;
