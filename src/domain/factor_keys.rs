//! Keys from which the secrets of second factors are derived, so that D1 holds none of them: who reads the database alone
//! can neither compute a code nor try recovery codes against their hashes.
//!
//! The first key makes new secrets. An older one stays in the list for as long as a row names it.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::tokens::{KeyRingError, parse_ring};

/// The ring.
#[derive(Clone)]
pub struct FactorKeys {
    keys: Vec<(String, Vec<u8>)>,
}

impl FactorKeys {
    /// Reads `kid:base64url,kid:base64url`, the one for new secrets first.
    pub fn parse(text: &str) -> Result<Self, KeyRingError> {
        Ok(Self { keys: parse_ring(text)? })
    }

    /// The name of the key for new secrets.
    pub fn current(&self) -> &str {
        self.keys.first().map(|(kid, _)| kid.as_str()).unwrap_or_default()
    }

    /// HMAC-SHA256 over the parts, each behind its length, so that no two lists of parts are the same text. Nothing when the
    /// key is not in the ring any more.
    pub fn derive(&self, kid: &str, parts: &[&str]) -> Option<[u8; 32]> {
        let (_, key) = self.keys.iter().find(|(known, _)| known == kid)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
        for part in parts {
            mac.update(&u64::try_from(part.len()).ok()?.to_be_bytes());
            mac.update(part.as_bytes());
        }
        Some(mac.finalize().into_bytes().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA";
    const OTHER: &str = "IB8eHRwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgE";

    #[test]
    fn a_secret_belongs_to_its_key_and_to_all_its_parts() {
        let ring = FactorKeys::parse(&format!("new:{KEY},old:{OTHER}")).unwrap();
        assert_eq!(ring.current(), "new");
        let secret = ring.derive("new", &["ab", "c"]);
        assert!(secret.is_some());
        assert_ne!(ring.derive("new", &["a", "bc"]), secret);
        assert_ne!(ring.derive("old", &["ab", "c"]), secret);
        assert_eq!(ring.derive("gone", &["ab", "c"]), None);
    }

    #[test]
    fn a_key_that_moves_behind_a_new_one_gives_the_same_secrets() {
        let (before, after) = (format!("a:{KEY}"), format!("b:{OTHER},a:{KEY}"));
        let [before, after] = [before, after].map(|text| FactorKeys::parse(&text).unwrap());
        assert_eq!(before.derive("a", &["x"]), after.derive("a", &["x"]));
    }
}
