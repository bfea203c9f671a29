//! Recent events of a job, for listeners that reconnect. Bounded: the report at a job's end repeats everything.

use std::collections::VecDeque;

use optimus_core::Event;

/// Number of events that are kept of a job.
const EVENTS: usize = 256;
const BYTES: usize = 1 << 20;
/// An event that is larger is not kept.
const LARGE: usize = 64 << 10;

#[derive(Default)]
pub(super) struct EventLog {
    /// The number of the last event.
    pub(super) last_seq: u64,
    /// The number of the last one that last_seq where the job stands.
    status_seq: u64,
    kept: VecDeque<(u64, Event)>,
    bytes: usize,
}

impl EventLog {
    /// Numbers an event, and keeps it if there is room.
    pub(super) fn add(&mut self, event: &Event) -> u64 {
        self.last_seq += 1;
        if matches!(event, Event::Queued | Event::Started) {
            self.status_seq = self.last_seq;
            return self.last_seq;
        }
        let size = size(event);
        if size <= LARGE {
            self.kept.push_back((self.last_seq, event.clone()));
            self.bytes += size;
        }
        while (self.kept.len() > EVENTS || self.bytes > BYTES)
            && let Some((_, oldest)) = self.kept.pop_front()
        {
            self.bytes -= self::size(&oldest);
        }
        self.last_seq
    }

    /// The events that a listener missed after number `after`; with none, or an unknown one, the state `stand` of the
    /// job.
    pub(super) fn since(&self, after: Option<u64>, stand: Event) -> Vec<(u64, Event)> {
        let is_news = |number: u64| after.is_none_or(|after| number > after);
        let mut missed: Vec<_> = self.kept.iter().filter(|(number, _)| is_news(*number)).cloned().collect();
        if is_news(self.status_seq) {
            let at = missed.partition_point(|(number, _)| *number < self.status_seq);
            missed.insert(at, (self.status_seq, stand));
        }
        missed
    }
}

/// About what an event holds.
fn size(event: &Event) -> usize {
    const ITSELF: usize = 256;
    ITSELF
        + match event {
            Event::Output { content, .. } | Event::Input { content, .. } => content.len(),
            Event::Test { report, .. } => report.stdout.content.len() + report.stderr.content.len(),
            Event::Compiled(report) => report.output.content.len() + report.diagnostics.len() * ITSELF,
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(bytes: usize) -> Event {
        let content = vec![b'x'; bytes].into();
        Event::Output { index: 0, stream: optimus_core::Stream::Stdout, offset: 0, content, truncated: false }
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut log = EventLog::default();
        (0..1_000).for_each(|_| _ = log.add(&output(1)));
        assert_eq!((log.kept.len(), log.last_seq), (EVENTS, 1_000));
        (0..100).for_each(|_| _ = log.add(&output(60_000)));
        assert!(log.bytes <= BYTES && log.kept.iter().map(|(_, event)| size(event)).sum::<usize>() == log.bytes);
        log.add(&output(LARGE));
        assert!(log.kept.iter().all(|(number, _)| *number < log.last_seq));
    }

    #[test]
    fn what_was_missed_comes_in_order() {
        let mut log = EventLog::default();
        for event in [Event::Started, output(1), Event::Queued, Event::Started, output(2)] {
            log.add(&event);
        }
        let since = |after| log.since(after, Event::Started).into_iter().map(|(number, _)| number).collect::<Vec<_>>();
        assert_eq!(since(None), [2, 4, 5]);
        assert_eq!(since(Some(2)), [4, 5]);
        assert_eq!(since(Some(4)), [5]);
        assert!(since(Some(5)).is_empty());
    }
}
