//! Blobs: data that a checker compares, too large to hold in memory.

use std::io::{self, Read};

use crate::export::HostBlob;

/// Bytes that stay with the host and are read piece by piece.
#[derive(Debug)]
pub struct Blob<'a>(Place<'a>);

#[derive(Debug)]
enum Place<'a> {
    Host(&'a HostBlob),
    Here(&'a [u8]),
}

/// Maximum bytes of one read from the host.
const PIECE: u32 = 1 << 20;

impl<'a> Blob<'a> {
    pub(crate) fn of_host(blob: &'a HostBlob) -> Self {
        Self(Place::Host(blob))
    }

    /// Bytes at hand, for native tests of a checker.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        Self(Place::Here(bytes))
    }

    /// The number of bytes.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the host gives a whole number")]
    pub fn size(&self) -> u64 {
        match &self.0 {
            Place::Host(blob) => blob.size() as u64,
            Place::Here(bytes) => bytes.len() as u64,
        }
    }

    /// At most `length` bytes, and at most 1 MiB, from `offset`; none at the end.
    #[expect(clippy::cast_precision_loss, reason = "no output reaches 2^53 bytes")]
    pub fn read_at(&self, offset: u64, length: u32) -> Vec<u8> {
        let length = length.min(PIECE);
        match &self.0 {
            Place::Host(blob) => blob.read(offset as f64, length),
            Place::Here(bytes) => {
                let rest = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..)).unwrap_or_default();
                rest[..rest.len().min(length as usize)].to_vec()
            }
        }
    }

    /// All of it, front to back; wrap it in a `BufReader` for lines.
    pub fn reader(&self) -> impl Read {
        Reader { blob: self, offset: 0 }
    }
}

struct Reader<'a> {
    blob: &'a Blob<'a>,
    offset: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.blob.read_at(self.offset, u32::try_from(buffer.len()).unwrap_or(PIECE));
        buffer[..piece.len()].copy_from_slice(&piece);
        self.offset += piece.len() as u64;
        Ok(piece.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_read_in_pieces_to_its_end() {
        let bytes: Vec<u8> = (0..3_000_000u32).map(|i| i as u8).collect();
        let blob = Blob::of_bytes(&bytes);
        let mut read = Vec::new();
        blob.reader().read_to_end(&mut read).unwrap();
        assert!(read == bytes);
        assert_eq!(blob.size(), 3_000_000);
        assert!(blob.read_at(u64::MAX, 1).is_empty());
    }
}
