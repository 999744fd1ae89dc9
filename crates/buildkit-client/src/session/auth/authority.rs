//! Token authorities: keys by which a daemon knows whether two sessions may share a token.
//!
//! BuildKit: `session/auth/auth.go`, which checks signatures in the form of `crypto_sign` (`NaCl`). There the seed is
//! a file beside `config.json`. Here it is of one process: its sessions share tokens, and later ones ask for new ones,
//! so that none outlives a change of the login.

use std::fmt;
use std::sync::Arc;

use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{Ed25519KeyPair, KeyPair as _};

/// The secret that keys are made from. Clones share it; its `Debug` does not show it.
#[derive(Clone)]
pub struct TokenSeed(Arc<hmac::Key>);

impl Default for TokenSeed {
    /// A new seed.
    ///
    /// # Panics
    /// When the system has no random numbers.
    fn default() -> Self {
        let mut bytes = [0_u8; 32];
        SystemRandom::new()
            .fill(&mut bytes)
            .expect("the system has random numbers");
        Self::of(&bytes)
    }
}

impl TokenSeed {
    fn of(bytes: &[u8]) -> Self {
        Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// The public key for a host and a daemon, whose salt is new whenever it starts.
    pub(super) fn public_key(&self, host: &str, salt: &[u8]) -> Vec<u8> {
        self.key(host, salt).public_key().as_ref().to_vec()
    }

    /// The signature of `payload` with the payload behind it.
    pub(super) fn signed(&self, host: &str, salt: &[u8], payload: &[u8]) -> Vec<u8> {
        let signature = self.key(host, salt).sign(payload);
        [signature.as_ref(), payload].concat()
    }

    fn key(&self, host: &str, salt: &[u8]) -> Ed25519KeyPair {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(host.as_bytes());
        // No host has this byte, so no other pair of host and salt gives the same text.
        context.update(&[0]);
        context.update(salt);
        Ed25519KeyPair::from_seed_unchecked(context.sign().as_ref())
            .expect("an HMAC of SHA-256 has the length of a seed")
    }
}

impl fmt::Debug for TokenSeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSeed(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{ED25519, UnparsedPublicKey};

    use super::*;

    #[test]
    fn a_key_is_of_one_process_host_and_daemon() {
        let seed = TokenSeed::default();
        let key = seed.public_key("r.example", b"salt");
        assert_eq!(seed.clone().public_key("r.example", b"salt"), key);
        for other in [
            seed.public_key("other.example", b"salt"),
            seed.public_key("r.example", b"another"),
            seed.public_key("r.example\0salt", b""),
            TokenSeed::default().public_key("r.example", b"salt"),
        ] {
            assert_ne!(other, key);
        }
    }

    #[test]
    fn what_is_signed_stands_behind_its_signature() {
        let seed = TokenSeed::default();
        let signed = seed.signed("r.example", b"salt", b"payload");
        let (signature, payload) = signed.split_at(64);
        assert_eq!(payload, b"payload");
        let key = UnparsedPublicKey::new(&ED25519, seed.public_key("r.example", b"salt"));
        key.verify(payload, signature).unwrap();
        assert_eq!(format!("{seed:?}"), "TokenSeed(redacted)");
    }
}
