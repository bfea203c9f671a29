//! What a kernel prints, as lines that mean something. It is held up while more waits than is read.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use futures::task::AtomicWaker;
use optimus_core::Stream;
use optimus_core::cells::Told;
use optimus_sandbox::Sink;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Bytes that may wait to be read.
const BACKLOG: usize = 1 << 20;
/// A line is at most so much longer than what a cell may show: an exception may be told beyond that.
const ENVELOPE: usize = 64 << 10;

/// Something that was heard.
#[derive(Debug)]
pub(super) enum Heard {
    Told(Told),
    /// A line that no kernel writes. Nothing after it can be believed.
    Nonsense,
}

/// What a kernel prints, as it is written.
pub(super) struct Speech {
    line: Vec<u8>,
    longest: usize,
    heard: UnboundedSender<(Heard, usize)>,
    backlog: Arc<Backlog>,
}

/// The same, as it is read.
pub(super) struct Hearing {
    heard: UnboundedReceiver<(Heard, usize)>,
    backlog: Arc<Backlog>,
}

#[derive(Default)]
struct Backlog {
    bytes: AtomicUsize,
    speaker: AtomicWaker,
}

/// Both ends of a kernel's output, of which each cell shows at most `output_bytes`.
pub(super) fn pair(output_bytes: u64) -> (Speech, Hearing) {
    let (sender, receiver) = unbounded_channel();
    let backlog = Arc::<Backlog>::default();
    let longest = usize::try_from(output_bytes).unwrap_or(usize::MAX).saturating_add(ENVELOPE);
    let speech = Speech { line: Vec::new(), longest, heard: sender, backlog: Arc::clone(&backlog) };
    (speech, Hearing { heard: receiver, backlog })
}

impl Hearing {
    /// The next line; none when the kernel is gone.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        let (heard, bytes) = self.heard.recv().await?;
        self.backlog.shrink(bytes);
        Some(heard)
    }

    /// Forgets what waits.
    pub(super) fn discard(&mut self) {
        while let Ok((_, bytes)) = self.heard.try_recv() {
            self.backlog.shrink(bytes);
        }
    }
}

impl Backlog {
    fn shrink(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.speaker.wake();
    }
}

impl Speech {
    fn say(&mut self, heard: Heard, bytes: usize) {
        self.backlog.bytes.fetch_add(bytes, Ordering::AcqRel);
        // Nobody listens any more only when the kernel is being dropped.
        let _ = self.heard.send((heard, bytes));
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let heard = serde_json::from_slice(&line).map_or(Heard::Nonsense, Heard::Told);
        self.say(heard, line.len());
    }
}

impl Sink for Speech {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        // stderr is for mistakes of the kernel itself, which nobody is to be told.
        if stream == Stream::Stderr {
            return;
        }
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.line.extend_from_slice(&rest[..end]);
            self.end_line();
            rest = &rest[end + 1..];
        }
        self.line.extend_from_slice(rest);
        if self.line.len() > self.longest {
            self.line = Vec::new();
            self.say(Heard::Nonsense, 0);
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let has_room = |backlog: &Backlog| backlog.bytes.load(Ordering::Acquire) < BACKLOG;
        if has_room(&self.backlog) {
            return Poll::Ready(());
        }
        self.backlog.speaker.register(cx.waker());
        // It may have been read between the two.
        if has_room(&self.backlog) { Poll::Ready(()) } else { Poll::Pending }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    #[tokio::test]
    async fn lines_are_told_one_by_one_and_nonsense_is_seen() {
        let (mut speech, mut hearing) = pair(100);
        speech.write(Stream::Stdout, b"{\"type\": \"rea");
        speech.write(Stream::Stderr, b"of no interest\n");
        speech.write(Stream::Stdout, b"dy\"}\nnonsense\n");
        assert!(matches!(hearing.next().await, Some(Heard::Told(Told::Ready {}))));
        assert!(matches!(hearing.next().await, Some(Heard::Nonsense)));
        speech.write(Stream::Stdout, &vec![b'x'; ENVELOPE + 101]);
        assert!(matches!(hearing.next().await, Some(Heard::Nonsense)), "a line without an end");
        drop(speech);
        assert!(hearing.next().await.is_none());
    }

    #[tokio::test]
    async fn a_kernel_that_is_not_heard_is_held_up() {
        let (mut speech, mut hearing) = pair(1 << 30);
        let mut cx = Context::from_waker(Waker::noop());
        let line = format!("{{\"type\": \"stream\", \"name\": \"stdout\", \"text\": \"{}\"}}\n", "x".repeat(BACKLOG));
        assert!(speech.poll_ready(&mut cx).is_ready());
        speech.write(Stream::Stdout, line.as_bytes());
        assert!(speech.poll_ready(&mut cx).is_pending());
        hearing.discard();
        assert!(speech.poll_ready(&mut cx).is_ready());
    }
}
