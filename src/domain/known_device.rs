//! Browsers in which somebody signed in before (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). Such a
//! browser carries a signed token that opens nothing: it only has its wrong passwords counted by itself.

use serde::{Deserialize, Serialize};

use super::tokens::{KeyRing, TokenKind, hex};
use crate::ports::Entropy;

/// A browser that nobody signs in with for half a year is a stranger again.
pub const DEVICE_TOKEN_S: i64 = 180 * 86_400;
/// The most accounts that one browser knows, the one that signed in last first: a staff room shares one machine.
const MAX_ACCOUNTS: usize = 10;

/// A browser and who signed in with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownDevice {
    /// The browser, by a random name.
    device: String,
    /// The accounts, as MACs of their addresses: who reads the cookie learns none.
    accounts: Vec<String>,
}

impl TokenKind for KnownDevice {
    const AUDIENCE: &'static str = "device";
}

/// What stands for an account, under each key.
fn marks(keys: &KeyRing, email: &str) -> impl Iterator<Item = String> {
    keys.macs("known-device", email).map(|mac| hex(mac.get(..16).unwrap_or_default()))
}

impl KnownDevice {
    /// A browser that nobody has signed in with yet.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut name = [0; 16];
        entropy.fill(&mut name);
        Self { device: hex(&name), accounts: Vec::new() }
    }

    /// Its name, if the account's owner has signed in with it.
    pub fn known_to(&self, keys: &KeyRing, email: &str) -> Option<&str> {
        marks(keys, email).any(|mark| self.accounts.contains(&mark)).then_some(self.device.as_str())
    }

    /// After the account's owner has signed in with it.
    #[must_use]
    pub fn and(mut self, keys: &KeyRing, email: &str) -> Self {
        let marks: Vec<String> = marks(keys, email).collect();
        self.accounts.retain(|known| !marks.contains(known));
        self.accounts.splice(..0, marks.into_iter().take(1));
        self.accounts.truncate(MAX_ACCOUNTS);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Zeros;
    impl Entropy for Zeros {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(0);
        }
    }

    fn keys(kids: &[(&str, &str)]) -> KeyRing {
        let list: Vec<_> = kids
            .iter()
            .map(|(kid, start)| format!("{kid}:{start}{}", "QIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"))
            .collect();
        KeyRing::parse(&list.join(",")).unwrap()
    }

    #[test]
    fn a_browser_is_known_to_those_who_signed_in_with_it_and_to_nobody_else() {
        let keys = keys(&[("a", "A")]);
        let device =
            KnownDevice::new(&Zeros).and(&keys, "ada@school.example").and(&keys, "alan@school.example");
        assert!(device.known_to(&keys, "ada@school.example").is_some());
        assert!(device.known_to(&keys, "alan@school.example").is_some());
        assert_eq!(device.known_to(&keys, "eve@school.example"), None);
        assert!(!serde_json::to_string(&device).unwrap().contains("school"));
    }

    #[test]
    fn it_stays_known_while_the_keys_rotate() {
        let (old, both) = (keys(&[("a", "A")]), keys(&[("b", "B"), ("a", "A")]));
        let device = KnownDevice::new(&Zeros).and(&old, "ada@school.example");
        assert!(device.known_to(&both, "ada@school.example").is_some());
        let device = device.and(&both, "ada@school.example");
        assert_eq!(device.accounts.len(), 1);
        assert!(device.known_to(&keys(&[("b", "B")]), "ada@school.example").is_some());
    }

    #[test]
    fn the_account_that_was_longest_away_is_forgotten() {
        let keys = keys(&[("a", "A")]);
        let device = (0..11)
            .fold(KnownDevice::new(&Zeros), |device, n| device.and(&keys, &format!("{n}@school.example")));
        assert_eq!(device.known_to(&keys, "0@school.example"), None);
        assert!(device.known_to(&keys, "1@school.example").is_some());
    }
}
