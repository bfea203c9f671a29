//! The order of waiting jobs: the highest priority first, but none is passed over for ever; among equals tenants take
//! turns, and of one tenant's jobs the oldest is first. The Redis queue decides in the same way.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use optimus_core::JobId;

use crate::{PASSED_OVER, Priority};

#[derive(Default)]
pub(super) struct Waiting {
    /// Priorities with a waiting job.
    lines: BTreeMap<Priority, Line>,
    /// Number of times that others went first.
    passed: BTreeMap<Priority, u32>,
}

/// The job whose turn it is.
pub(super) struct NextJob {
    pub id: JobId,
    priority: Priority,
    turn: u64,
    /// Other priorities that wait.
    lower: Vec<Priority>,
}

/// Start-time fair queueing: each of a tenant's jobs has a turn one later than its last, or now; so a tenant that sends
/// many is interleaved with one that sends few, whatever their languages, and an idle tenant earns no credit.
#[derive(Default)]
struct Line {
    /// By language; none is empty.
    jobs: HashMap<String, BTreeSet<(u64, JobId)>>,
    now: u64,
    next: HashMap<Option<String>, u64>,
}

impl Waiting {
    /// Lines a job up, and returns its turn; one that had a turn before goes there again.
    pub(super) fn add(
        &mut self,
        (priority, language): (Priority, &str),
        tenant: Option<&String>,
        id: JobId,
        earlier: Option<u64>,
    ) -> u64 {
        let line = self.lines.entry(priority).or_default();
        let turn = earlier.map(|turn| turn.min(line.now)).unwrap_or_else(|| {
            let next = line.next.entry(tenant.cloned()).or_default();
            let turn = line.now.max(*next);
            *next = turn + 1;
            turn
        });
        line.jobs.entry(language.to_owned()).or_default().insert((turn, id));
        turn
    }

    pub(super) fn remove(&mut self, (priority, language): (Priority, &str), turn: u64, id: JobId) {
        let Some(line) = self.lines.get_mut(&priority) else { return };
        let Some(jobs) = line.jobs.get_mut(language) else { return };
        jobs.remove(&(turn, id));
        if jobs.is_empty() {
            line.jobs.remove(language);
        }
        if line.jobs.is_empty() {
            self.lines.remove(&priority);
        }
    }

    /// The next job among `languages` (empty: any). It stays in its line.
    pub(super) fn first(&self, languages: &BTreeSet<String>) -> Option<NextJob> {
        let wanted = |language: &String| languages.is_empty() || languages.contains(language);
        let mut waits: Vec<Priority> =
            self.lines.iter().filter(|(_, line)| line.jobs.keys().any(wanted)).map(|(priority, _)| *priority).collect();
        let overdue = |priority: &&Priority| self.passed.get(priority).is_some_and(|times| *times >= PASSED_OVER);
        let priority = *waits.iter().rev().find(overdue).or(waits.first())?;
        let jobs = self.lines.get(&priority)?.jobs.iter().filter(|(language, _)| wanted(language));
        let (turn, id) = jobs.filter_map(|(_, jobs)| jobs.first()).min().copied()?;
        waits.retain(|other| *other > priority);
        Some(NextJob { id, priority, turn, lower: waits })
    }

    /// Notes that a job starts: lower priorities are passed over once more.
    pub(super) fn start(&mut self, first: NextJob) {
        if let Some(line) = self.lines.get_mut(&first.priority) {
            line.now = line.now.max(first.turn);
        }
        self.passed.remove(&first.priority);
        for lower in first.lower {
            *self.passed.entry(lower).or_default() += 1;
        }
    }
}
