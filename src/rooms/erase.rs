//! Forgets a pupil for good: name, user of Roblox, answers, XP, and the log that told of them.

use super::memory::{Memory, SeatState};
use super::outbox::{self, Mark};
use super::{Channel, Context, Effect, Seat, SeatStatus, log, seats, sheet};
use crate::ports::{DbError, decode};
use crate::realtime::{self, log::PRUNE};

/// A shorter id of a user stands in too many other texts.
const LEAST_TELLING: usize = 6;

const EARNED: &str = "
    delete from events where id in (select event_id from xp_ledger where seat_no = ?1) or instr(outcome, ?2) > 0";
const NAMED: &str = "delete from events where instr(id, ?1) > 0";
const SHEETS: &str = "select no from sessions where quiz is not null";
const BY_NUMBER: [&str; 4] = [
    "delete from answers where seat_no = ?1",
    "delete from xp_ledger where seat_no = ?1",
    "delete from seat_xp where no = ?1",
    "delete from seats where no = ?1",
];
const UNMARK: &str = "delete from outbox where kind = 'seat' and key = ?1";

#[derive(serde::Deserialize)]
struct SessionNo {
    no: i64,
}

/// Forgets the pupil. The memory is old afterwards: the caller throws it away. Says whether there was one.
pub(super) fn erase(
    memory: &mut Memory,
    ctx: Context<'_>,
    user_id: &str,
    effects: &mut Vec<Effect>,
) -> Result<bool, DbError> {
    let Some(seat) = memory.seat(user_id).cloned() else { return Ok(false) };
    ctx.sql.query(EARNED, &[seat.no.into(), (&seat.id).into()])?;
    if user_id.len() >= LEAST_TELLING {
        ctx.sql.query(NAMED, &[user_id.into()])?;
    }
    for sql in BY_NUMBER {
        ctx.sql.query(sql, &[seat.no.into()])?;
    }
    ctx.sql.query(UNMARK, &[seat.no.into()])?;
    memory.tail.store(ctx.sql)?;
    // All of it, for it tells of everybody: whoever has missed something loads the page anew.
    ctx.sql.query(PRUNE, &[memory.tail.last_seq().into()])?;
    realtime::forget_kept_events(ctx.sql)?;
    let news = seats::SeatsChanged { seats: vec![gone(&seat)] };
    log::append(memory, ctx, ("class_online", &news), None, &[Channel::Class], effects)?;
    for session in decode::<SessionNo>(ctx.sql.query(SHEETS, &[])?)? {
        memory.mark(ctx, Mark::Sheet { session_no: session.no, part: sheet::part_of(seat.no) })?;
    }
    outbox::soon(memory, ctx);
    Ok(true)
}

/// A seat of nobody, so that dashboards take the name away.
fn gone(seat: &SeatState) -> Seat {
    let id = seat.id.clone();
    let display_name = String::new();
    Seat { id, display_name, status: SeatStatus::Removed, xp: 0, level: 1, online: false, progress: None }
}
