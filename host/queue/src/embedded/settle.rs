//! Updates jobs in memory once a transaction is on disk or has failed, and requeues jobs whose lease ended.

use std::time::{Duration, Instant};

use optimus_core::{Event, JobId, Verdict};

use super::index::{Index, State};
use super::record::LiveRecord;
use super::request::{Op, Request};
use super::store::{Changes, Finished};
use crate::{FeedEvent, Rules, worker_lost};

pub(super) fn written(index: &mut Index, changes: Changes) {
    for new in changes.pushes {
        if let Some(live) = index.live.get_mut(&new.id) {
            live.stored = true;
            let LiveRecord { tenant, language, attempt, .. } = &live.record;
            index.feeds.add(tenant.as_deref(), &FeedEvent::submitted(new.id, language));
            if *attempt > 0 {
                index.feeds.add(tenant.as_deref(), &FeedEvent::started(new.id, language, *attempt));
            }
        }
        if let Some((key, _)) = new.key {
            index.keys.remove(&key);
        }
    }
    for Finished { report, hook, record, .. } in changes.finishes {
        let id = report.id;
        index.feeds.add(record.tenant.as_deref(), &FeedEvent::done(id, &record.language, record.verdict));
        if hook.is_some() {
            index.pending.put(id, Instant::now());
        }
        index.remove(id);
        index.close_topic(id, Some(Event::Done { report }));
    }
}

/// Nothing of this was accepted: pushes are forgotten, reports have to be brought again.
pub(super) fn refused(index: &mut Index, changes: Changes, lease: Duration) {
    for new in changes.pushes {
        index.remove(new.id);
        index.close_topic(new.id, None);
        if let Some((key, _)) = new.key {
            index.keys.remove(&key);
        }
    }
    for (id, _) in changes.requeues {
        index.remove(id);
        index.close_topic(id, None);
    }
    for Finished { record, report, .. } in changes.finishes {
        let again = Instant::now() + lease;
        let judged = !record.dead && record.verdict != Verdict::Cancelled;
        index.set_state(report.id, if judged { State::Leased(again) } else { State::Resting(again) });
    }
    index.unsaved.extend(changes.updates.into_iter().map(|(id, _)| id));
}

/// Requeues a job that is neither running nor finished, after a delay if there is to be one, or gives it up.
pub(super) fn requeue_or_give_up(index: &mut Index, id: JobId, rest: Duration, rules: &Rules) -> Option<Request> {
    let live = index.live.get(&id)?;
    let attempt = live.record.attempt;
    if live.record.cancel {
        index.set_state(id, State::Ending);
        return Some(Op::GiveUp { id, verdict: Verdict::Cancelled, fault: None }.into());
    }
    if attempt >= rules.max_attempts {
        let fault = Some(live.record.fault.clone().unwrap_or_else(|| worker_lost(attempt)));
        index.set_state(id, State::Ending);
        return Some(Op::GiveUp { id, verdict: Verdict::InternalError, fault }.into());
    }
    if rest.is_zero() {
        index.requeue(id, false);
    } else {
        index.set_state(id, State::Resting(Instant::now() + rest));
        index.unsaved.insert(id);
        index.publish(id, Event::Queued);
    }
    None
}
