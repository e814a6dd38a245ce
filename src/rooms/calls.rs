//! What a teacher does and asks, one answer each.

use serde::Serialize;
use serde_json::json;

use super::log::{self, GameMessage};
use super::memory::{Memory, to_json};
use super::{
    Channel, Context, Effect, Refusal, RoomAnswer, RoomOp, announcements, board, games, seats, sessions,
};
use crate::ports::DbError;

#[derive(Serialize)]
struct ClassNews {
    class: serde_json::Value,
}

/// Does one thing.
pub(super) fn answer(
    memory: &mut Memory,
    ctx: Context<'_>,
    op: RoomOp,
    effects: &mut Vec<Effect>,
) -> Result<RoomAnswer, DbError> {
    sessions::close_if_over(memory, ctx, effects)?;
    let found = match op {
        // The room itself does it, for it forgets its memory then.
        RoomOp::Configure | RoomOp::EraseUser(_) => Some(RoomAnswer::Done),
        RoomOp::CloseSockets { socket_ids, code } => {
            effects.push(Effect::CloseSockets { socket_ids, code });
            Some(RoomAnswer::Done)
        }
        RoomOp::Seats => {
            Some(RoomAnswer::Seats(memory.seats.iter().map(super::memory::SeatState::view).collect()))
        }
        RoomOp::SeatOf(student) => games::seat_of(memory, &student).map(RoomAnswer::Seat),
        RoomOp::GameNews(news) => {
            games::announce(memory, ctx, &news, effects)?;
            Some(RoomAnswer::Done)
        }
        RoomOp::Unlocked(achievement) => {
            games::unlocked(memory, ctx, &achievement, effects)?;
            Some(RoomAnswer::Done)
        }
        RoomOp::Announce(new) => {
            let said = announcements::announce(memory, ctx, new, effects)?;
            Some(said.map_or_else(RoomAnswer::Refused, RoomAnswer::Announced))
        }
        RoomOp::MoveSeat(id, what) => Some(
            seats::move_seat(memory, ctx, &id, what, effects)?
                .map_or_else(RoomAnswer::Refused, RoomAnswer::Seat),
        ),
        RoomOp::CreateSession(new) => {
            let made = sessions::create(memory, ctx, *new, effects)?;
            Some(made.map_or_else(RoomAnswer::Refused, RoomAnswer::Session))
        }
        RoomOp::MoveSession(id, what) => {
            let moved = sessions::move_session(memory, ctx, &id, what, effects)?;
            Some(moved.map_or_else(RoomAnswer::Refused, RoomAnswer::Session))
        }
        RoomOp::Session(id) => sessions::session(memory, ctx, &id)?.map(RoomAnswer::Session),
        RoomOp::Sessions => Some(RoomAnswer::Sessions(sessions::list(ctx)?)),
        RoomOp::Leaderboard(window) => {
            Some(RoomAnswer::Leaderboard(board::board(memory, ctx, window)?, memory.tail.last_seq()))
        }
        RoomOp::Results(id) => {
            sessions::sheet(memory, ctx, id.as_ref())?.map(|sheet| RoomAnswer::Results(Box::new(sheet)))
        }
        RoomOp::Events { after, limit, channels } => {
            let page = log::events(memory, ctx, (after, limit), &channels)?;
            Some(page.map_or(RoomAnswer::Refused(Refusal::EventsGone), RoomAnswer::Events))
        }
    };
    Ok(found.unwrap_or(RoomAnswer::Refused(Refusal::NotFound)))
}

/// Tells games and dashboards that the class changed.
pub(super) fn announce_class(
    memory: &mut Memory,
    ctx: Context<'_>,
    effects: &mut Vec<Effect>,
) -> Result<(), DbError> {
    let news = ClassNews { class: json!({"id": memory.facts.class_id, "name": memory.facts.name}) };
    let data = to_json(&news)?;
    let game = GameMessage { kind: "config_changed", data: &data };
    log::append(memory, ctx, ("content_update", &news), Some(game), &[Channel::Class], effects)?;
    Ok(())
}

/// Tells games once that the settings of the service are of a newer version. A room learns of it with a sync, and an isolate that
/// knows an older version says nothing new.
pub(super) fn announce_settings(
    memory: &mut Memory,
    ctx: Context<'_>,
    version: i64,
    effects: &mut Vec<Effect>,
) -> Result<(), DbError> {
    if version <= memory.settings_version {
        return Ok(());
    }
    memory.store_settings_version(ctx.sql, version)?;
    let news = json!({"settings": {"version": version}});
    let data = to_json(&json!({"version": version}))?;
    let game = GameMessage { kind: "config_changed", data: &data };
    log::append(memory, ctx, ("content_update", &news), Some(game), &[], effects)?;
    Ok(())
}
