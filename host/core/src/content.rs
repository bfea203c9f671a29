//! Bytes that travel through JSON without losing one: sources, stdin, expected output, output.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Digest;

/// Bytes. In JSON, a string when they are text and `{"base64": "…"}` when they are not; both forms are read, and
/// `{"text": "…"}` as well. Text is UTF-8 in which control characters are few: each of those takes six bytes of JSON
/// (`\u0001`), so that where base64 is shorter, base64 is written. Cloning is cheap.
///
/// Or the name of a stored blob, `{"sha256": "…"}`, which holds no bytes until somebody has put them in its place: that
/// happens before a job is judged.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Content {
    bytes: Bytes,
    blob: Option<Digest>,
}

impl Content {
    /// What a stored blob holds, by its name.
    pub fn of_blob(name: Digest) -> Self {
        Self { bytes: Bytes::new(), blob: Some(name) }
    }

    /// The blob whose bytes are to stand here; `None`, where the bytes are known.
    pub fn blob(&self) -> Option<Digest> {
        self.blob
    }

    /// The bytes; none of a blob.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes, shared.
    pub fn bytes(&self) -> Bytes {
        self.bytes.clone()
    }

    /// The bytes, taken.
    pub fn into_bytes(self) -> Bytes {
        self.bytes
    }

    /// Their number.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// At most the length of its JSON, in either form: what budgets of stored bytes count.
    pub fn encoded_len(bytes: &[u8]) -> u64 {
        let escapes = bytes.iter().filter(|byte| is_short_escape(**byte)).count();
        (bytes.len() as u64 * 4).div_ceil(3) + escapes as u64
    }

    /// The longest prefix of `bytes`, as its length, that takes at most `room` bytes when encoded.
    pub fn fitting(bytes: &[u8], room: u64) -> usize {
        if Self::encoded_len(bytes) <= room {
            return bytes.len();
        }
        // In thirds of a byte.
        let mut left = room.saturating_mul(3);
        let take = |byte: &u8| {
            let cost = 4 + if is_short_escape(*byte) { 3 } else { 0 };
            left.checked_sub(cost).map(|rest| left = rest)
        };
        bytes.iter().map_while(take).count()
    }

    /// The bytes as text, where JSON has them as such.
    fn as_text(&self) -> Option<&str> {
        /// The length of `{"base64":""}` beyond that of `""`.
        const ENVELOPE: usize = 11;
        let text = std::str::from_utf8(&self.bytes).ok()?;
        let controls = self.bytes.iter().filter(|byte| **byte < b' ' && !is_short_escape(**byte)).count();
        (self.len() + 5 * controls <= self.len().div_ceil(3) * 4 + ENVELOPE).then_some(text)
    }

    /// Returns true if there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

/// Characters that JSON writes as two bytes, such as `\\n`. A text of lines holds many of them, and stays readable.
fn is_short_escape(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c)
}

impl<T: Into<Bytes>> From<T> for Content {
    fn from(bytes: T) -> Self {
        Self { bytes: bytes.into(), blob: None }
    }
}

impl std::fmt::Debug for Content {
    // A log line must not carry a tenant's source or output, however it came to be formatted.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.blob {
            Some(name) => write!(f, "Content({name})"),
            None => write!(f, "Content({} bytes)", self.len()),
        }
    }
}

#[derive(Serialize)]
struct Base64Out {
    base64: String,
}

#[derive(Serialize)]
struct BlobOut {
    sha256: String,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "bytes as a string, as {\"text\": …} or as {\"base64\": …}, or a stored blob as {\"sha256\": …}"
)]
enum Wire {
    Plain(String),
    Tagged(Tagged),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Tagged {
    Text(String),
    Base64(String),
    Sha256(String),
}

impl Serialize for Content {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Some(name) = self.blob {
            return BlobOut { sha256: name.hex() }.serialize(serializer);
        }
        match self.as_text() {
            Some(text) => serializer.serialize_str(text),
            None => Base64Out { base64: STANDARD.encode(&self.bytes) }.serialize(serializer),
        }
    }
}

/// The length of `bytes` without a UTF-8 character that is cut off at their end. What is no text keeps its length.
pub fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Wire::deserialize(deserializer)? {
            Wire::Plain(text) | Wire::Tagged(Tagged::Text(text)) => text.into(),
            Wire::Tagged(Tagged::Base64(mut text)) => {
                // base64(1) and Python's `encodebytes` break lines.
                text.retain(|c| !matches!(c, '\n' | '\r'));
                STANDARD.decode(text).map_err(|e| de::Error::custom(format!("is not base64: {}", words(&e))))?.into()
            }
            Wire::Tagged(Tagged::Sha256(text)) => Digest::of_hex(&text).map(Self::of_blob).map_err(|_| {
                de::Error::custom("`sha256` is no SHA-256 of a blob: send its 64 hexadecimal digits in lower case")
            })?,
        })
    }
}

/// The fault in the base64, in words that name the remedy.
fn words(error: &base64::DecodeError) -> String {
    use base64::DecodeError::{InvalidByte, InvalidLastSymbol, InvalidLength, InvalidPadding};
    match error {
        InvalidByte(at, b'-' | b'_') => {
            format!("the URL-safe alphabet is not read, and character {} is of it: send `+` and `/`", at + 1)
        }
        InvalidByte(at, byte) | InvalidLastSymbol { offset: at, symbol: byte, .. } => {
            format!("character {} cannot be `{}`", at + 1, byte.escape_ascii())
        }
        InvalidLength(length) => format!("{length} characters cannot be the whole of it"),
        InvalidPadding => "its padding (`=`) is missing or wrong".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(bytes: &[u8]) -> String {
        let content = Content::from(bytes.to_vec());
        let json = serde_json::to_string(&content).unwrap();
        assert_eq!(serde_json::from_str::<Content>(&json).unwrap(), content);
        json
    }

    #[test]
    fn text_stays_text_and_bytes_become_base64() {
        assert_eq!(round_trip("é\r\n\0".as_bytes()), "\"é\\r\\n\\u0000\"");
        assert_eq!(round_trip(&[0xff, 0xfe]), "{\"base64\":\"//4=\"}");
        assert_eq!(round_trip(b""), "\"\"");
    }

    #[test]
    fn text_of_control_characters_is_no_longer_than_base64() {
        let ones = round_trip(&[1; 3_000]);
        assert!(ones.starts_with("{\"base64\":\"AQEB") && ones.len() == 4_013, "{}", ones.len());
        // Lines and colours are still text.
        for text in ["1\n".repeat(3_000), "\x1b[31mred\x1b[0m and more of a line\n".repeat(100), "\"\\\t\"".repeat(100)]
        {
            assert!(round_trip(text.as_bytes()).starts_with('"'));
        }
    }

    #[test]
    fn no_content_is_longer_than_what_budgets_count() {
        let mixed: Vec<u8> = (0..=255).chain(0..40).collect();
        let cases = [
            &b""[..],
            b"x",
            b"\n\n\n",
            b"\x01\x01\x01\x01",
            b"\xff\xff",
            "é\"".as_bytes(),
            &[b'"'; 99],
            &[1; 99],
            &mixed,
        ];
        for bytes in cases {
            // `{"base64":""}`, and its padding.
            let envelope = 15;
            let json = round_trip(bytes).len() as u64;
            assert!(json <= Content::encoded_len(bytes) + envelope, "{bytes:?}: {json}");
            for room in 0..200 {
                let fits = Content::fitting(bytes, room);
                assert!(Content::encoded_len(&bytes[..fits]) <= room.max(1), "{bytes:?} in {room}");
                assert!(fits == bytes.len() || Content::encoded_len(&bytes[..fits + 1]) > room, "{bytes:?} in {room}");
            }
        }
    }

    #[test]
    fn bad_base64_is_named() {
        let read = |base64: &str| serde_json::from_value::<Content>(serde_json::json!({"base64": base64}));
        for (bad, why) in [("*", "base64"), ("Pz8-", "URL-safe"), ("YQ", "padding"), ("YWJj\nZA==x", "base64")] {
            let error = read(bad).unwrap_err().to_string();
            assert!(error.contains(why), "{bad}: {error}");
        }
        assert_eq!(read("YW\r\nJj\n").unwrap().as_bytes(), b"abc");
    }

    #[test]
    fn a_blob_is_named_by_its_digits_and_holds_no_bytes() {
        let digits = "0f".repeat(32);
        let json = serde_json::json!({"sha256": digits});
        let content: Content = serde_json::from_value(json.clone()).unwrap();
        assert_eq!((content.blob(), content.len()), (Some(Digest::Sha256([15; 32])), 0));
        assert_eq!(serde_json::to_value(&content).unwrap(), json);
        assert_ne!(content, Content::default());
        for bad in [&digits[1..], &digits.to_uppercase(), &format!("sha256:{digits}"), ""] {
            let error = serde_json::from_value::<Content>(serde_json::json!({"sha256": bad})).unwrap_err();
            assert!(error.to_string().contains("64 hexadecimal digits"), "{bad}: {error}");
        }
    }

    #[test]
    fn text_is_cut_between_characters_and_bytes_anywhere() {
        for (bytes, length) in [
            ("aé".as_bytes(), 3),
            (&"aé".as_bytes()[..2], 1),
            (&"€".as_bytes()[..2], 0),
            (b"\xff\xc3", 2),
            (b"a\0", 2),
            (b"", 0),
        ] {
            assert_eq!(whole_characters(bytes), length, "{bytes:?}");
        }
    }
}
