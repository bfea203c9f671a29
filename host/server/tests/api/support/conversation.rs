//! A judge whose program repeats its input.

use optimus_core::event::EventSink;
use optimus_core::outcome::Excerpt;
use optimus_core::{Event, Job, Report, Stream, Verdict};
use optimus_queue::unjudged;
use optimus_server::worker::Input;
use tokio_util::sync::CancellationToken;

/// Repeats what clients send, until they send no more, and prints all of it at the end.
pub(crate) async fn converse(
    job: &Job,
    input: Option<Input>,
    events: &EventSink<'_>,
    cancel: &CancellationToken,
) -> Report {
    let mut input = input.expect("the worker passes on the input of a live job");
    events(Event::Running { index: 0 });
    let mut all = Vec::new();
    loop {
        let bytes = match cancel.run_until_cancelled(input.recv()).await {
            None => return unjudged(job, Verdict::Cancelled, None),
            Some(None) => break,
            Some(Some(bytes)) => bytes,
        };
        let offset = all.len() as u64;
        all.extend_from_slice(&bytes);
        let content = bytes.into();
        events(Event::Output { index: 0, stream: Stream::Stdout, offset, content, truncated: false });
    }
    let mut report = unjudged(job, Verdict::Accepted, None);
    report.tests[0].stdout = Excerpt { content: all.into(), truncated: false };
    report
}
