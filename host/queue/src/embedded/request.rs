//! Requests to the thread that writes the file.

use optimus_core::{Fault, JobId, Report, Verdict};
use tokio::sync::oneshot;

use super::record::{HookRecord, KeyRecord, LiveRecord};
use crate::QueueError;

/// A change to make durable, and the caller that waits for it.
pub(super) struct Request {
    pub op: Op,
    pub reply: Option<oneshot::Sender<Result<(), QueueError>>>,
}

impl Request {
    pub(super) fn may_delay_commit(&self) -> bool {
        matches!(self.op, Op::Push { may_delay_commit: true, .. })
    }
}

impl From<Op> for Request {
    fn from(op: Op) -> Self {
        Self { op, reply: None }
    }
}

/// One change of the file.
pub(super) enum Op {
    Push {
        id: JobId,
        job: Vec<u8>,
        key: Option<(String, KeyRecord)>,
        may_delay_commit: bool,
    },
    /// Stores the report of a worker.
    Finish {
        id: JobId,
        report: Box<Report>,
        json: Vec<u8>,
    },
    /// Ends a job without judging it; the report carries the reason.
    GiveUp {
        id: JobId,
        verdict: Verdict,
        fault: Option<Fault>,
    },
    /// A webhook is retried later, or removed.
    Hook {
        id: JobId,
        record: Option<HookRecord>,
    },
    /// A dead-lettered job is queued again.
    Requeue {
        id: JobId,
        record: LiveRecord,
    },
    /// A dead-lettered job is deleted.
    Discard {
        id: JobId,
    },
    /// Changes nothing: once it is answered, all earlier requests and `Index::unsaved` are durable.
    Barrier,
}
