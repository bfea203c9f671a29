//! Publishes the output of a running test as events: in batches, bounded, without ever waiting for a subscriber.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use optimus_core::content::whole_characters;
use optimus_core::event::EventSink;
use optimus_core::{Event, Stream};

/// Interval between two batches. Most tests end before the first, and their report has all of their output.
const EVERY: Duration = Duration::from_millis(250);
/// The same, where somebody answers what the program prints.
const SOON: Duration = Duration::from_millis(10);
/// Maximum bytes of a batch; the rest is dropped, unless somebody answers the program.
const BATCH: usize = 8 << 10;

/// Collects the output of one test and publishes it.
pub(super) struct Live<'a> {
    index: usize,
    events: &'a EventSink<'a>,
    /// Somebody answers what the program prints, and so has to see all of it.
    is_answered: bool,
    state: Mutex<State>,
}

struct State {
    pieces: Vec<Piece>,
    bytes: usize,
    /// Bytes of each stream so far.
    seen: [u64; 2],
    /// Bytes that may still be published of each stream; the bound is that of the report.
    left: [u64; 2],
    /// The truncation of the stream was published.
    closed: [bool; 2],
    /// The first bytes of a character whose last bytes are still to come.
    begun: [Vec<u8>; 2],
}

struct Piece {
    stream: Stream,
    offset: u64,
    bytes: Vec<u8>,
    truncated: bool,
}

impl<'a> Live<'a> {
    /// Publishes at most `capture_bytes` of each stream.
    pub(super) fn new(index: usize, capture_bytes: u64, events: &'a EventSink<'a>, is_answered: bool) -> Self {
        let (left, closed, begun) = ([capture_bytes; 2], [false; 2], Default::default());
        let state = State { pieces: Vec::new(), bytes: 0, seen: [0; 2], left, closed, begun };
        Self { index, events, is_answered, state: Mutex::new(state) }
    }

    /// Interval between two batches.
    pub(super) fn interval(&self) -> Duration {
        if self.is_answered { SOON } else { EVERY }
    }

    /// Adds output, without waiting.
    pub(super) fn write(&self, stream: Stream, bytes: &[u8]) {
        if !self.is_answered {
            return self.state().add(stream, bytes);
        }
        for piece in bytes.chunks(BATCH) {
            if self.state().bytes + piece.len() > BATCH {
                self.flush();
            }
            self.state().add(stream, piece);
        }
    }

    /// Publishes what was added since the last call.
    pub(super) fn flush(&self) {
        let pieces = self.state().take();
        for Piece { stream, offset, bytes, truncated } in pieces {
            (self.events)(Event::Output { index: self.index, stream, offset, content: bytes.into(), truncated });
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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
        let position = self.seen[number];
        self.seen[number] += bytes.len() as u64;
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
                let offset = position - begun.len() as u64;
                self.pieces.push(Piece { stream, offset, bytes: begun, truncated: false });
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
        let last = [Stream::Stdout, Stream::Stderr].map(|of| pieces.iter().rposition(|piece| piece.stream == of));
        for last in last.into_iter().flatten() {
            let piece = &mut pieces[last];
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
        let told = placed(capture, writes, false);
        told.into_iter().map(|(_, stream, bytes, truncated)| (stream, bytes, truncated)).collect()
    }

    /// The same with the offset of each.
    fn placed(
        capture: u64,
        writes: &[Option<(Stream, &[u8])>],
        is_answered: bool,
    ) -> Vec<(u64, Stream, Vec<u8>, bool)> {
        let told = Mutex::new(Vec::new());
        let events = |event| match event {
            Event::Output { index: 3, stream, offset, content, truncated } => {
                told.lock().unwrap().push((offset, stream, content.as_bytes().to_vec(), truncated));
            }
            other => panic!("{other:?}"),
        };
        let live = Live::new(3, capture, &events, is_answered);
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
    fn one_who_answers_gets_all_of_it_in_order() {
        let flood = vec![b'x'; 2 * BATCH + 1];
        let told_of = placed(u64::MAX, &[Some((Stdout, b"a")), Some((Stderr, b"e")), Some((Stdout, &flood[..]))], true);
        assert!(told_of.iter().all(|(.., bytes, truncated)| bytes.len() <= BATCH && !truncated));
        let mut next = 0;
        for (offset, _, bytes, _) in told_of.iter().filter(|(_, stream, ..)| *stream == Stdout) {
            assert_eq!(*offset, next);
            next += bytes.len() as u64;
        }
        assert_eq!(next, 1 + flood.len() as u64);
    }

    #[test]
    fn what_is_left_out_shows_in_the_offset_of_what_follows() {
        let flood = vec![b'x'; 3 * BATCH];
        let told_of = placed(u64::MAX, &[Some((Stdout, &flood[..])), None, Some((Stdout, b"z"))], false);
        assert_eq!(told_of[1], (flood.len() as u64, Stdout, b"z".to_vec(), false));
    }

    #[test]
    fn the_beginning_of_a_character_is_kept_when_the_other_stream_comes_between() {
        let text = "é".as_bytes();
        let writes = [Some((Stdout, &text[..1])), Some((Stderr, b"e")), Some((Stdout, &text[1..])), None];
        let bytes: Vec<u8> =
            told(99, &writes).into_iter().filter(|told| told.0 == Stdout).flat_map(|told| told.1).collect();
        assert_eq!(bytes, text);
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
