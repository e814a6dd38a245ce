//! Games in Roblox: what makes one acceptable, and what its servers and Roblox itself tell.

mod document;
mod game;

pub use document::{Document, Texts};
pub use game::{
    DEFAULT_MAX_PLAYERS, GameStatus, MAX_DESCRIPTION, MAX_GAMES, MAX_PLAYERS, MAX_SETTINGS_BYTES, MAX_TITLE,
    MIN_TITLE, is_roblox_id,
};
