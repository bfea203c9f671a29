//! Matches the whole output against a regular expression, byte by byte as it streams by: a lazy automaton, whose states
//! are a cache of bounded size.

use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::hybrid::{BuildError, LazyStateID};
use regex_automata::util::{start, syntax};
use regex_automata::{Anchored, MatchKind, nfa::thompson};

use super::Mismatch;
use super::difference::{Class, Kind, Shown, Unit};

/// The longest pattern.
const MAX_LEN: usize = 16 << 10;
/// The most that a pattern may be compiled to, and the most that is kept of the automaton.
const MAX_BYTES: usize = 1 << 20;

#[derive(Debug)]
pub(super) struct Pattern {
    automaton: DFA,
    cache: Cache,
    state: LazyStateID,
}

/// Refuses a pattern that is none, or too large.
pub(super) fn check(pattern: &str) -> Result<(), String> {
    Pattern::new(pattern).map(|_| ())
}

fn build(pattern: &str) -> Result<DFA, Box<BuildError>> {
    // All ways to match are kept, so that one of them may end where the output does.
    let kind = MatchKind::All;
    let config = Config::new().match_kind(kind).cache_capacity(MAX_BYTES).skip_cache_capacity_check(true);
    DFA::builder()
        .configure(config)
        .syntax(syntax::Config::new().utf8(false).nest_limit(64))
        .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(MAX_BYTES)))
        .build(pattern)
        .map_err(Box::new)
}

/// The innermost cause tells most; its last line says what is wrong, those before it draw where.
fn why(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text = cause.to_string();
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}

impl Pattern {
    /// # Errors
    /// Why the pattern is none.
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAX_LEN {
            return Err(format!("a pattern may have {MAX_LEN} bytes, and this one has {}", pattern.len()));
        }
        let automaton = build(pattern).map_err(|error| format!("the pattern is none: {}", why(&error)))?;
        let mut cache = automaton.create_cache();
        let start = start::Config::new().anchored(Anchored::Yes);
        let state = automaton.start_state(&mut cache, &start).map_err(|error| error.to_string())?;
        Ok(Self { automaton, cache, state })
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        for (index, &byte) in chunk.iter().enumerate() {
            match self.automaton.next_state(&mut self.cache, self.state, byte) {
                Ok(next) if !(next.is_dead() || next.is_quit()) => self.state = next,
                _ => return Some(mismatch(index)),
            }
        }
        None
    }

    pub(super) fn finish(&mut self) -> Option<Mismatch> {
        let end = self.automaton.next_eoi_state(&mut self.cache, self.state);
        (!end.is_ok_and(|end| end.is_match())).then(|| mismatch(0))
    }
}

fn mismatch(index: usize) -> Mismatch {
    let (kind, found, unit) = (Kind::Pattern, Shown::default(), Unit::Line);
    Mismatch { index, back: 0, kind, expected: None, found, unit, class: Class::Wrong, last: true }
}
