//! Keys of experiences and integrations: 256 random bits, shown once, stored as a hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::time::DAY_MS;
use crate::ports::Entropy;

/// Longest name of a key, in characters.
pub const MAX_KEY_NAME: usize = 100;
/// The most keys of a school that are neither revoked nor expired: a few a place and integration.
pub const MAX_KEYS: i64 = 100;
/// How long the old key goes on after a rotation when nobody says otherwise: a day to roll the new one out.
pub const DEFAULT_OVERLAP_S: i64 = 86_400;
/// The most: a week.
pub const MAX_OVERLAP_S: i64 = 7 * 86_400;
/// The longest life of a key: two years.
pub const MAX_LIFE_MS: i64 = 730 * DAY_MS;

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ApiKeyKind)]
pub enum KeyKind {
    /// For game servers of an experience: opens game sessions.
    Experience,
    /// For other software of a school: reads by the API.
    Integration,
}

impl KeyKind {
    /// As stored.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Experience => "experience",
            Self::Integration => "integration",
        }
    }

    /// What its keys start with, so that a key found somewhere says what it is.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Experience => "gk_",
            Self::Integration => "ik_",
        }
    }

    /// A new key.
    pub fn new_key(self, entropy: &dyn Entropy) -> String {
        secret(self.prefix(), entropy)
    }
}

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum KeyScope {
    /// Open game sessions.
    #[serde(rename = "game")]
    Game,
    /// Read classes and seats.
    #[serde(rename = "classes:read")]
    ClassesRead,
    /// Read live sessions, boards and results.
    #[serde(rename = "results:read")]
    ResultsRead,
    /// Read quizzes, with their keys.
    #[serde(rename = "quizzes:read")]
    QuizzesRead,
    /// Read the audit log.
    #[serde(rename = "audit:read")]
    AuditRead,
}

impl KeyScope {
    /// The kind of keys that have it.
    pub const fn kind(self) -> KeyKind {
        match self {
            Self::Game => KeyKind::Experience,
            Self::ClassesRead | Self::ResultsRead | Self::QuizzesRead | Self::AuditRead => {
                KeyKind::Integration
            }
        }
    }
}

/// A prefix and 256 random bits.
pub fn secret(prefix: &str, entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The end of a key, by which a person tells it from others.
pub fn last_four(key: &str) -> &str {
    key.len().checked_sub(4).and_then(|at| key.get(at..)).unwrap_or_default()
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

    #[test]
    fn a_key_has_256_bits_behind_its_prefix() {
        let key = KeyKind::Integration.new_key(&Sevens);
        assert_eq!(URL_SAFE_NO_PAD.decode(key.strip_prefix("ik_").unwrap()).unwrap(), [7; 32]);
        assert_eq!(last_four(&key).len(), 4);
        assert!(key.ends_with(last_four(&key)));
    }

    #[test]
    fn scopes_are_stored_by_these_names() {
        let all = [
            (KeyScope::Game, "\"game\""),
            (KeyScope::ClassesRead, "\"classes:read\""),
            (KeyScope::ResultsRead, "\"results:read\""),
            (KeyScope::QuizzesRead, "\"quizzes:read\""),
            (KeyScope::AuditRead, "\"audit:read\""),
        ];
        for (scope, name) in all {
            assert_eq!(serde_json::to_string(&scope).unwrap(), name);
        }
    }
}
