//! Base64 as Ruby's `encode64` writes it: lines of 60 characters, and a line feed at the end.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// 45 bytes are 60 characters.
const LINE_BYTES: usize = 45;

/// Encodes bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() / 3 * 4 + bytes.len() / LINE_BYTES + 8);
    for line in bytes.chunks(LINE_BYTES) {
        STANDARD.encode_string(line, &mut text);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_as_ruby_breaks_them() {
        assert_eq!(encode(b""), "");
        assert_eq!(encode(b"hello"), "aGVsbG8=\n");
        let (full, more) = (encode(&[0; 45]), encode(&[0; 46]));
        assert_eq!(full, format!("{}\n", "A".repeat(60)));
        assert_eq!(more, format!("{}\nAA==\n", "A".repeat(60)));
    }
}
