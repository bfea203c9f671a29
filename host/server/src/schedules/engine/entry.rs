//! One schedule in the engine's hands.

use std::sync::Arc;

use optimus_core::Timestamp;
use optimus_schedules::{Firing, Schedule};

use super::Seams;
use super::turn::Turn;
use crate::schedules::definition::{Definition, MOST_ASKED, Request};
use crate::schedules::progress::{Progress, Waiting};

/// Due times that are looked at in one turn; other schedules get theirs then.
const LOOKED_AT: usize = 1_000;

/// A definition, its compiled spec, and when it fires next.
pub(super) struct Entry {
    pub(super) definition: Arc<Definition>,
    schedule: Option<Schedule>,
    next: Option<Firing>,
    /// Jobs run, or firings wait.
    pub(super) is_busy: bool,
    /// It could not do everything in its last turn.
    wants_more: bool,
}

impl Entry {
    pub(super) fn new(definition: Arc<Definition>) -> Self {
        let schedule = match definition.spec.compile(&definition.id) {
            Ok(schedule) => Some(schedule),
            // It was accepted once; a zone may be gone from the data of this release.
            Err(error) => {
                tracing::error!(schedule = definition.id, %error, "a stored schedule cannot be read, and does not fire");
                None
            }
        };
        Self { definition, schedule, next: None, is_busy: false, wants_more: false }
    }

    /// When it wants its next turn.
    pub(super) fn due(&self) -> Option<Timestamp> {
        if self.wants_more { Some(Timestamp(0)) } else { self.next.map(|next| next.at) }
    }

    /// Finds the next firing after what was dealt with.
    pub(super) fn follow(&mut self, progress: &Progress) {
        let Definition { id, active_from, policies, paused, .. } = self.definition.as_ref();
        self.is_busy = !progress.running.is_empty() || progress.buffered() > 0;
        let is_spent = policies.max_actions.is_some_and(|most| progress.remaining(most) == 0);
        self.next = match &self.schedule {
            Some(schedule) if !(*paused || progress.is_halted(*active_from) || is_spent) => {
                let after = progress.cursor.map_or(*active_from, |cursor| cursor.max(*active_from));
                schedule.next_after(after).unwrap_or_else(|error| {
                    tracing::error!(schedule = id, %error, "a schedule does not fire");
                    None
                })
            }
            _ => None,
        };
    }

    /// Deals with everything that is due, asked for, or waiting; then stores how far it came.
    pub(super) async fn work(&mut self, seams: &Seams, requests: Vec<Request>, now: Timestamp) -> anyhow::Result<()> {
        self.wants_more = false;
        let stored = seams.store.progress(&self.definition.id).await?;
        self.follow(&stored);
        let worked = self.turn(seams, &requests, &stored, now).await;
        // What was submitted and not noted is submitted again with the same keys.
        self.follow(worked.as_ref().unwrap_or(&stored));
        for request in &requests {
            worked.as_ref().map_err(|error| anyhow::anyhow!("{error:#}"))?;
            seams.store.remove_request(&request.id).await?;
        }
        worked.map(drop)
    }

    async fn turn(
        &mut self,
        seams: &Seams,
        requests: &[Request],
        stored: &Progress,
        now: Timestamp,
    ) -> anyhow::Result<Progress> {
        let mut progress = stored.clone();
        if !progress.is_halted(self.definition.active_from) {
            progress.halted = None;
        }
        let definition = Arc::clone(&self.definition);
        let mut turn = Turn::new(seams, &definition, progress, now);
        turn.settle().await?;
        self.consider_due(&mut turn).await?;
        let is_new = |request: &&Request| !stored.answered.contains(&request.id);
        for request in requests.iter().filter(is_new) {
            for nominal in self.asked(request) {
                turn.consider(Waiting::asked(nominal, now, request)).await?;
            }
        }
        self.wants_more |= turn.wants_more();
        let (mut progress, told) = (turn.progress, turn.told);
        progress.answered = requests.iter().map(|request| request.id.clone()).collect();
        if progress != *stored {
            seams.store.put_progress(&definition.id, Some(&progress)).await?;
            told.into_iter().for_each(|event| (seams.announce)(definition.owner.tenant.as_deref(), event));
        }
        Ok(progress)
    }

    /// Moves the cursor over what is due, and decides about each of it that is not too late.
    async fn consider_due(&mut self, turn: &mut Turn<'_>) -> anyhow::Result<()> {
        for _ in 0..LOOKED_AT {
            self.follow(&turn.progress);
            let Some(next) = self.next.filter(|next| next.at <= turn.now) else { return Ok(()) };
            turn.progress.cursor = Some(next.nominal);
            match turn.is_too_late(next.at) {
                true => turn.miss(next.nominal),
                false => {
                    let overlap = self.definition.policies.overlap;
                    turn.consider(Waiting::scheduled(next.nominal, next.at, overlap)).await?;
                }
            }
        }
        self.wants_more = true;
        Ok(())
    }

    /// The nominal times of a request.
    fn asked(&self, request: &Request) -> Vec<Timestamp> {
        let firings = match (request.after, &self.schedule) {
            (None, _) => return vec![request.until],
            (Some(after), Some(schedule)) => schedule.preview(after, Some(request.until), MOST_ASKED),
            (Some(_), None) => return Vec::new(),
        };
        let firings = firings.unwrap_or_else(|error| {
            tracing::error!(schedule = self.definition.id, %error, "a range is not filled");
            Vec::new()
        });
        firings.into_iter().map(|firing| firing.nominal).collect()
    }
}
