//! Seats: who is in the class.

use serde::Serialize;

use super::log::{self, GameMessage};
use super::memory::{Memory, to_json};
use super::outbox::{self, Mark};
use super::{Channel, Context, Effect, Refusal, Seat, SeatMove, SeatStatus, apply, board};
use crate::domain::ids::SeatId;
use crate::ports::DbError;

#[derive(Serialize)]
pub(super) struct SeatsChanged {
    pub seats: Vec<Seat>,
}

#[derive(Serialize)]
struct SeatMessage<'a> {
    seat_id: &'a SeatId,
    user_id: &'a str,
}

/// Tells the dashboards which seats changed.
pub(super) fn announce(
    memory: &mut Memory,
    ctx: Context<'_>,
    numbers: &[i64],
    game: Option<GameMessage<'_>>,
    effects: &mut Vec<Effect>,
) -> Result<i64, DbError> {
    let seats =
        memory.seats.iter().filter(|seat| numbers.contains(&seat.no)).map(super::memory::SeatState::view);
    let data = SeatsChanged { seats: seats.collect() };
    log::append(memory, ctx, ("class_online", &data), game, &[Channel::Class], effects)
}

/// How many seats are taken.
pub(super) fn taken(memory: &Memory) -> i64 {
    let taken = memory.seats.iter().filter(|seat| seat.status != SeatStatus::Removed).count();
    i64::try_from(taken).unwrap_or(i64::MAX)
}

/// Approves or removes a seat. Again is the same as once.
pub(super) fn move_seat(
    memory: &mut Memory,
    ctx: Context<'_>,
    id: &SeatId,
    what: SeatMove,
    effects: &mut Vec<Effect>,
) -> Result<Result<Seat, Refusal>, DbError> {
    let full = taken(memory) >= memory.facts.capacity;
    let Some(seat) = memory.seats.iter_mut().find(|seat| seat.id == *id) else {
        return Ok(Err(Refusal::NotFound));
    };
    let (target, kind) = match what {
        SeatMove::Approve => (SeatStatus::Active, "seat_approved"),
        SeatMove::Remove => (SeatStatus::Removed, "seat_removed"),
    };
    if seat.status == target {
        return Ok(Ok(seat.view()));
    }
    if seat.status == SeatStatus::Removed && full {
        return Ok(Err(Refusal::ClassFull));
    }
    seat.status = target;
    if target == SeatStatus::Removed {
        seat.server = None;
    }
    let (no, view) = (seat.no, seat.view());
    let data = to_json(&SeatMessage { seat_id: &seat.id, user_id: &seat.user_id })?;
    apply::store_seats(memory, ctx, &[no])?;
    announce(memory, ctx, &[no], Some(GameMessage { kind, data: &data }), effects)?;
    memory.mark(ctx, Mark::Seat(no))?;
    outbox::soon(memory, ctx);
    board::changed(memory, ctx, effects);
    Ok(Ok(view))
}
