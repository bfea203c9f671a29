//! Bounded work: each evaluation has a number of steps, and ends when they are used up.

/// Steps of one evaluation. A step looks at one day, or at one candidate; a thousand take well below a millisecond.
const STEPS: u32 = 500_000;

/// An evaluation took all its steps and found no time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no firing time was found within {STEPS} steps of search")]
pub struct Exhausted;

/// The steps that are left.
#[derive(Debug)]
pub(crate) struct Budget(u32);

impl Budget {
    pub(crate) fn new() -> Self {
        Self(STEPS)
    }

    /// Takes one step.
    pub(crate) fn step(&mut self) -> Result<(), Exhausted> {
        self.0 = self.0.checked_sub(1).ok_or(Exhausted)?;
        Ok(())
    }
}
