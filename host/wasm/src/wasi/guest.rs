//! A program's memory: every address in it comes from the program.

use crate::errno::Errno;
use crate::fs::PATH_BYTES;

/// Limit of the pieces of one read or write, as `IOV_MAX` of Linux.
const MAX_PIECES: u32 = 1024;

/// A program's memory, during one call.
pub(crate) struct Guest<'a>(pub(crate) &'a mut [u8]);

impl Guest<'_> {
    pub(crate) fn bytes(&self, at: u32, length: u32) -> Result<&[u8], Errno> {
        let from = at as usize;
        self.0.get(from..from.saturating_add(length as usize)).ok_or(Errno::Fault)
    }

    pub(crate) fn bytes_mut(&mut self, at: u32, length: u32) -> Result<&mut [u8], Errno> {
        let from = at as usize;
        self.0.get_mut(from..from.saturating_add(length as usize)).ok_or(Errno::Fault)
    }

    /// A path, or a symlink's target.
    pub(crate) fn text(&self, at: u32, length: u32) -> Result<String, Errno> {
        if length as usize > PATH_BYTES {
            return Err(Errno::NameTooLong);
        }
        let text = std::str::from_utf8(self.bytes(at, length)?).map_err(|_| Errno::IlSeq)?;
        if text.contains('\0') { Err(Errno::Inval) } else { Ok(text.to_owned()) }
    }

    pub(crate) fn u32(&self, at: u32) -> Result<u32, Errno> {
        self.array(at).map(u32::from_le_bytes)
    }

    pub(crate) fn array<const N: usize>(&self, at: u32) -> Result<[u8; N], Errno> {
        let length = u32::try_from(N).map_err(|_| Errno::Inval)?;
        self.bytes(at, length)?.try_into().map_err(|_| Errno::Fault)
    }

    pub(crate) fn put(&mut self, at: u32, bytes: &[u8]) -> Result<(), Errno> {
        let length = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        self.bytes_mut(at, length)?.copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn put_u32(&mut self, at: u32, number: u32) -> Result<(), Errno> {
        self.put(at, &number.to_le_bytes())
    }

    pub(crate) fn put_u64(&mut self, at: u32, number: u64) -> Result<(), Errno> {
        self.put(at, &number.to_le_bytes())
    }

    /// The places and lengths of a list of buffers.
    pub(crate) fn pieces(&self, at: u32, count: u32) -> Result<Vec<(u32, u32)>, Errno> {
        if count > MAX_PIECES {
            return Err(Errno::Inval);
        }
        let piece = |i: u32| {
            let at = i.checked_mul(8).and_then(|offset| at.checked_add(offset)).ok_or(Errno::Fault)?;
            Ok((self.u32(at)?, self.u32(at.checked_add(4).ok_or(Errno::Fault)?)?))
        };
        (0..count).map(piece).collect()
    }
}
