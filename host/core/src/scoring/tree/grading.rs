//! A tree of groups while its job is judged.

use super::{Node, OnReject, ScoreMode, Tree, VerdictMode};
use crate::scoring::{GroupScore, Score};
use crate::{Test, Verdict};

/// The result of a test or of a group.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Graded {
    /// Accepted, or why not.
    pub verdict: Verdict,
    /// Counts at the root only when accepted.
    pub score: f64,
}

/// A group that the tree's grader has to grade before judging goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraderCall {
    /// Its arguments.
    pub args: Vec<String>,
    /// One line a result: a verdict and a score.
    pub stdin: String,
}

/// A tree while its job is judged. Tests come in the job's order.
#[derive(Debug)]
pub struct Grading<'a> {
    tree: &'a Tree,
    /// Each group comes before those that it holds.
    groups: Vec<State<'a>>,
    /// The group of each test.
    places: Vec<Option<usize>>,
    /// The group that waits for the tree's grader, and the last test that is known.
    due: Option<(usize, usize)>,
}

#[derive(Debug)]
struct State<'a> {
    node: &'a Node,
    parent: Option<usize>,
    /// The last test in it or in a group inside.
    last: Option<usize>,
    results: Vec<Graded>,
    judged: usize,
    tests: usize,
    stopped: bool,
    graded: Option<Graded>,
}

impl<'a> Grading<'a> {
    /// Nothing has been judged. `tree` was checked against `tests`.
    pub fn new(tree: &'a Tree, tests: &[Test]) -> Self {
        let state = |(node, parent)| State {
            node,
            parent,
            last: None,
            results: Vec::new(),
            judged: 0,
            tests: 0,
            stopped: false,
            graded: None,
        };
        let mut groups: Vec<State<'a>> = tree.root.flat().into_iter().map(state).collect();
        let find = |test: &Test| groups.iter().position(|own| Some(own.node.name.as_str()) == test.group.as_deref());
        let places: Vec<Option<usize>> = tests.iter().map(find).collect();
        for (test, place) in places.iter().enumerate() {
            let mut group = *place;
            while let Some(own) = group {
                groups[own].last = Some(test);
                groups[own].tests += 1;
                group = groups[own].parent;
            }
        }
        Self { tree, groups, places, due: None }
    }

    /// Returns true if a test is still to be run.
    pub fn wants(&self, test: usize) -> bool {
        let mut group = self.places.get(test).copied().flatten();
        while let Some(own) = group.map(|own| &self.groups[own]) {
            if own.stopped {
                return false;
            }
            group = own.parent;
        }
        true
    }

    /// Notes the result of a test: its verdict, and its score if a checker gave one.
    pub fn note(&mut self, test: usize, verdict: Verdict, given: Option<f64>) {
        let (Some(place), false) =
            (self.places.get(test).copied().flatten(), matches!(verdict, Verdict::Skipped | Verdict::Cancelled))
        else {
            return;
        };
        let node = self.groups[place].node;
        // A part of the points is what an accepted output may be worth here.
        let verdict = if verdict == Verdict::Partial { Verdict::Accepted } else { verdict };
        let default = if verdict == Verdict::Accepted { node.accept_score } else { node.reject_score };
        let score = match given {
            Some(given) if self.tree.open_scores => given,
            Some(share) => share * default,
            None => default,
        };
        let mut group = Some(place);
        while let Some(own) = group {
            self.groups[own].judged += 1;
            group = self.groups[own].parent;
        }
        self.result(place, Graded { verdict, score });
        self.close(place, test);
    }

    /// The group that the tree's grader has to grade now.
    pub fn due(&self) -> Option<GraderCall> {
        let own = &self.groups[self.due?.0];
        let line = |result: &Graded| format!("{} {}\n", code(result.verdict), result.score);
        let stdin = own.results.iter().map(line).collect();
        Some(GraderCall { args: own.node.custom.clone().unwrap_or_default(), stdin })
    }

    /// Notes the grader's result for the group that was due.
    pub fn graded(&mut self, graded: Graded) {
        if let Some((group, test)) = self.due.take() {
            self.settle(group, graded);
            if let Some(parent) = self.groups[group].parent {
                self.close(parent, test);
            }
        }
    }

    fn result(&mut self, group: usize, result: Graded) {
        let own = &mut self.groups[group];
        own.results.push(result);
        own.stopped |= result.verdict != Verdict::Accepted && own.node.on_reject == OnReject::Break;
    }

    /// Grades the groups that have all their results once `test` is known, from the inside out.
    fn close(&mut self, group: usize, mut test: usize) {
        let mut next = Some(group);
        while let Some(group) = next {
            let own = &self.groups[group];
            // What is left of a group that has stopped is skipped.
            if own.stopped {
                test = test.max(own.last.unwrap_or(test));
            }
            if own.last.is_some_and(|last| last > test) {
                return;
            }
            if own.node.custom.is_some() {
                self.due = Some((group, test));
                return;
            }
            let graded = grade(own.node, &own.results);
            self.settle(group, graded);
            next = self.groups[group].parent;
        }
    }

    fn settle(&mut self, group: usize, graded: Graded) {
        self.groups[group].graded = Some(graded);
        if let Some(parent) = self.groups[group].parent {
            self.result(parent, graded);
        }
    }

    /// The points so far.
    pub fn score(&self) -> Score {
        let groups = self.groups.iter().enumerate().skip(1).filter(|(_, own)| own.tests > 0).map(|(i, own)| {
            let graded = own.graded.unwrap_or(Graded { verdict: Verdict::Skipped, score: 0.0 });
            GroupScore {
                name: own.node.name.clone(),
                points: tidy(graded.score),
                max: tidy(self.max(i).unwrap_or(graded.score)),
                passed: graded.verdict == Verdict::Accepted,
                judged: own.judged,
                tests: own.tests,
            }
        });
        let root = self.groups.first().and_then(|root| root.graded);
        let graded = root.unwrap_or(Graded { verdict: Verdict::Skipped, score: 0.0 });
        let is_accepted = graded.verdict == Verdict::Accepted;
        if self.tree.verdict_only {
            let points = f64::from(u8::from(is_accepted));
            return Score { points, max: 1.0, unbounded: false, verdict: Some(graded.verdict), groups: Vec::new() };
        }
        let points = if is_accepted { tidy(graded.score) } else { 0.0 };
        let max = if self.tree.minimize { None } else { self.max(0) };
        Score {
            points,
            max: tidy(max.unwrap_or(points)),
            unbounded: max.is_none(),
            verdict: Some(graded.verdict),
            groups: groups.collect(),
        }
    }

    /// The most that a group can come to, if anything says so.
    fn max(&self, group: usize) -> Option<f64> {
        let node = self.groups[group].node;
        let inside = if node.custom.is_some() { None } else { self.max_inside(group) };
        match (node.max, inside) {
            (Some(said), Some(inside)) => Some(said.min(inside)),
            (said, inside) => said.or(inside),
        }
    }

    fn max_inside(&self, group: usize) -> Option<f64> {
        let node = self.groups[group].node;
        let of_test = (!self.tree.open_scores).then(|| node.accept_score.max(node.reject_score));
        let own = self.places.iter().enumerate().filter(|(_, place)| **place == Some(group));
        let mut inside: Vec<(usize, Option<f64>)> = own.map(|(test, _)| (test, of_test)).collect();
        for (i, state) in self.groups.iter().enumerate().filter(|(_, state)| state.parent == Some(group)) {
            inside.extend(state.last.map(|last| (last, self.max(i))));
        }
        inside.sort_by_key(|(at, _)| *at);
        let ignored = if node.ignore_sample { inside.len().saturating_sub(1) } else { 0 };
        let scores: Option<Vec<f64>> = inside.into_iter().skip(ignored).map(|(_, max)| max).collect();
        scores.map(|scores| node.score.of(&scores))
    }
}

/// The default grader.
fn grade(node: &Node, results: &[Graded]) -> Graded {
    let ignored = if node.ignore_sample { results.len().saturating_sub(1) } else { 0 };
    let results = &results[ignored..];
    let scores: Vec<f64> = results.iter().map(|result| result.score).collect();
    let verdicts = || results.iter().map(|result| result.verdict);
    let rejected = || verdicts().filter(|verdict| *verdict != Verdict::Accepted);
    let verdict = match node.verdict {
        _ if node.accept_if_any_accepted && verdicts().any(|verdict| verdict == Verdict::Accepted) => None,
        VerdictMode::AlwaysAccept => None,
        VerdictMode::FirstError => rejected().next(),
        VerdictMode::WorstError => rejected().min_by_key(|verdict| severity(*verdict)),
    };
    Graded { verdict: verdict.unwrap_or(Verdict::Accepted), score: ScoreMode::of(node.score, &scores) }
}

/// The worse, the smaller: RTE, MLE, TLE, OLE, WA.
fn severity(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::RuntimeError | Verdict::SecurityViolation => 0,
        Verdict::MemoryLimitExceeded => 1,
        Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded => 2,
        Verdict::OutputLimitExceeded => 3,
        Verdict::WrongAnswer => 4,
        _ => 5,
    }
}

/// The four words that a grader reads.
fn code(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted | Verdict::Partial => "AC",
        Verdict::WrongAnswer | Verdict::PresentationError => "WA",
        Verdict::TimeLimitExceeded | Verdict::IdlenessLimitExceeded => "TLE",
        _ => "RTE",
    }
}

impl Graded {
    /// Reads what a grader printed.
    ///
    /// # Errors
    /// It is not a verdict and a score.
    pub fn read(printed: &str) -> Result<Self, String> {
        let nonsense = || format!("should print a verdict and a score, and said \"{}\"", printed.trim().escape_debug());
        let mut words = printed.split_whitespace();
        let (Some(word), Some(score), None) = (words.next(), words.next(), words.next()) else {
            return Err(nonsense());
        };
        let verdict = match word {
            "AC" => Verdict::Accepted,
            "WA" | "PE" => Verdict::WrongAnswer,
            "TLE" => Verdict::TimeLimitExceeded,
            "RTE" => Verdict::RuntimeError,
            "MLE" => Verdict::MemoryLimitExceeded,
            "OLE" => Verdict::OutputLimitExceeded,
            _ => return Err(nonsense()),
        };
        let score = score.parse::<f64>().ok().filter(|score| score.is_finite()).ok_or_else(nonsense)?;
        Ok(Self { verdict, score })
    }
}

/// Without the noise of adding up fractions.
fn tidy(points: f64) -> f64 {
    (points * 1e9).round() / 1e9
}
