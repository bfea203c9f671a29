//! DMOJ's `easy`: the same bytes, each as often, whatever their order, their case and the white space among them.

use super::Mismatch;
use super::difference::{Class, Kind, Shown, Unit};
use super::scan::is_space;

#[derive(Debug)]
pub(super) struct Letters {
    /// Remaining count of each byte.
    left: Box<[u64; 256]>,
}

impl Letters {
    pub(super) fn new(expected: &[u8]) -> Self {
        let mut left = Box::new([0; 256]);
        for &byte in expected.iter().filter(|byte| !is_space(**byte)) {
            left[usize::from(byte.to_ascii_lowercase())] += 1;
        }
        Self { left }
    }

    pub(super) fn feed(&mut self, chunk: &[u8]) -> Option<Mismatch> {
        for (index, &byte) in chunk.iter().enumerate().filter(|(_, byte)| !is_space(**byte)) {
            let left = &mut self.left[usize::from(byte.to_ascii_lowercase())];
            match left.checked_sub(1) {
                Some(less) => *left = less,
                None => return Some(mismatch(index, Kind::LetterUnexpected, None)),
            }
        }
        None
    }

    pub(super) fn finish(&self) -> Option<Mismatch> {
        let missing = (0..=u8::MAX).find(|byte| self.left[usize::from(*byte)] > 0)?;
        let shown = Shown { bytes: vec![missing], ..Shown::default() };
        Some(mismatch(0, Kind::LetterMissing, Some(shown)))
    }
}

fn mismatch(index: usize, kind: Kind, expected: Option<Shown>) -> Mismatch {
    let found = Shown::default();
    Mismatch { index, back: 0, kind, expected, found, unit: Unit::Token, class: Class::Wrong, last: true }
}
