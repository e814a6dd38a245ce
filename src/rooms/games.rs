//! Games of the class, as far as the room has to do with them: who plays, and what their servers must hear.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::log::{self, GameMessage};
use super::memory::{Memory, to_json};
use super::{Channel, Context, Effect, Seat};
use crate::domain::ids::{GameId, SeatId};
use crate::ports::DbError;

/// Which pupil.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Student {
    /// By the seat.
    Seat(SeatId),
    /// By the user of Roblox who sits there.
    User(String),
}

/// Something that happened to a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GameEvent {
    /// Its settings are others.
    SettingsUpdated,
    /// It is archived.
    Archived,
    /// Another version of its content is live.
    ContentReady,
}

impl GameEvent {
    /// The message to the game's servers.
    const fn message(self) -> &'static str {
        match self {
            Self::SettingsUpdated => "game_settings_updated",
            Self::Archived => "game_archived",
            Self::ContentReady => "content_ready",
        }
    }
}

/// What a game's servers and the dashboards must hear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GameNews {
    /// The game.
    pub game_id: GameId,
    /// What happened.
    pub what: GameEvent,
    /// The version of the content that is live.
    pub version: Option<i64>,
}

#[derive(Serialize)]
struct Told<'a> {
    game: &'a GameNews,
}

#[derive(Serialize)]
struct Message<'a> {
    game_id: &'a GameId,
    version: Option<i64>,
}

/// A pupil unlocked an achievement in a game.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Achievement {
    /// Whose.
    pub seat_id: SeatId,
    /// As the game calls it.
    pub title: String,
}

/// The seat, if the room has it.
pub(super) fn seat_of(memory: &Memory, student: &Student) -> Option<Seat> {
    let seat = match student {
        Student::Seat(id) => memory.seats.iter().find(|seat| seat.id == *id),
        Student::User(user_id) => memory.seat(user_id),
    };
    seat.map(super::memory::SeatState::view)
}

/// Tells games and dashboards.
pub(super) fn announce(
    memory: &mut Memory,
    ctx: Context<'_>,
    news: &GameNews,
    effects: &mut Vec<Effect>,
) -> Result<(), DbError> {
    let data = to_json(&Message { game_id: &news.game_id, version: news.version })?;
    let game = GameMessage { kind: news.what.message(), data: &data };
    log::append(
        memory,
        ctx,
        ("content_update", &Told { game: news }),
        Some(game),
        &[Channel::Class],
        effects,
    )?;
    Ok(())
}

/// Tells the dashboards of an achievement.
pub(super) fn unlocked(
    memory: &mut Memory,
    ctx: Context<'_>,
    achievement: &Achievement,
    effects: &mut Vec<Effect>,
) -> Result<(), DbError> {
    log::append(memory, ctx, ("achievement_unlocked", achievement), None, &[Channel::Class], effects)?;
    Ok(())
}
