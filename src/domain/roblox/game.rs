//! What makes a game acceptable.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Shortest title, in characters.
pub const MIN_TITLE: usize = 3;
/// Longest title, in characters.
pub const MAX_TITLE: usize = 100;
/// Longest description, in characters.
pub const MAX_DESCRIPTION: usize = 500;
/// The most players of one server.
pub const MAX_PLAYERS: i64 = 50;
/// A game when nobody says otherwise.
pub const DEFAULT_MAX_PLAYERS: i64 = 30;
/// Largest settings, in bytes of JSON: hundreds of values, and nothing that a server would be slow to read.
pub const MAX_SETTINGS_BYTES: usize = 8 * 1024;
/// The most games of a school that are not archived.
pub const MAX_GAMES: i64 = 1000;

/// What may become of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GameStatus {
    /// Its servers report and get content.
    Active,
    /// Nothing is taken from its servers until it is active again.
    Paused,
    /// For good.
    Archived,
}

impl GameStatus {
    /// As stored and sent.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::Archived => "archived",
        }
    }
}

/// Whether a text is an id as Roblox gives them: a positive whole number of 64 bits.
pub fn is_roblox_id(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0')
        && text.parse::<i64>().is_ok_and(|id| id > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_of_roblox_is_a_positive_whole_number_of_64_bits() {
        for good in ["1", "9007199254740993", "9223372036854775807"] {
            assert!(is_roblox_id(good), "{good}");
        }
        for wrong in ["", "0", "01", "-1", "+1", "1.0", "9223372036854775808", "x", " 1", "１"] {
            assert!(!is_roblox_id(wrong), "{wrong}");
        }
    }
}
