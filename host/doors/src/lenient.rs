//! Encoded bytes, read as Ruby's and Node's decoders read them: what is not of the alphabet is skipped, and nothing fails.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};

/// Base64, up to its padding.
pub(crate) fn base64(text: &str) -> Vec<u8> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut digits: Vec<u8> = text.bytes().take_while(|byte| *byte != b'=').filter(is_digit).collect();
    // One digit alone is less than a byte.
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    GeneralPurpose::new(&ALPHABET, config).decode(digits).unwrap_or_default()
}

/// Pairs of hex digits, up to the first that is none.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks_exact(2).map_while(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_alphabet_is_skipped() {
        for (text, wanted) in [
            ("aGVsbG8=\n", &b"hello"[..]),
            ("aGVs\r\nbG8", b"hello"),
            ("aGVs*b-G8=", b"hello"),
            ("aGVsbG8=aGVsbG8=", b"hello"),
            ("aGVsbG9", b"hello"),
            ("a", b""),
            ("", b""),
        ] {
            assert_eq!(base64(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn hex_ends_at_the_first_other_character() {
        assert_eq!(hex("68656c6C6f"), b"hello");
        assert_eq!((hex("68zz65"), hex("686"), hex("")), (vec![0x68], vec![0x68], vec![]));
    }
}
