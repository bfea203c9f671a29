//! Publishes the output of a running test as events: in batches, bounded, without ever waiting for a subscriber.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use optimus_core::content::whole_characters;
use optimus_core::event::EventSink;
use optimus_core::{Event, Stream};

/// Interval between two batches. Most tests end before the first, and their report has all of their output.
pub(super) const EVERY: Duration = Duration::from_millis(250);
/// Maximum bytes of a batch; the rest is dropped.
const BATCH: usize = 8 << 10;

/// Collects the output of one test and publishes it.
pub(super) struct Live<'a> {
    index: usize,
    events: &'a EventSink<'a>,
    state: Mutex<State>,
}

struct State {
    pieces: Vec<Piece>,
    bytes: usize,
    /// Bytes that may still be published of each stream; the bound is that of the report.
    left: [u64; 2],
    /// The truncation of the stream was published.
    closed: [bool; 2],
    /// The first bytes of a character whose last bytes are still to come.
    begun: [Vec<u8>; 2],
}

struct Piece {
    stream: Stream,
    bytes: Vec<u8>,
    truncated: bool,
}

impl<'a> Live<'a> {
    /// Publishes at most `capture_bytes` of each stream.
    pub(super) fn new(index: usize, capture_bytes: u64, events: &'a EventSink<'a>) -> Self {
        let (left, closed, begun) = ([capture_bytes; 2], [false; 2], Default::default());
        let state = State { pieces: Vec::new(), bytes: 0, left, closed, begun };
        Self { index, events, state: Mutex::new(state) }
    }

    /// Adds output, without waiting.
    pub(super) fn write(&self, stream: Stream, bytes: &[u8]) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).add(stream, bytes);
    }

    /// Publishes what was added since the last call.
    pub(super) fn flush(&self) {
        let pieces = self.state.lock().unwrap_or_else(PoisonError::into_inner).take();
        for Piece { stream, bytes, truncated } in pieces {
            (self.events)(Event::Output { index: self.index, stream, content: bytes.into(), truncated });
        }
    }
}

fn number(stream: Stream) -> usize {
    match stream {
        Stream::Stdout => 0,
        Stream::Stderr => 1,
    }
}

impl State {
    fn add(&mut self, stream: Stream, bytes: &[u8]) {
        let number = number(stream);
        if self.closed[number] || bytes.is_empty() {
            return;
        }
        let allowed = usize::try_from(self.left[number]).unwrap_or(usize::MAX);
        let room = bytes.len().min(allowed).min(BATCH - self.bytes);
        self.left[number] -= room as u64;
        self.bytes += room;
        self.closed[number] = bytes.len() > allowed;
        let piece = match self.pieces.iter().rposition(|piece| piece.stream == stream) {
            Some(last) if last + 1 == self.pieces.len() || room == 0 => &mut self.pieces[last],
            _ => {
                let begun = std::mem::take(&mut self.begun[number]);
                self.pieces.push(Piece { stream, bytes: begun, truncated: false });
                let last = self.pieces.len() - 1;
                &mut self.pieces[last]
            }
        };
        piece.bytes.extend_from_slice(&bytes[..room]);
        piece.truncated |= room < bytes.len();
    }

    /// Takes the batch. A character that is cut in two stays until it is complete.
    fn take(&mut self) -> Vec<Piece> {
        self.bytes = 0;
        let mut pieces = std::mem::take(&mut self.pieces);
        for piece in &mut pieces {
            let rest = piece.bytes.split_off(whole_characters(&piece.bytes));
            if !piece.truncated {
                self.begun[number(piece.stream)] = rest;
            }
        }
        pieces.retain(|piece| !piece.bytes.is_empty() || piece.truncated);
        pieces
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The events that a series of writes gives; `None` ends a batch.
    fn told(capture: u64, writes: &[Option<(Stream, &[u8])>]) -> Vec<(Stream, Vec<u8>, bool)> {
        let told = Mutex::new(Vec::new());
        let events = |event| match event {
            Event::Output { index: 3, stream, content, truncated } => {
                told.lock().unwrap().push((stream, content.as_bytes().to_vec(), truncated));
            }
            other => panic!("{other:?}"),
        };
        let live = Live::new(3, capture, &events);
        for write in writes {
            match write {
                Some((stream, bytes)) => live.write(*stream, bytes),
                None => live.flush(),
            }
        }
        live.flush();
        told.into_inner().unwrap()
    }

    use Stream::{Stderr, Stdout};

    #[test]
    fn batches_keep_the_order_of_both_streams() {
        let writes =
            [Some((Stdout, &b"a"[..])), Some((Stdout, b"b")), Some((Stderr, b"c")), Some((Stdout, b"d")), None];
        let expected =
            [(Stdout, b"ab".to_vec(), false), (Stderr, b"c".to_vec(), false), (Stdout, b"d".to_vec(), false)];
        assert_eq!(told(99, &writes), expected);
        assert!(told(99, &[None, None]).is_empty());
    }

    #[test]
    fn what_is_too_much_is_left_out_with_a_note() {
        let flood = vec![b'x'; 3 * BATCH];
        let told_of = told(u64::MAX, &[Some((Stdout, &flood[..])), Some((Stdout, b"y")), None, Some((Stdout, b"z"))]);
        assert_eq!(told_of, [(Stdout, flood[..BATCH].to_vec(), true), (Stdout, b"z".to_vec(), false)]);
        let told_of = told(3, &[Some((Stdout, b"12345")), None, Some((Stdout, b"6")), Some((Stderr, b"e"))]);
        assert_eq!(told_of, [(Stdout, b"123".to_vec(), true), (Stderr, b"e".to_vec(), false)], "and said once");
    }

    #[test]
    fn a_character_in_two_pieces_stays_one() {
        let text = "né".as_bytes();
        let told_of =
            told(99, &[Some((Stdout, &text[..2])), None, Some((Stdout, &text[2..])), None, Some((Stdout, b"\xff"))]);
        assert_eq!(
            told_of,
            [(Stdout, b"n".to_vec(), false), (Stdout, "é".into(), false), (Stdout, b"\xff".to_vec(), false)]
        );
    }
}
