//! The leaderboard of a room.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::memory::{Memory, to_json};
use super::{Channel, Context, Effect, SeatStatus};
use crate::domain::ids::{SeatId, SessionId};
use crate::domain::leaderboard::{LeaderboardItem, Standing, Window, rank};
use crate::domain::live_session::Status;
use crate::domain::pusher::ServerFrame;
use crate::domain::xp;
use crate::ports::{DbError, decode};

/// The board, and who gained XP, goes out at most four times a second: people cannot follow more, and 30 syncs a second are one board.
const BOARD_EVERY_MS: i64 = 250;

const EARNED_SINCE: &str = "
    select seat_no, sum(xp) as xp from xp_ledger where day >= ?1 group by seat_no";

#[derive(Deserialize)]
struct EarnedRow {
    seat_no: i64,
    xp: u64,
}

#[derive(Serialize)]
struct Board<'a> {
    as_of_seq: i64,
    session_id: Option<&'a SessionId>,
    window: Window,
    items: Vec<LeaderboardItem>,
}

/// The board over a window.
pub(super) fn board(
    memory: &Memory,
    ctx: Context<'_>,
    window: Window,
) -> Result<Vec<LeaderboardItem>, DbError> {
    let since = match window {
        Window::Session | Window::All => return Ok(from_memory(memory, window)),
        Window::Day => ctx.now.day(),
        Window::Week => ctx.now.week_start_day(),
    };
    let rows: Vec<EarnedRow> = decode(ctx.sql.query(EARNED_SINCE, &[since.into()])?)?;
    let earned: HashMap<i64, u64> = rows.into_iter().map(|row| (row.seat_no, row.xp)).collect();
    Ok(ranked(memory, |no, _| earned.get(&no).copied().unwrap_or(0)))
}

fn from_memory(memory: &Memory, window: Window) -> Vec<LeaderboardItem> {
    match window {
        Window::Session => ranked(memory, |no, _| session_xp(memory, no)),
        _ => ranked(memory, |_, total| total),
    }
}

fn ranked(memory: &Memory, xp: impl Fn(i64, u64) -> u64) -> Vec<LeaderboardItem> {
    let seats = memory.seats.iter().filter(|seat| seat.status == SeatStatus::Active);
    let standings = seats.map(|seat| Standing {
        seat_id: seat.id.clone(),
        display_name: seat.display_name.clone(),
        xp: xp(seat.no, seat.xp),
        total_xp: seat.xp,
        points: session_xp(memory, seat.no),
    });
    rank(standings.collect())
}

fn session_xp(memory: &Memory, no: i64) -> u64 {
    memory.live.as_ref().map_or(0, |live| live.score(no).points)
}

/// A pupil's rank in the session, without building the board.
pub(super) fn session_rank(memory: &Memory, no: i64) -> u64 {
    let mine = session_xp(memory, no);
    let ahead = |seat: &&super::memory::SeatState| {
        seat.status == SeatStatus::Active && session_xp(memory, seat.no) > mine
    };
    memory.seats.iter().filter(ahead).count() as u64 + 1
}

/// The frame with the board as it stands: of the session while one runs, else of all time.
pub(super) fn frame(memory: &Memory) -> Result<String, DbError> {
    let running =
        memory.live.as_ref().filter(|live| matches!(live.session.status, Status::Running | Status::Paused));
    let window = if running.is_some() { Window::Session } else { Window::All };
    let board = Board {
        as_of_seq: memory.tail.last_seq(),
        session_id: running.map(|live| &live.session.id),
        window,
        items: from_memory(memory, window),
    };
    let (channel, data) = (Some(Channel::Leaderboard.name()), to_json(&board)?);
    Ok(ServerFrame { event: "leaderboard_update", channel, data: &data, seq: None }.text())
}

#[derive(Serialize)]
struct Gained<'a> {
    as_of_seq: i64,
    seats: Vec<SeatGained<'a>>,
}

#[derive(Serialize)]
struct SeatGained<'a> {
    seat_id: &'a SeatId,
    xp: u64,
    level: u64,
}

/// The frame with the XP of those who gained any since the last one; nothing when nobody did. It has no number: what was gained
/// stands in the log with the answers.
fn gained(memory: &mut Memory) -> Result<Option<String>, DbError> {
    let gained = std::mem::take(&mut memory.xp_changed);
    let seats = memory.seats.iter().filter(|seat| gained.contains(&seat.no));
    let seats: Vec<SeatGained<'_>> =
        seats.map(|seat| SeatGained { seat_id: &seat.id, xp: seat.xp, level: xp::level(seat.xp) }).collect();
    if seats.is_empty() {
        return Ok(None);
    }
    let data = to_json(&Gained { as_of_seq: memory.tail.last_seq(), seats })?;
    let channel = Some(Channel::Class.name());
    Ok(Some(ServerFrame { event: "xp_gained", channel, data: &data, seq: None }.text()))
}

/// The board changed: sends it, and who gained XP, or sees to it that they are sent soon.
pub(super) fn changed(memory: &mut Memory, ctx: Context<'_>, effects: &mut Vec<Effect>) {
    if !ctx.watched {
        memory.xp_changed.clear();
        return;
    }
    memory.board_changed = true;
    publish_if_due(memory, ctx, effects);
    if memory.board_changed
        && let Some(sent_at) = memory.board_sent_at
    {
        memory.wake(sent_at.plus_millis(BOARD_EVERY_MS));
    }
}

/// Sends a board that changed, unless one went out a moment ago.
pub(super) fn publish_if_due(memory: &mut Memory, ctx: Context<'_>, effects: &mut Vec<Effect>) {
    let due = memory.board_sent_at.is_none_or(|at| ctx.now.millis_since(at) >= BOARD_EVERY_MS);
    if memory.board_changed && due {
        memory.board_changed = false;
        memory.board_sent_at = Some(ctx.now);
        if let Ok(frame) = frame(memory) {
            effects.push(Effect::Publish { channel: Channel::Leaderboard, frame });
        }
        if let Ok(Some(frame)) = gained(memory) {
            effects.push(Effect::Publish { channel: Channel::Class, frame });
        }
    }
}
