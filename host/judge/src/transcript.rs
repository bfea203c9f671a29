//! The conversation between a submission and its interactor: forwarded at once, with its beginning recorded for
//! the report.

use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use optimus_core::Stream;
use optimus_core::content::whole_characters;
use optimus_core::report::{Speaker, Transcript, Turn};
use optimus_sandbox::{Feed, Sink};

use super::sink::Budget;

/// The speaker, and with several processes the number of the process that speaks or is spoken to.
pub(super) type SpeakerId = (Speaker, Option<u8>);

/// One direction of the conversation: forwards one side's output to the other side, and records its beginning.
pub(super) struct Pipe<'a> {
    pub(super) keeps: &'a mut dyn Sink,
    pub(super) to: &'a Feed,
    pub(super) by: SpeakerId,
    pub(super) recorder: &'a Recorder<'a>,
}

impl Sink for Pipe<'_> {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.keeps.write(stream, bytes);
        match (stream, bytes) {
            (Stream::Stderr, _) => {}
            // It has closed its stdout, and may go on: the other side reads to the end.
            (Stream::Stdout, []) => self.to.close(),
            (Stream::Stdout, said) => {
                self.recorder.note(self.by, said);
                self.to.write(said);
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.to.poll_room(cx)
    }
}

/// Records both directions in the order in which they passed through the host.
pub(super) struct Recorder<'a> {
    cap: usize,
    budget: &'a Budget,
    turns: Mutex<Recording>,
}

#[derive(Default)]
struct Recording {
    turns: Vec<(SpeakerId, Vec<u8>)>,
    kept: usize,
    truncated: bool,
}

/// The approximate size of a turn in a report's JSON, without its text.
const TURN: &[u8] = &[b'x'; 48];

impl<'a> Recorder<'a> {
    pub(super) fn new(capture_bytes: u64, budget: &'a Budget) -> Self {
        Self { cap: usize::try_from(capture_bytes).unwrap_or(usize::MAX), budget, turns: Mutex::default() }
    }

    pub(super) fn note(&self, by: SpeakerId, bytes: &[u8]) {
        let mut guard = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        let Recording { turns, kept, truncated } = &mut *guard;
        if *truncated {
            return;
        }
        let is_new = turns.last().is_none_or(|(last, _)| *last != by);
        if is_new && self.budget.take(TURN) < TURN.len() {
            *truncated = true;
            return;
        }
        let room = self.cap.saturating_sub(*kept).min(bytes.len());
        let room = self.budget.take(&bytes[..room]);
        *truncated = room < bytes.len();
        *kept += room;
        match turns.last_mut() {
            Some((last, said)) if *last == by => said.extend_from_slice(&bytes[..room]),
            _ if room > 0 => turns.push((by, bytes[..room].to_vec())),
            _ => {}
        }
    }

    pub(super) fn into_transcript(self) -> Transcript {
        let Recording { mut turns, truncated, .. } = self.turns.into_inner().unwrap_or_else(PoisonError::into_inner);
        if let (true, Some((_, last))) = (truncated, turns.last_mut()) {
            last.truncate(whole_characters(last));
        }
        let turns = turns.into_iter().map(|((by, process), said)| Turn { by, process, said: said.into() }).collect();
        Transcript { turns, truncated }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transcript_joins_what_one_says_in_pieces_and_is_cut() {
        let budget = Budget::new(1_000);
        let recorder = Recorder::new(6, &budget);
        recorder.note((Speaker::Interactor, None), b"1\n");
        recorder.note((Speaker::Program, None), b"2");
        recorder.note((Speaker::Program, None), b"\n");
        recorder.note((Speaker::Interactor, None), b"345");
        recorder.note((Speaker::Program, None), b"6");
        let transcript = recorder.into_transcript();
        let said: Vec<(Speaker, &[u8])> = transcript.turns.iter().map(|turn| (turn.by, turn.said.as_bytes())).collect();
        let wanted = [(Speaker::Interactor, &b"1\n"[..]), (Speaker::Program, b"2\n"), (Speaker::Interactor, b"34")];
        assert_eq!((said, transcript.truncated), (wanted.to_vec(), true));
    }

    #[test]
    fn many_small_turns_use_the_reports_budget() {
        let budget = Budget::new(1_000);
        let recorder = Recorder::new(1 << 20, &budget);
        for _ in 0..1_000 {
            recorder.note((Speaker::Interactor, None), b"1");
            recorder.note((Speaker::Program, None), b"2");
        }
        let transcript = recorder.into_transcript();
        assert!(transcript.truncated && serde_json::to_string(&transcript).is_ok_and(|json| json.len() < 1_100));
    }
}
