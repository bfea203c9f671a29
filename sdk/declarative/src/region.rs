//! The bytes that are filled in: a mark by which they are found in the built plugin, a length, and a packed manifest.

use crate::Manifest;

/// Enough for every language here, with its sample programs, several times over.
pub(crate) const BYTES: usize = 64 << 10;
/// Found once in a plugin, since nothing else there is like it.
pub(crate) const MARK: [u8; 16] = *b"\x91optimus.region\x07";

/// As the prebuilt plugin has it: a mark and nothing.
#[used]
static REGION: [u8; BYTES] = empty();

const fn empty() -> [u8; BYTES] {
    let (mut bytes, mut i) = ([0; BYTES], 0);
    while i < MARK.len() {
        bytes[i] = MARK[i];
        i += 1;
    }
    bytes
}

/// The manifest in the region, if one was filled in.
pub(crate) fn read() -> Option<Manifest> {
    // The compiler must not believe that it knows what is in there.
    unpack(std::hint::black_box(&REGION))
}

/// Decodes a region; none where the length is 0.
pub(crate) fn unpack(region: &[u8]) -> Option<Manifest> {
    let (length, rest) = region.get(MARK.len()..)?.split_first_chunk()?;
    let packed = rest.get(..u32::from_le_bytes(*length) as usize)?;
    postcard::from_bytes(packed).ok()
}

/// The beginning of a region with this in it, or how many bytes it needs when that is too many.
///
/// # Errors
/// The manifest is larger than the region.
#[cfg(feature = "author")]
pub(crate) fn fill(manifest: &Manifest) -> Result<Vec<u8>, usize> {
    let packed = postcard::to_allocvec(manifest).unwrap_or_default();
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX);
    let region = [&MARK[..], &length.to_le_bytes(), &packed].concat();
    if region.len() > BYTES {
        return Err(region.len());
    }
    Ok(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_read() {
        let manifest = Manifest { id: "x".to_owned(), ..Manifest::default() };
        let region = fill(&manifest).unwrap();
        assert_eq!(unpack(&region), Some(manifest));
        assert!(read().is_none(), "nobody has filled in this one");
    }

    #[test]
    fn what_is_too_large_is_refused() {
        let manifest = Manifest { name: "x".repeat(BYTES), ..Manifest::default() };
        assert!(fill(&manifest).unwrap_err() > BYTES);
    }
}
