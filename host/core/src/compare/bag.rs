//! A multiset of hashes: the things that are still to come, and how often.
//!
//! A few are counted each by itself, so that the first one too many is known where it stands. Of many only the sum is
//! kept, so that a large expectation needs no more memory than a small one: whether all is right is then known at the
//! end. The hashes are keyed at random, so that inputs with equal sums cannot be constructed.

use super::difference::Kind;

/// Maximum number of things that are counted individually: 1 MiB.
const COUNTED: usize = 50_000;

#[derive(Debug)]
pub(super) enum Bag {
    /// Sorted, each once; how often each is still to come; all of them.
    Counted {
        hashes: Vec<u128>,
        counts: Vec<u32>,
        left: u64,
    },
    Summed {
        sum: u128,
        left: u64,
    },
}

impl Bag {
    pub(super) fn new(things: impl Iterator<Item = u128>) -> Self {
        let (mut few, mut sum, mut left) = (Vec::new(), 0u128, 0u64);
        for thing in things {
            sum = sum.wrapping_add(thing);
            left += 1;
            if few.len() <= COUNTED {
                few.push(thing);
            }
        }
        if few.len() > COUNTED {
            return Self::Summed { sum, left };
        }
        few.sort_unstable();
        let (mut hashes, mut counts): (Vec<u128>, Vec<u32>) = (Vec::new(), Vec::new());
        for hash in few {
            match counts.last_mut() {
                Some(count) if hashes.last() == Some(&hash) => *count += 1,
                _ => {
                    hashes.push(hash);
                    counts.push(1);
                }
            }
        }
        Self::Counted { hashes, counts, left }
    }

    /// Takes a thing out. Returns whether it was still in, as far as is known.
    pub(super) fn take(&mut self, thing: u128) -> bool {
        match self {
            Self::Counted { hashes, counts, left } => match hashes.binary_search(&thing) {
                Ok(known) if counts[known] > 0 => {
                    counts[known] -= 1;
                    *left -= 1;
                    true
                }
                _ => false,
            },
            Self::Summed { sum, left } => {
                *sum = sum.wrapping_sub(thing);
                let more = left.checked_sub(1);
                *left = more.unwrap_or(0);
                more.is_some()
            }
        }
    }

    /// The fault when nothing more comes.
    pub(super) fn rest(&self) -> Option<Kind> {
        match self {
            Self::Counted { left: 0, .. } | Self::Summed { left: 0, sum: 0 } => None,
            Self::Counted { .. } => Some(Kind::LineMissing),
            Self::Summed { .. } => Some(Kind::Unlike),
        }
    }

    /// Returns true if a thing is known to be still in.
    pub(super) fn holds(&self, thing: u128) -> bool {
        match self {
            Self::Counted { hashes, counts, .. } => hashes.binary_search(&thing).is_ok_and(|known| counts[known] > 0),
            Self::Summed { .. } => false,
        }
    }
}
