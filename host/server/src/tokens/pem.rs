//! A public key as PEM: `-----BEGIN PUBLIC KEY-----`.

use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::pki_types::pem::PemObject as _;

use super::key::{Kind, PublicKey};

/// The key that a text holds; `None`: none of a kind that tokens here are signed with.
pub(super) fn read(text: &[u8]) -> Option<PublicKey> {
    let der = SubjectPublicKeyInfoDer::from_pem_slice(text).ok()?;
    kind(&der).map(PublicKey::new)
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BITS: u8 = 0x03;

/// RFC 5280, 4.1: SEQUENCE { SEQUENCE { algorithm, parameters }, BIT STRING }.
fn kind(der: &[u8]) -> Option<Kind> {
    let (info, _) = value(SEQUENCE, der)?;
    let (algorithm, rest) = value(SEQUENCE, info)?;
    let (bits, _) = value(BITS, rest)?;
    // How many bits of the last byte are not the key's.
    let key = bits.strip_prefix(&[0])?;
    match algorithm {
        // rsaEncryption, NULL.
        b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00" => {
            let (numbers, _) = value(SEQUENCE, key)?;
            let (modulus, rest) = value(INTEGER, numbers)?;
            let (exponent, _) = value(INTEGER, rest)?;
            let modulus = modulus.strip_prefix(&[0]).unwrap_or(modulus);
            Some(Kind::Rsa { modulus: modulus.to_vec(), exponent: exponent.to_vec() })
        }
        // ecPublicKey, prime256v1.
        b"\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" => {
            Some(Kind::P256(key.to_vec()))
        }
        // id-Ed25519.
        b"\x06\x03\x2b\x65\x70" => Some(Kind::Ed25519(key.to_vec())),
        _ => None,
    }
}

/// The value of this type that `der` begins with, and what comes after it.
fn value(tag: u8, der: &[u8]) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81 | 0x82 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
