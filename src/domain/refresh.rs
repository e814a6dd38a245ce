//! Refresh tokens: opaque, one use each, in families (RFC 9700 section 4.14.2).
//!
//! A token's successor is a MAC of the token, so that two tabs which present the same token at the same moment get the same
//! successor, although only hashes are stored. Whoever presents an old token later ends the family: one of the two is a thief,
//! and nobody can tell which.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::time::{DAY_MS, Timestamp};
use super::tokens::{KeyRing, sha256_hex};
use crate::ports::Entropy;

/// A token that nobody uses for so long is gone.
pub const REFRESH_TOKEN_MS: i64 = DAY_MS;
/// No sign-in lives longer, however often it is refreshed.
pub const SESSION_MS: i64 = 30 * DAY_MS;
/// Tabs that raced, and answers that were lost, come again within so long.
pub const GRACE_MS: i64 = 10_000;

const PREFIX: &str = "rt_";
/// `rt_` and 32 bytes in base64url.
const LENGTH: usize = 46;

/// A refresh token.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken(String);

impl RefreshToken {
    /// The first of a family.
    pub fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 32];
        entropy.fill(&mut bytes);
        Self::of(&bytes)
    }

    /// Takes a text that has the form of one.
    pub fn parse(text: &str) -> Option<Self> {
        (text.len() == LENGTH && text.starts_with(PREFIX)).then(|| Self(text.to_owned()))
    }

    fn of(bytes: &[u8; 32]) -> Self {
        Self(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// As it is sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As it is stored.
    pub fn hash(&self) -> String {
        sha256_hex(&self.0)
    }

    /// What the token may be replaced by: under the signing key first, then under those that signed before.
    pub fn successors(&self, keys: &KeyRing) -> Vec<Self> {
        keys.macs("refresh-token-successor", &self.0).map(|mac| Self::of(&mac)).collect()
    }
}

/// What D1 knows of a presented token, after it tried to replace it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Hash of its successor.
    pub replaced_by: Option<String>,
    /// When it was replaced.
    pub replaced_at: Option<Timestamp>,
    /// Whether the successor was replaced itself.
    pub is_successor_replaced: bool,
    /// When the family ends at the latest.
    pub session_expires_at: Timestamp,
    /// Whether the family has been ended.
    pub is_ended: bool,
    /// Whether its owner may sign in at all.
    pub is_owner_active: bool,
}

/// The hash of the successor that the presenter gets, if any. An old token that comes after the grace has ended its family in
/// the same statement that looked at it, so it is refused here like any token of an ended family.
pub fn successor(facts: &Facts, now: Timestamp) -> Option<&str> {
    let is_refused = facts.is_ended || !facts.is_owner_active || facts.session_expires_at <= now;
    // Late, but no thief: the family has gone on since. To give an old token out would end it.
    if is_refused || facts.is_successor_replaced {
        return None;
    }
    facts.replaced_at.filter(|at| now.millis_since(*at) <= GRACE_MS).and(facts.replaced_by.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn facts() -> Facts {
        Facts {
            replaced_by: Some("next".to_owned()),
            replaced_at: Some(NOW),
            is_successor_replaced: false,
            session_expires_at: NOW.plus_millis(1),
            is_ended: false,
            is_owner_active: true,
        }
    }

    #[test]
    fn within_the_grace_the_same_successor_comes_and_afterwards_none() {
        let at = |age: i64| Facts { replaced_at: Some(NOW.plus_millis(-age)), ..facts() };
        assert_eq!(successor(&at(0), NOW), Some("next"));
        assert_eq!(successor(&at(GRACE_MS), NOW), Some("next"));
        assert_eq!(successor(&at(GRACE_MS + 1), NOW), None);
        assert_eq!(successor(&Facts { is_successor_replaced: true, ..facts() }, NOW), None);
    }

    #[test]
    fn an_ended_family_and_a_suspended_owner_get_nothing() {
        for refused in [
            Facts { is_ended: true, ..facts() },
            Facts { is_owner_active: false, ..facts() },
            Facts { session_expires_at: NOW, ..facts() },
            Facts { replaced_by: None, replaced_at: None, ..facts() },
        ] {
            assert_eq!(successor(&refused, NOW), None);
        }
    }

    #[test]
    fn a_successor_is_found_again_after_the_keys_were_rotated() {
        let key = |kid: &str, byte: u8| {
            let bytes: Vec<u8> = (0..32).map(|at| at + byte).collect();
            format!("{kid}:{}", URL_SAFE_NO_PAD.encode(bytes))
        };
        let old = KeyRing::parse(&key("old", 1)).unwrap();
        let both = KeyRing::parse(&format!("{},{}", key("new", 2), key("old", 1))).unwrap();
        let token = RefreshToken::of(&[7; 32]);
        let [first] = token.successors(&old).try_into().ok().unwrap();
        assert!(token.successors(&both).contains(&first));
        assert!(RefreshToken::parse(first.as_str()) == Some(first));
    }

    #[test]
    fn what_has_not_the_form_of_a_token_is_none() {
        for wrong in ["", "rt_", &"x".repeat(46), &format!("rt_{}", "x".repeat(44))] {
            assert!(RefreshToken::parse(wrong).is_none(), "{wrong}");
        }
    }
}
