//! Keys, all derived from the one master key of the configuration.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead as _, KeyInit as _, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use epos_shared::values::Snils;
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use crate::db::types::Id;

/// The master key: 32 bytes, never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

/// The text is no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 32 bytes: 64 hexadecimal digits, or base64")]
pub struct MasterKeyError;

impl MasterKey {
    /// A key of given bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The key as it is written into a file (hexadecimal).
    #[must_use]
    pub fn to_hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl std::str::FromStr for MasterKey {
    type Err = MasterKeyError;

    fn from_str(text: &str) -> Result<Self, MasterKeyError> {
        let text = text.trim();
        if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            let mut bytes = [0; 32];
            for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
                let digits = std::str::from_utf8(digits).map_err(|_| MasterKeyError)?;
                *byte = u8::from_str_radix(digits, 16).map_err(|_| MasterKeyError)?;
            }
            return Ok(Self(bytes));
        }
        [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD]
            .iter()
            .find_map(|engine| engine.decode(text).ok()?.try_into().ok())
            .map(Self)
            .ok_or(MasterKeyError)
    }
}

impl std::fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

/// The derived keys, each for one purpose.
pub struct Secrets {
    audit_seal: [u8; 32],
    card_password: [u8; 32],
    attempt_key: [u8; 32],
    letter: [u8; 32],
    visit: [u8; 32],
    esia_attempt: [u8; 32],
    snils: [u8; 32],
    snils_key: [u8; 32],
    proposal: [u8; 32],
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

impl Secrets {
    /// Derives every key (HKDF-SHA-256, RFC 5869).
    #[must_use]
    #[expect(clippy::expect_used, reason = "HKDF refuses only outputs of more than 8160 bytes")]
    pub fn new(master: &MasterKey) -> Self {
        let hkdf = Hkdf::<Sha256>::new(Some(b"epos"), &master.0);
        let derive = |purpose: &[u8]| {
            let mut key = [0; 32];
            hkdf.expand(purpose, &mut key).expect("32 bytes");
            key
        };
        Self {
            audit_seal: derive(b"audit-seal/1"),
            card_password: derive(b"card-password/1"),
            attempt_key: derive(b"attempt-key/1"),
            letter: derive(b"letter/1"),
            visit: derive(b"esia-visit/1"),
            esia_attempt: derive(b"esia-attempt/1"),
            snils: derive(b"snils/1"),
            snils_key: derive(b"snils-key/1"),
            proposal: derive(b"proposal/1"),
        }
    }

    /// The seal of a link of the audit chain.
    #[must_use]
    pub fn audit_seal(&self, parts: &[&[u8]]) -> [u8; 32] {
        mac(&self.audit_seal, parts)
    }

    /// What is stored of a one-time password: tied to its credential, so that a row copied to another card
    /// opens nothing.
    #[must_use]
    pub fn card_password(&self, credential: Id, password: &str) -> [u8; 32] {
        mac(&self.card_password, &[credential.0.as_bytes(), password.as_bytes()])
    }

    /// Whether a typed one-time password is the stored one, in constant time.
    #[must_use]
    pub fn is_card_password(&self, credential: Id, password: &str, stored: &[u8]) -> bool {
        self.card_password(credential, password).ct_eq(stored).into()
    }

    /// A typed name as the counters of failures keep it: people type passwords into the field above.
    #[must_use]
    pub fn attempt_key(&self, name: &str) -> String {
        URL_SAFE_NO_PAD.encode(mac(&self.attempt_key, &[name.as_bytes()]))
    }

    /// Seals the body of a letter (XChaCha20-Poly1305, RFC 8439 with the longer nonce), tied to the letter.
    /// The nonce, drawn anew for each, stands before the text.
    #[must_use]
    pub fn seal_letter(&self, letter: Id, text: &[u8], nonce: &[u8; 24]) -> Vec<u8> {
        seal(&self.letter, text, letter.0.as_bytes(), nonce)
    }

    /// Opens the body of a letter; nothing where it was sealed by another key, for another letter, or changed.
    #[must_use]
    pub fn open_letter(&self, letter: Id, sealed: &[u8]) -> Option<Vec<u8>> {
        open(&self.letter, sealed, letter.0.as_bytes())
    }

    /// Seals the request of a proposal for the database: it holds a person, СНИЛС with him. Tied to its row.
    #[must_use]
    pub fn seal_proposal(&self, row: Id, text: &[u8], nonce: &[u8; 24]) -> String {
        URL_SAFE_NO_PAD.encode(seal(&self.proposal, text, row.0.as_bytes(), nonce))
    }

    /// Opens it; nothing where it was sealed by another key, for another row, or changed.
    #[must_use]
    pub fn open_proposal(&self, row: Id, sealed: &str) -> Option<Vec<u8>> {
        open(&self.proposal, &URL_SAFE_NO_PAD.decode(sealed).ok()?, row.0.as_bytes())
    }

    /// Seals what Госуслуги said of somebody who was not recognised, for a cookie.
    #[must_use]
    pub fn seal_visit(&self, text: &[u8], nonce: &[u8; 24]) -> String {
        URL_SAFE_NO_PAD.encode(seal(&self.visit, text, b"", nonce))
    }

    /// Opens it; nothing where the cookie was changed or sealed by another key.
    #[must_use]
    pub fn open_visit(&self, sealed: &str) -> Option<Vec<u8>> {
        open(&self.visit, &URL_SAFE_NO_PAD.decode(sealed).ok()?, b"")
    }

    /// Seals what a browser must bring back from Госуслуги, tied to the `state` of the request.
    #[must_use]
    pub fn seal_attempt(&self, state: &str, text: &[u8], nonce: &[u8; 24]) -> String {
        URL_SAFE_NO_PAD.encode(seal(&self.esia_attempt, text, state.as_bytes(), nonce))
    }

    /// Opens it; nothing where it was changed, sealed by another key or for another request.
    #[must_use]
    pub fn open_attempt(&self, state: &str, sealed: &str) -> Option<Vec<u8>> {
        open(&self.esia_attempt, &URL_SAFE_NO_PAD.decode(sealed).ok()?, state.as_bytes())
    }

    /// Seals СНИЛС for the database (security.md), tied to the row it stands in.
    #[must_use]
    pub fn seal_snils(&self, row: Id, snils: &Snils, nonce: &[u8; 24]) -> String {
        URL_SAFE_NO_PAD.encode(seal(&self.snils, snils.as_str().as_bytes(), row.0.as_bytes(), nonce))
    }

    /// By what the same СНИЛС is found in other rows: sealed, no two are alike.
    #[must_use]
    pub fn snils_key(&self, snils: &Snils) -> Vec<u8> {
        mac(&self.snils_key, &[snils.as_str().as_bytes()]).to_vec()
    }

    /// Opens it; nothing where it was sealed by another key, for another row, or changed.
    #[must_use]
    pub fn open_snils(&self, row: Id, sealed: &str) -> Option<Snils> {
        let text = open(&self.snils, &URL_SAFE_NO_PAD.decode(sealed).ok()?, row.0.as_bytes())?;
        std::str::from_utf8(&text).ok()?.parse().ok()
    }
}

#[expect(clippy::expect_used, reason = "fails for texts of 256 GiB and more")]
fn seal(key: &[u8; 32], text: &[u8], tied_to: &[u8], nonce: &[u8; 24]) -> Vec<u8> {
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    let payload = Payload { msg: text, aad: tied_to };
    let sealed = cipher.encrypt(&XNonce::from(*nonce), payload).expect("a short text");
    [nonce.as_slice(), &sealed].concat()
}

fn open(key: &[u8; 32], sealed: &[u8], tied_to: &[u8]) -> Option<Vec<u8>> {
    let (nonce, text) = sealed.split_first_chunk::<24>()?;
    let cipher = XChaCha20Poly1305::new(&(*key).into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: tied_to }).ok()
}

/// HMAC-SHA-256 over the parts, each preceded by its length, so that no two lists give the same text.
#[expect(clippy::expect_used, reason = "HMAC takes a key of any length")]
fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
    for part in parts {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_key_is_read_from_hex_and_base64_and_nothing_else() {
        let key = MasterKey::from_bytes([0xa5; 32]);
        assert_eq!(key.to_hex().parse(), Ok(key.clone()));
        assert_eq!(format!("{}\n", STANDARD.encode([0xa5; 32])).parse(), Ok(key.clone()));
        assert_eq!(URL_SAFE_NO_PAD.encode([0xa5; 32]).parse(), Ok(key));
        for wrong in ["", "secret", &"a5".repeat(31), &"zz".repeat(32)] {
            assert_eq!(wrong.parse::<MasterKey>(), Err(MasterKeyError), "{wrong}");
        }
    }

    #[test]
    fn a_card_password_is_tied_to_its_credential() {
        let secrets = Secrets::new(&MasterKey::from_bytes([1; 32]));
        let (one, other) = (Id(uuid::Uuid::from_u128(1)), Id(uuid::Uuid::from_u128(2)));
        let stored = secrets.card_password(one, "abc");
        assert!(secrets.is_card_password(one, "abc", &stored));
        assert!(!secrets.is_card_password(one, "abd", &stored));
        assert!(!secrets.is_card_password(other, "abc", &stored));
    }

    #[test]
    fn a_letter_is_opened_by_its_key_and_as_itself_alone() {
        let secrets = Secrets::new(&MasterKey::from_bytes([1; 32]));
        let other = Secrets::new(&MasterKey::from_bytes([2; 32]));
        let (one, two) = (Id(uuid::Uuid::from_u128(1)), Id(uuid::Uuid::from_u128(2)));
        let sealed = secrets.seal_letter(one, "ссылка".as_bytes(), &[3; 24]);
        assert_eq!(secrets.open_letter(one, &sealed).as_deref(), Some("ссылка".as_bytes()));
        assert_eq!(secrets.open_letter(two, &sealed), None);
        assert_eq!(other.open_letter(one, &sealed), None);
        for cut in [0, 10, 24, sealed.len() - 1] {
            assert_eq!(secrets.open_letter(one, &sealed[..cut]), None);
        }
    }

    #[test]
    fn parts_cannot_be_shifted() {
        assert_ne!(mac(&[0; 32], &[b"ab", b"c"]), mac(&[0; 32], &[b"a", b"bc"]));
    }
}
