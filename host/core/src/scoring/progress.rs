//! A job's points while it is judged.

use super::tree::{Graded, GraderCall, Grading};
use super::{Aggregate, GroupScore, Score, Scoring, Stop, Total};
use crate::{Test, Verdict};

/// A job's points while it is judged.
#[derive(Debug)]
pub struct Progress<'a> {
    scoring: &'a Scoring,
    groups: Vec<State>,
    /// Each test's group, and what it is worth there.
    places: Vec<Option<(usize, f64)>>,
    stopped: bool,
    grading: Option<Grading<'a>>,
}

/// A group while it is judged.
#[derive(Debug, Default)]
struct State {
    tests: usize,
    judged: usize,
    accepted: usize,
    max: f64,
    sum: f64,
    least: Option<f64>,
    most: f64,
    /// Of all shares; none, before the first.
    product: Option<f64>,
    stopped: bool,
    requires: Vec<usize>,
    /// Another group asks whether all of it was accepted.
    is_required: bool,
}

impl State {
    fn passed(&self) -> bool {
        self.accepted == self.tests
    }

    /// Returns true if the remaining tests cannot change the points, nor if the group passed where that matters.
    fn is_settled(&self, score: Aggregate) -> bool {
        let failed = self.accepted < self.judged;
        match score {
            Aggregate::Sum => false,
            Aggregate::Min | Aggregate::Product => self.least == Some(0.0),
            Aggregate::Max => self.most >= 1.0 && (failed || !self.is_required),
            Aggregate::All => failed,
        }
    }

    fn points(&self, score: Aggregate) -> f64 {
        let share = match score {
            Aggregate::Sum => return self.sum,
            // What did not run got nothing.
            Aggregate::Min | Aggregate::Product if self.judged < self.tests => 0.0,
            Aggregate::Min => self.least.unwrap_or(0.0),
            Aggregate::Max => self.most,
            Aggregate::Product => self.product.unwrap_or(0.0),
            Aggregate::All => f64::from(u8::from(self.passed())),
        };
        share * self.max
    }
}

impl<'a> Progress<'a> {
    /// Nothing has been judged. `scoring` was checked against `tests`.
    pub fn new(scoring: &'a Scoring, tests: &[Test]) -> Self {
        let find = |name: &str| scoring.groups.iter().position(|group| group.name == name);
        let mut groups: Vec<State> = scoring.groups.iter().map(|_| State::default()).collect();
        for (i, group) in scoring.groups.iter().enumerate() {
            groups[i].requires = group.requires.iter().filter_map(|name| find(name)).collect();
            for required in groups[i].requires.clone() {
                groups[required].is_required = true;
            }
        }
        let places: Vec<Option<usize>> = tests.iter().map(|test| find(test.group.as_ref()?)).collect();
        for (place, test) in places.iter().zip(tests) {
            if let Some(group) = place {
                groups[*group].tests += 1;
                groups[*group].max += test.points.unwrap_or(0.0);
            }
        }
        for (state, group) in groups.iter_mut().zip(&scoring.groups) {
            state.max = if group.sample { 0.0 } else { group.points.unwrap_or(state.max) };
        }
        #[expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^52")]
        let worth = |group: usize, test: &Test| test.points.unwrap_or(groups[group].max / groups[group].tests as f64);
        let places = places.iter().zip(tests).map(|(place, test)| place.map(|group| (group, worth(group, test))));
        let places = places.collect();
        let grading = scoring.tree.as_deref().map(|tree| Grading::new(tree, tests));
        Self { scoring, groups, places, stopped: false, grading }
    }

    /// The most that a test can add by itself, if anything.
    pub fn worth(&self, test: usize) -> Option<f64> {
        let (group, worth) = (*self.places.get(test)?)?;
        let worth = if self.scoring.groups[group].score == Aggregate::Sum { worth } else { self.groups[group].max };
        (worth > 0.0).then_some(worth)
    }

    /// Returns true if a test is still to be run.
    pub fn wants(&self, test: usize) -> bool {
        if self.stopped {
            return false;
        }
        if let Some(grading) = &self.grading {
            return grading.wants(test);
        }
        let Some((group, _)) = self.places.get(test).copied().flatten() else { return true };
        let state = &self.groups[group];
        let settled = self.scoring.lazy && state.is_settled(self.scoring.groups[group].score);
        !state.stopped && !settled && state.requires.iter().all(|required| self.groups[*required].passed())
    }

    /// Notes the result of a test: its verdict, and its share if a checker gave one.
    pub fn note(&mut self, test: usize, verdict: Verdict, share: Option<f64>) {
        if let Some(grading) = &mut self.grading {
            return grading.note(test, verdict, share);
        }
        let Some((group, worth)) = self.places.get(test).copied().flatten() else { return };
        let share = match verdict {
            Verdict::Accepted | Verdict::Partial => {
                let given = share.unwrap_or(f64::from(u8::from(verdict == Verdict::Accepted)));
                match self.scoring.groups[group].threshold {
                    Some(threshold) => f64::from(u8::from(given > 0.0 && given <= threshold)),
                    None => given.clamp(0.0, 1.0),
                }
            }
            Verdict::Skipped | Verdict::Cancelled => return,
            _ => 0.0,
        };
        let state = &mut self.groups[group];
        state.judged += 1;
        state.accepted += usize::from(verdict == Verdict::Accepted);
        state.sum += share * worth;
        state.least = Some(state.least.map_or(share, |least| least.min(share)));
        state.most = state.most.max(share);
        state.product = Some(state.product.unwrap_or(1.0) * share);
        if verdict != Verdict::Accepted {
            match self.scoring.groups[group].stop {
                Stop::Never => {}
                Stop::Group => state.stopped = true,
                Stop::Job => self.stopped = true,
            }
        }
    }

    /// A group that a program has to grade before judging goes on.
    pub fn due(&self) -> Option<GraderCall> {
        self.grading.as_ref()?.due()
    }

    /// Notes the result of the grader program.
    pub fn graded(&mut self, graded: Graded) {
        if let Some(grading) = &mut self.grading {
            grading.graded(graded);
        }
    }

    /// The points so far.
    pub fn score(&self) -> Score {
        if let Some(grading) = &self.grading {
            return grading.score();
        }
        let score = |(state, group): (&State, &super::Group)| GroupScore {
            name: group.name.clone(),
            // A sum of parts may be off in its last bits.
            points: tidy(state.points(group.score)).clamp(0.0, state.max),
            max: state.max,
            passed: state.passed(),
            judged: state.judged,
            tests: state.tests,
        };
        let groups: Vec<GroupScore> = self.groups.iter().zip(&self.scoring.groups).map(score).collect();
        let counted = |value: fn(&GroupScore) -> f64| {
            let values = groups.iter().zip(&self.scoring.groups).filter(|(_, group)| !group.sample);
            let values = values.map(move |(score, _)| value(score));
            match self.scoring.total {
                Total::Sum => values.sum(),
                Total::Min => values.reduce(f64::min).unwrap_or(0.0),
                Total::Max => values.reduce(f64::max).unwrap_or(0.0),
            }
        };
        let max: f64 = tidy(counted(|group| group.max));
        let points = tidy(counted(|group| group.points)).clamp(0.0, max);
        Score { points, max, unbounded: false, verdict: None, groups }
    }
}

/// Without the noise of adding up fractions.
fn tidy(points: f64) -> f64 {
    let rounded = (points * 1e9).round() / 1e9;
    if rounded.is_finite() && rounded >= 0.0 { rounded } else { points.max(0.0) }
}
