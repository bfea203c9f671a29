//! Keys that sign, in the files of minisign's that have no password: `minisign -S` signs with them, too.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::digest::consts::U32;
use blake2::{Blake2b, Blake2b512, Digest as _};
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

use super::shown_id;

const ALGORITHM: &[u8; 2] = b"Ed";
/// Of signatures over the BLAKE2b digest of a file.
const OVER_DIGEST: &[u8; 2] = b"ED";
const CHECKSUM: &[u8; 2] = b"B2";
/// The field of the key derivation in a file without a password.
const NO_PASSWORD: [u8; 50] = [0; 50];
/// Algorithms (and what stands for a password), id, seed and public key, checksum.
const BYTES: usize = 6 + 48 + 8 + 64 + 32;

/// A key that signs plugins.
pub struct SecretKey {
    id: [u8; 8],
    seed: [u8; 32],
    pair: Ed25519KeyPair,
}

impl SecretKey {
    /// A new one.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn generate() -> Result<Self, String> {
        let (mut id, mut seed) = ([0; 8], [0; 32]);
        let random = SystemRandom::new();
        let filled = random.fill(&mut id).and_then(|()| random.fill(&mut seed));
        filled.map_err(|_| "the system gives no random bytes".to_owned())?;
        Self::of(id, seed)
    }

    fn of(id: [u8; 8], seed: [u8; 32]) -> Result<Self, String> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|error| error.to_string())?;
        Ok(Self { id, seed, pair })
    }

    /// A key as a file has it.
    ///
    /// # Errors
    /// It is none, or has a password, which only minisign asks for.
    pub fn read(text: &str) -> Result<Self, String> {
        let bytes = text.lines().nth(1).and_then(|line| STANDARD.decode(line.trim()).ok()).unwrap_or_default();
        if bytes.len() != BYTES || !bytes.starts_with(ALGORITHM) {
            return Err("holds no secret key".to_owned());
        }
        if bytes[2..4] != NO_PASSWORD[..2] {
            return Err("is guarded by a password, which only `minisign -S` asks for".to_owned());
        }
        let (id, pair, checksum) = (&bytes[54..62], &bytes[62..126], &bytes[126..]);
        // minisign leaves it out where there is no password.
        if checksum.iter().any(|byte| *byte != 0) && checksum != sum(id, pair) {
            return Err("is not as it was written".to_owned());
        }
        // Never a default: a key of zeros is known to everybody.
        let (Ok(id), Ok(seed)) = (<[u8; 8]>::try_from(id), <[u8; 32]>::try_from(&pair[..32])) else {
            return Err("holds no secret key".to_owned());
        };
        Self::of(id, seed)
    }

    /// The text of a key file, which only its owner may read.
    pub fn text(&self) -> String {
        let pair = [&self.seed[..], self.pair.public_key().as_ref()].concat();
        let head = [&ALGORITHM[..], &NO_PASSWORD[..2], CHECKSUM, &NO_PASSWORD[2..]].concat();
        let bytes = [&head[..], &self.id, &pair, &sum(&self.id, &pair)].concat();
        format!("untrusted comment: secret key {}\n{}\n", shown_id(self.id), STANDARD.encode(bytes))
    }

    /// The public key, in one line.
    pub fn public(&self) -> String {
        STANDARD.encode([&ALGORITHM[..], &self.id, self.pair.public_key().as_ref()].concat())
    }

    /// As tools show it.
    pub fn id(&self) -> String {
        shown_id(self.id)
    }

    /// The text of the signature's file. The comment is signed, too.
    pub fn sign(&self, bytes: &[u8], comment: &str) -> String {
        let comment = comment.replace(['\r', '\n'], " ");
        let signature = self.pair.sign(&Blake2b512::digest(bytes));
        let signed: &[u8] = signature.as_ref();
        let whole = self.pair.sign(&[signed, comment.as_bytes()].concat());
        let line = STANDARD.encode([&OVER_DIGEST[..], &self.id, signed].concat());
        let id = shown_id(self.id);
        let whole = STANDARD.encode(whole.as_ref());
        format!("untrusted comment: signed with key {id}\n{line}\ntrusted comment: {comment}\n{whole}\n")
    }
}

fn sum(id: &[u8], pair: &[u8]) -> Vec<u8> {
    Blake2b::<U32>::digest([&ALGORITHM[..], id, pair].concat()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{PublicKey, SignatureError, Signatures, Trust};

    #[test]
    fn what_is_signed_is_verified_and_keys_are_read_as_they_were_written() {
        let key = SecretKey::generate().unwrap();
        let again = SecretKey::read(&key.text()).unwrap();
        assert_eq!((again.public(), again.id()), (key.public(), key.id()));
        let public: PublicKey = key.public().parse().unwrap();
        assert_eq!(public.id(), key.id());
        let trust = Trust { signatures: Signatures::Require, keys: vec![public] };
        let signature = again.sign(b"bytes", "file:x\nnot another line");
        let signer = trust.check(b"bytes", Some(signature.as_bytes())).unwrap();
        assert_eq!((signer.key, signer.comment.as_str()), (key.id(), "file:x not another line"));
        let other = trust.check(b"Bytes", Some(signature.as_bytes())).unwrap_err();
        assert_eq!(other, SignatureError::OtherBytes { id: key.id() });
        assert_ne!(SecretKey::generate().unwrap().id(), key.id());
    }

    #[test]
    fn what_is_no_key_is_told_apart() {
        let key = SecretKey::generate().unwrap();
        let read = |text: &str| SecretKey::read(text).err().unwrap();
        for nonsense in ["", "one line", "a\nb\n", &format!("comment\n{}\n", key.public())] {
            assert_eq!(read(nonsense), "holds no secret key");
        }
        let line = key.text().lines().nth(1).unwrap().to_owned();
        let with = |at: usize, byte: u8| {
            let mut bytes = STANDARD.decode(&line).unwrap();
            bytes[at] = byte;
            format!("comment\n{}\n", STANDARD.encode(bytes))
        };
        assert!(read(&with(2, b'S')).contains("guarded by a password"));
        assert_eq!(read(&with(157, !STANDARD.decode(&line).unwrap()[157])), "is not as it was written");
    }
}
