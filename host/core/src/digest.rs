//! Names of stored things by what they hold.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// The hash of a stored thing, with the algorithm: `sha256:` and 64 hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Digest {
    /// SHA-256 (FIPS 180-4).
    Sha256([u8; 32]),
}

const SHA256: &str = "sha256:";

impl Digest {
    /// The digits without the algorithm, which can name a file.
    pub fn hex(&self) -> String {
        let Self::Sha256(bytes) = self;
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The digest of these digits.
    ///
    /// # Errors
    /// They are not 64 hexadecimal digits in lower case.
    pub fn of_hex(digits: &str) -> Result<Self, NoDigest> {
        let (digits, mut bytes) = (digits.as_bytes(), [0; 32]);
        if digits.len() != 2 * bytes.len() {
            return Err(NoDigest);
        }
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self::Sha256(bytes))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SHA256}{}", self.hex())
    }
}

/// A text that is no digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is not a digest: `sha256:` and 64 hexadecimal digits")]
pub struct NoDigest;

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, NoDigest> {
        Self::of_hex(text.strip_prefix(SHA256).ok_or(NoDigest)?)
    }
}

/// Lower case only, so that a digest has one name.
fn nibble(digit: u8) -> Result<u8, NoDigest> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(NoDigest),
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_name() {
        let name = format!("sha256:{}", "0f".repeat(32));
        let digest: Digest = name.parse().unwrap();
        assert_eq!((digest, digest.to_string()), (Digest::Sha256([15; 32]), name.clone()));
        let upper = format!("sha256:{}", "0F".repeat(32));
        for bad in [
            "",
            "sha256:",
            &name[7..],
            &name[..70],
            &format!("{name}0"),
            &upper,
            &name.replace("sha256", "md5"),
            &name.replace('f', "é"),
        ] {
            assert_eq!(bad.parse::<Digest>(), Err(NoDigest), "{bad}");
        }
    }
}
