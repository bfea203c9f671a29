//! The data of a checker call, read by the guest piece by piece.

use bytes::Bytes;

/// Bytes that a checker reads piece by piece.
#[expect(unreachable_pub, reason = "the generated bindings name it in a `pub use`")]
pub struct Blob(pub(crate) Bytes);

/// Maximum bytes of one read.
const READ_BYTES: u32 = 1 << 20;

impl Blob {
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53, as the contract says")]
    pub(crate) fn size(&self) -> f64 {
        self.0.len() as f64
    }

    /// Shares the bytes: the only copy is the one into the guest.
    pub(crate) fn read(&self, offset: f64, length: u32) -> Bytes {
        // A float cast to an integer saturates, and NaN becomes 0.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturating is what is wanted")]
        let start = (offset as usize).min(self.0.len());
        let length = length.min(READ_BYTES) as usize;
        self.0.slice(start..self.0.len().min(start + length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_read_in_pieces_and_ends_empty() {
        let blob = Blob(Bytes::from(vec![7; (2 << 20) + 3]));
        assert_eq!(blob.read(0.0, u32::MAX).len(), 1 << 20);
        assert_eq!(blob.read(2_097_152.0, 100).len(), 3);
        for nowhere in [blob.size(), 1e300, f64::INFINITY] {
            assert!(blob.read(nowhere, 1).is_empty());
        }
        assert_eq!(blob.read(f64::NAN, 1).len(), 1);
        assert_eq!(blob.read(-5.0, 1).len(), 1);
    }
}
