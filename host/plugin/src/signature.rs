//! Detached signatures of plugins, in minisign's format (Ed25519), over the exact bytes of the file.
//!
//! `x.wasm` is signed by `x.wasm.sig` beside it. In: bytes, the signature's text, the keys that an operator trusts. Out: whose
//! signature it is, or why it counts for nothing. Nothing in a file is read before its signature was.

mod secret;

use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minisign_verify::Signature;

pub use secret::SecretKey;

/// Maximum size of a signature, in bytes; it has four lines.
pub const SIGNATURE_BYTES: u64 = 4 << 10;
/// Bytes of a signer's comment that are shown.
const COMMENT_BYTES: usize = 200;

/// The name of a file's signature.
pub fn signature_file(file: &str) -> String {
    format!("{file}.sig")
}

/// The effect of a missing or bad signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Signatures {
    /// Nothing: they are not even read.
    #[default]
    Off,
    /// A file without one is loaded, and its status says so.
    Warn,
    /// A file without one is refused.
    Require,
}

/// The trusted keys, and the effect of a missing or bad signature.
#[derive(Debug, Clone, Default)]
pub struct Trust {
    /// The effect of a missing or bad signature.
    pub signatures: Signatures,
    /// The trusted keys. With several, a new key is trusted before the old one is removed.
    pub keys: Vec<PublicKey>,
}

impl Trust {
    /// The signer of a file.
    pub(crate) fn check(&self, wasm: &[u8], signature: Option<&[u8]>) -> Result<Signer, SignatureError> {
        let text = signature.ok_or(SignatureError::Missing)?;
        let text = std::str::from_utf8(text).map_err(|_| SignatureError::Malformed)?;
        let signature = Signature::decode(text).map_err(|_| SignatureError::Malformed)?;
        let id = text.lines().nth(1).and_then(key_id).ok_or(SignatureError::Malformed)?;
        let key = self.keys.iter().find(|key| key.id == id);
        let key = key.ok_or_else(|| SignatureError::UnknownKey { id: id.clone(), known: self.known() })?;
        // Older tools sign the bytes themselves, newer ones their BLAKE2b digest: both are over all of them.
        let verified = key.key.verify(wasm, &signature, true);
        verified.map_err(|_| SignatureError::OtherBytes { id: id.clone() })?;
        let comment = signature.trusted_comment().chars().map(|c| if c.is_control() { ' ' } else { c });
        Ok(Signer { key: id, comment: comment.take(COMMENT_BYTES).collect() })
    }

    fn known(&self) -> String {
        let ids: Vec<&str> = self.keys.iter().map(|key| key.id.as_str()).collect();
        if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
    }
}

/// The signer of a file, as verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// The key's id.
    pub key: String,
    /// The trusted comment that was signed with the bytes: usually a time, and a file's name.
    pub comment: String,
}

/// Why a signature counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// There is none.
    #[error("is not signed")]
    Missing,
    /// It is no text, or none of four lines.
    #[error("has a malformed signature")]
    Malformed,
    /// Its key is not trusted.
    #[error("is signed by key `{id}`, which is not trusted here (trusted: {known})")]
    UnknownKey {
        /// The id of the key that it names.
        id: String,
        /// The ids of trusted keys.
        known: String,
    },
    /// It is for other bytes than these, or forged.
    #[error("is not what key `{id}` signed: it was changed, or its signature is another version's")]
    OtherBytes {
        /// The id of the key that it names.
        id: String,
    },
}

impl SignatureError {
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Missing => {
                "put its author's signature beside it as `NAME.wasm.sig`, or sign it: `optimus plugin sign NAME.wasm --secret FILE`"
            }
            Self::Malformed => {
                "a signature is the four lines that `optimus plugin sign` or `minisign -S` wrote: copy it again"
            }
            Self::UnknownKey { .. } => {
                "ask its author for the public key by a way that you trust, and name it with `--plugin-key`"
            }
            Self::OtherBytes { .. } => "take both the file and its `.sig` from its author again, of one version",
        }
    }
}

/// A key that signatures are checked with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    id: String,
    key: minisign_verify::PublicKey,
}

impl PublicKey {
    /// As tools show it: sixteen hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Every key of a text: a line each; comments, as tools write them above a key, are passed over.
    ///
    /// # Errors
    /// A line is neither, or there is no key at all.
    pub fn all_of(text: &str) -> Result<Vec<Self>, String> {
        let said = |line: &&str| !(line.is_empty() || line.starts_with('#') || line.starts_with("untrusted comment:"));
        let keys = text.lines().map(str::trim).filter(said).map(str::parse).collect::<Result<Vec<Self>, String>>()?;
        if keys.is_empty() { Err("there is no public key in it".to_owned()) } else { Ok(keys) }
    }
}

impl FromStr for PublicKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let key = minisign_verify::PublicKey::from_base64(text.trim()).ok().zip(key_id(text));
        let (key, id) = key.ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            format!("`{}` is not a public key: one is 56 characters, and begins with `RW`", shown.escape_debug())
        })?;
        Ok(Self { id, key })
    }
}

/// Keys and signatures begin alike: two bytes for the scheme, eight for the key's id.
fn key_id(line: &str) -> Option<String> {
    let bytes = STANDARD.decode(line.trim()).ok()?;
    Some(shown_id(bytes.get(2..10)?.try_into().ok()?))
}

/// As minisign shows it.
fn shown_id(id: [u8; 8]) -> String {
    format!("{:016X}", u64::from_le_bytes(id))
}

#[cfg(test)]
mod tests {
    use super::*;

    // Made by the tools of minisign's author, for the bytes `test`.
    const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    const OTHER: &str = "RWSRHoEc2vRrNGgcv9Md6c3B1aLiDVCY9r4xNFqJW66mdTlLK9mcXQTT";
    const SIGNATURE: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==
";
    const OVER_THE_BYTES: &str = "untrusted comment: signature from minisign secret key
RWQf6LRCGA9i59SLOFxz6NxvASXDJeRtuZykwQepbDEGt87ig1BNpWaVWuNrm73YiIiJbq71Wi+dP9eKL8OC351vwIasSSbXxwA=
trusted comment: timestamp:1555779966\tfile:test
QtKMXWyYcwdpZAlPF7tE2ENJkRd1ujvKjlj1m9RtHTBnZPa5WKU5uWRs5GoP5M/VqE81QFuMKI5k/SfNQUaOAA==
";

    fn trust(keys: &[&str]) -> Trust {
        Trust { signatures: Signatures::Require, keys: keys.iter().map(|key| key.parse().unwrap()).collect() }
    }

    #[test]
    fn what_the_usual_tool_signed_is_known_by_its_key() {
        for signature in [SIGNATURE, OVER_THE_BYTES] {
            let signer = trust(&[KEY]).check(b"test", Some(signature.as_bytes())).unwrap();
            assert_eq!(signer.key, "E7620F1842B4E81F");
            assert!(signer.comment.contains("file:test") && !signer.comment.contains('\t'), "{}", signer.comment);
        }
    }

    #[test]
    fn each_way_to_count_for_nothing_is_told_apart() {
        let check = |keys: &[&str], bytes: &[u8], signature: Option<&str>| {
            trust(keys).check(bytes, signature.map(str::as_bytes)).unwrap_err()
        };
        let id = "E7620F1842B4E81F".to_owned();
        assert_eq!(check(&[KEY], b"test", None), SignatureError::Missing);
        assert_eq!(check(&[KEY], b"Test", Some(SIGNATURE)), SignatureError::OtherBytes { id: id.clone() });
        assert_eq!(check(&[KEY], b"", Some(OVER_THE_BYTES)), SignatureError::OtherBytes { id: id.clone() });
        // What the signer said of it is signed, too.
        let renamed = SIGNATURE.replace("file:test", "file:best");
        assert_eq!(check(&[KEY], b"test", Some(&renamed)), SignatureError::OtherBytes { id: id.clone() });
        let known = trust(&[OTHER]).keys[0].id().to_owned();
        assert_eq!(check(&[OTHER], b"test", Some(SIGNATURE)), SignatureError::UnknownKey { id: id.clone(), known });
        assert_eq!(check(&[], b"test", Some(SIGNATURE)), SignatureError::UnknownKey { id, known: "none".into() });
        let lines: Vec<&str> = SIGNATURE.lines().collect();
        for nonsense in
            ["", "é", &lines[..3].join("\n"), &SIGNATURE.replace("RUQ", "RXQ"), &SIGNATURE.replace("RUQf", "é")]
        {
            assert_eq!(check(&[KEY], b"test", Some(nonsense)), SignatureError::Malformed, "{nonsense}");
        }
        assert_eq!(trust(&[KEY]).check(b"test", Some(&[0xff; 40])), Err(SignatureError::Malformed));
    }

    #[test]
    fn old_and_new_keys_count_side_by_side() {
        for keys in [[KEY, OTHER], [OTHER, KEY]] {
            assert!(trust(&keys).check(b"test", Some(SIGNATURE.as_bytes())).is_ok());
        }
    }

    #[test]
    fn keys_are_read_as_tools_write_them() {
        let file = format!("# ours\nuntrusted comment: minisign public key E7620F1842B4E81F\n{KEY}\n\n{OTHER}\n");
        let keys = PublicKey::all_of(&file).unwrap();
        assert_eq!(keys.iter().map(PublicKey::id).collect::<Vec<_>>()[0], "E7620F1842B4E81F");
        assert_eq!(keys.len(), 2);
        for nonsense in ["", "# nothing", "RWQ", &KEY[..55], &format!("{KEY} {OTHER}"), SIGNATURE] {
            assert!(PublicKey::all_of(nonsense).is_err(), "{nonsense}");
        }
    }
}
