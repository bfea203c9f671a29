//! Scanning that all comparers share: white space, the length of a common prefix, and the position in the output.

/// White space as the C locale has it: space, tab, LF, VT, FF, CR. Nothing above 0x7F is, so that UTF-8 is safe.
#[inline]
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `bytes` without the white space at its end, as a length.
pub(super) fn trimmed_len(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|&byte| !is_space(byte)).map_or(0, |last| last + 1)
}

/// The first index from `from` whose byte does not satisfy `skip`.
#[inline]
pub(super) fn skip(bytes: &[u8], from: usize, skip: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|&byte| !skip(byte)).map_or(bytes.len(), |n| from + n)
}

/// Length of the common prefix. Right output mostly equals the expectation byte for byte, so nearly all comparing
/// happens in this loop.
#[inline]
pub(super) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    // Most calls end within a few words, where calling memcmp would cost more than it saves; after that it is the
    // fastest there is. A block is large enough for its full speed, and small enough to be searched again.
    const WORDS: usize = 64;
    const BLOCK: usize = 512;
    let len = a.len().min(b.len());
    let (a, b) = (&a[..len], &b[..len]);
    let mut at = 0;
    while let (true, Some(x), Some(y)) = (at < WORDS, word(a, at), word(b, at)) {
        match x ^ y {
            0 => at += 8,
            differing => return at + differing.trailing_zeros() as usize / 8,
        }
    }
    while at + BLOCK <= len && a[at..at + BLOCK] == b[at..at + BLOCK] {
        at += BLOCK;
    }
    while let (Some(x), Some(y)) = (word(a, at), word(b, at)) {
        match x ^ y {
            0 => at += 8,
            differing => return at + differing.trailing_zeros() as usize / 8,
        }
    }
    while at < len && a[at] == b[at] {
        at += 1;
    }
    at
}

#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u64> {
    bytes.get(at..)?.first_chunk().map(|word| u64::from_le_bytes(*word))
}

/// A place in the output: lines end with LF, columns count bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// LFs before it.
    pub(super) lines: u64,
    /// Bytes since the last of them.
    pub(super) column: u64,
}

impl Place {
    /// The place after `bytes`.
    pub(super) fn after(self, bytes: &[u8]) -> Self {
        match memchr::memrchr(b'\n', bytes) {
            None => Self { column: self.column + bytes.len() as u64, ..self },
            Some(last) => Self {
                lines: self.lines + memchr::memchr_iter(b'\n', bytes).count() as u64,
                column: (bytes.len() - last - 1) as u64,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_common_prefix_ends_at_the_first_difference() {
        let long = vec![b'x'; 2_000];
        for at in [0, 1, 7, 8, 9, 511, 512, 513, 1_030, 1_999] {
            let mut other = long.clone();
            other[at] = b'y';
            assert_eq!(common_prefix(&long, &other), at);
            assert_eq!(common_prefix(&long[..at], &long), at);
        }
    }

    #[test]
    fn places_count_lines_and_bytes() {
        let place = Place::default().after(b"ab\nc").after("é".as_bytes()).after(b"");
        assert_eq!(place, Place { lines: 1, column: 3 });
        assert_eq!(place.after(b"\n\n"), Place { lines: 3, column: 0 });
    }
}
