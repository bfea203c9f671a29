//! What a program reads: bytes that are all there, or that come while it runs.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;

/// What a program reads.
#[derive(Debug, Clone)]
pub enum Stdin {
    /// This, and then the end.
    Whole(Bytes),
    /// What somebody writes while the program runs; its output is handed on without delay.
    Live(Arc<Feed>),
}

impl Default for Stdin {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

impl<T: Into<Bytes>> From<T> for Stdin {
    fn from(bytes: T) -> Self {
        Self::Whole(bytes.into())
    }
}

impl Stdin {
    /// The bytes that are there already.
    pub fn whole(&self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes.clone(),
            Self::Live(_) => Bytes::new(),
        }
    }

    /// How many, if that is known.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Whole(bytes) => Some(bytes.len() as u64),
            Self::Live(_) => None,
        }
    }

    pub(crate) fn into_parts(self) -> (Bytes, Option<Arc<Feed>>) {
        match self {
            Self::Whole(bytes) => (bytes, None),
            Self::Live(feed) => (Bytes::new(), Some(feed)),
        }
    }
}

/// Bytes on their way to a program. A writer never waits, but should ask [`poll_room`](Self::poll_room) before it takes
/// more from whoever produces the bytes: a pipe's writer would wait, too.
#[derive(Debug, Default)]
pub struct Feed {
    queue: Mutex<Queue>,
    holds_end: bool,
    end_awaited: AtomicBool,
}

/// What may wait in a feed before its writer should. Far above a pipe's 64 KiB, so that no honest dialogue gets stuck.
const ROOM: usize = 1 << 20;

#[derive(Debug, Default)]
struct Queue {
    waiting: VecDeque<Bytes>,
    bytes: usize,
    closed: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

impl Feed {
    /// A feed whose end is held back until the program has read everything and waits for more:
    /// [`end_was_awaited`](Self::end_was_awaited) then says so. A program that never waits gets it after some seconds.
    pub fn holding_end() -> Self {
        Self { holds_end: true, ..Self::default() }
    }

    /// Appends bytes; after the end they are dropped.
    pub fn write(&self, bytes: &[u8]) {
        let mut queue = self.lock();
        if !queue.closed && !bytes.is_empty() {
            queue.waiting.push_back(Bytes::copy_from_slice(bytes));
            queue.bytes += bytes.len();
            wake(&mut queue.reader);
        }
    }

    /// The end of what is written.
    pub fn close(&self) {
        let mut queue = self.lock();
        queue.closed = true;
        wake(&mut queue.reader);
        wake(&mut queue.writer);
    }

    /// The reader is gone: what waits and what may come is dropped.
    pub fn discard(&self) {
        let mut queue = self.lock();
        (queue.closed, queue.bytes) = (true, 0);
        queue.waiting.clear();
        wake(&mut queue.reader);
        wake(&mut queue.writer);
    }

    /// Ready while more should be written: little waits, or nobody is there to read.
    pub fn poll_room(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut queue = self.lock();
        if queue.closed || queue.bytes < ROOM {
            return Poll::Ready(());
        }
        queue.writer = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The next bytes; none at the end.
    pub fn poll_next(&self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut queue = self.lock();
        match queue.waiting.pop_front() {
            Some(bytes) => {
                queue.bytes -= bytes.len();
                if queue.bytes < ROOM {
                    wake(&mut queue.writer);
                }
                Poll::Ready(Some(bytes))
            }
            None if queue.closed => Poll::Ready(None),
            None => {
                queue.reader = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// Whether the program was waiting for more when the end came; known once it has ended.
    pub fn end_was_awaited(&self) -> bool {
        self.end_awaited.load(Ordering::Acquire)
    }

    /// Whether its end is held back until it is waited for.
    pub fn holds_end(&self) -> bool {
        self.holds_end
    }

    /// For backends: whether the program was waiting for more when the end came.
    pub fn note_end_awaited(&self, awaited: bool) {
        self.end_awaited.store(awaited, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(waker: &mut Option<Waker>) {
    if let Some(waker) = waker.take() {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_comes_out_in_order_and_then_the_end() {
        let feed = Feed::default();
        let mut cx = Context::from_waker(Waker::noop());
        assert!(feed.poll_next(&mut cx).is_pending());
        feed.write(b"a");
        feed.write(b"b");
        feed.close();
        feed.write(b"too late");
        assert_eq!(feed.poll_next(&mut cx), Poll::Ready(Some(Bytes::from_static(b"a"))));
        assert_eq!(feed.poll_next(&mut cx), Poll::Ready(Some(Bytes::from_static(b"b"))));
        assert_eq!(feed.poll_next(&mut cx), Poll::Ready(None));
    }

    #[test]
    fn a_writer_waits_for_a_reader_and_not_for_one_that_is_gone() {
        let feed = Feed::default();
        let mut cx = Context::from_waker(Waker::noop());
        feed.write(&vec![0; ROOM]);
        assert!(feed.poll_room(&mut cx).is_pending());
        assert!(feed.poll_next(&mut cx).is_ready());
        assert!(feed.poll_room(&mut cx).is_ready());
        feed.write(&vec![0; ROOM]);
        feed.discard();
        assert!(feed.poll_room(&mut cx).is_ready());
        assert_eq!(feed.poll_next(&mut cx), Poll::Ready(None));
    }
}
