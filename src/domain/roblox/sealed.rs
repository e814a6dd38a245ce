//! Secrets of a connection, as D1 has them: sealed with XChaCha20-Poly1305 under a key of their own, which is derived from a
//! factor key. Who reads the database alone learns none of them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::domain::factor_keys::FactorKeys;
use crate::domain::ids::ConnectionId;
use crate::ports::Entropy;

/// Random ones never meet: 192 bits.
const NONCE_BYTES: usize = 24;

/// Which secret of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The key of Open Cloud.
    ApiKey,
    /// What Roblox signs its webhooks with.
    WebhookSecret,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::ApiKey => "api_key",
            Self::WebhookSecret => "webhook_secret",
        }
    }
}

fn cipher(keys: &FactorKeys, kid: &str, id: &ConnectionId, purpose: Purpose) -> Option<XChaCha20Poly1305> {
    let key = keys.derive(kid, &["roblox_connection", id.as_str(), purpose.name()])?;
    XChaCha20Poly1305::new_from_slice(&key).ok()
}

/// Seals a secret with the current key.
pub fn seal(
    keys: &FactorKeys,
    entropy: &dyn Entropy,
    id: &ConnectionId,
    purpose: Purpose,
    secret: &str,
) -> Option<String> {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    let cipher = cipher(keys, keys.current(), id, purpose)?;
    let sealed = cipher.encrypt(XNonce::from_slice(&nonce), secret.as_bytes()).ok()?;
    Some(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
}

/// Opens one. Nothing when its key is gone, or when it is another one's.
pub fn open(
    keys: &FactorKeys,
    kid: &str,
    id: &ConnectionId,
    purpose: Purpose,
    sealed: &str,
) -> Option<String> {
    let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
    let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES)?;
    let secret = cipher(keys, kid, id, purpose)?.decrypt(XNonce::from_slice(nonce), sealed).ok()?;
    String::from_utf8(secret).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Sevens;
    impl Entropy for Sevens {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(7);
        }
    }

    const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";
    const OTHER: &str = "IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE";

    #[test]
    fn a_sealed_secret_opens_for_its_connection_its_purpose_and_its_key_alone() {
        let keys = FactorKeys::parse(&format!("new:{KEY},old:{OTHER}")).unwrap();
        let [id, other] = [1, 2].map(|n| ConnectionId::parse(&format!("con_{n:026}")).unwrap());
        let sealed = seal(&keys, &Sevens, &id, Purpose::ApiKey, "secret").unwrap();
        assert!(!sealed.contains("secret"));
        let open = |kid, id, purpose, sealed: &str| open(&keys, kid, id, purpose, sealed);
        assert_eq!(open("new", &id, Purpose::ApiKey, &sealed).as_deref(), Some("secret"));
        assert_eq!(open("old", &id, Purpose::ApiKey, &sealed), None);
        assert_eq!(open("gone", &id, Purpose::ApiKey, &sealed), None);
        assert_eq!(open("new", &other, Purpose::ApiKey, &sealed), None);
        assert_eq!(open("new", &id, Purpose::WebhookSecret, &sealed), None);
        for broken in ["", "AAAA", &sealed[1..], &format!("{}A", &sealed[..sealed.len() - 1])] {
            assert_eq!(open("new", &id, Purpose::ApiKey, broken), None, "{broken}");
        }
    }
}
