//! A module without what only debuggers read: names, lines, types. Half of an interpreter's file is that.

use anyhow::ensure;

const HEAD: &[u8] = b"\0asm\x01\0\0\0";
const CUSTOM: u8 = 0;

/// Leaves out the custom sections (WebAssembly core specification, 5.5.3).
///
/// # Errors
/// It is no module.
pub(super) fn without_custom_sections(module: &[u8]) -> anyhow::Result<Vec<u8>> {
    ensure!(module.starts_with(HEAD), "it is no WebAssembly module");
    let mut kept = HEAD.to_vec();
    let mut at = HEAD.len();
    while at < module.len() {
        let (length, digits) = length(&module[at + 1..])?;
        let end = at + 1 + digits + length;
        ensure!(end <= module.len(), "a section of the module is cut off");
        if module[at] != CUSTOM {
            kept.extend_from_slice(&module[at..end]);
        }
        at = end;
    }
    Ok(kept)
}

/// A number in LEB128, and how many bytes it takes.
fn length(bytes: &[u8]) -> anyhow::Result<(usize, usize)> {
    let mut value = 0;
    for (digit, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * digit);
        if byte & 0x80 == 0 {
            return Ok((value, digit + 1));
        }
    }
    anyhow::bail!("a length in the module has no end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_custom_sections_go() {
        let sections: [&[u8]; 3] = [&[0, 3, 1, b'n', 7], &[1, 1, 0], &[0, 0x82, 0, 1, b'x']];
        let module = [HEAD, &sections.concat()].concat();
        assert_eq!(without_custom_sections(&module).unwrap(), [HEAD, sections[1]].concat());
        assert!(without_custom_sections(&module[..module.len() - 1]).is_err());
        assert!(without_custom_sections(b"\x7fELF").is_err());
    }
}
