//! The end of the room's log: it gives the numbers.
//!
//! What the room itself says is stored together with what it tells of. What a server library says is stored before it is sent,
//! too, unless it comes in a burst: then it is sent first and stored with the others twice a second, as waiting for the disk at
//! each would be most of the time that a delivery takes (docs/decisions/0027-bursts.md).
//!
//! A number must never be given twice. So a burst begins with a row far ahead, the mark, which is stored before anything is
//! sent. A room that dies in a burst finds the mark as the newest row, goes on behind it, and the numbers between are a hole
//! in the log: whoever asks for something in it is told that it is gone.

use serde::{Deserialize, Serialize};

use super::Context;
use super::memory::to_json;
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Sql, Value, decode_first};
use crate::realtime::log::{APPEND, KEPT_ROWS, PRUNE};
use crate::realtime::{Appended, NewEvent};

/// Events that follow each other closer than this are a burst.
const BURST_MS: i64 = 200;
/// How often the events of a burst are stored.
const STORE_EVERY_MS: i64 = 500;
/// The most events that are not stored, and the most bytes of their data: they go into SQL as one value, which may have 2 MB.
const MAX_HELD: usize = 200;
const MAX_HELD_BYTES: usize = 256 * 1024;
/// How far ahead the mark is.
const AHEAD: i64 = 1000;
/// How often the log is cut while only server libraries speak.
const CUT_EVERY: i64 = 100;

const STORE: &str = "
    insert into log (seq, at, type, data, channels)
    select value ->> 'seq', value ->> 'at', value ->> 'name', value ->> 'data', value ->> 'channels' from json_each(?1)";
/// The mark is on no channel and for no game.
const MARK: &str = "insert into log (seq, at, type, data, channels) values (?1, ?2, 'mark', '', '[]')";
const MOVE_MARK: &str = "update log set seq = ?2 where seq = ?1";
const UNMARK: &str = "delete from log where seq = ?1";
const BEHIND: &str = "select count(*) as rows from log where seq > ?1 and seq <= ?2";

/// An event that was sent and is not stored.
#[derive(Serialize)]
struct Held {
    seq: i64,
    at: i64,
    name: String,
    data: String,
    /// A JSON array, as the column has it.
    channels: String,
}

/// A row of the room's own.
pub(super) struct OwnRow<'a> {
    pub kind: &'a str,
    pub data: &'a str,
    pub channels: Option<String>,
    pub game: Option<super::log::GameMessage<'a>>,
}

#[derive(Deserialize)]
struct CountRow {
    rows: i64,
}

/// See the module.
pub(super) struct Tail {
    last_seq: i64,
    held: Vec<Held>,
    held_bytes: usize,
    /// In a burst, the number of the mark.
    mark: Option<i64>,
    /// When a server library spoke last.
    spoke_at: Option<Timestamp>,
}

impl Tail {
    /// Behind the newest row that is stored.
    pub const fn behind(newest_row: i64) -> Self {
        Self { last_seq: newest_row, held: Vec::new(), held_bytes: 0, mark: None, spoke_at: None }
    }

    /// The newest number that was given.
    pub const fn last_seq(&self) -> i64 {
        self.last_seq
    }

    /// The number of the next event.
    pub const fn next_seq(&self) -> i64 {
        self.last_seq + 1
    }

    /// Stores an event of the room's own under [`Tail::next_seq`], and whatever came before it.
    pub fn write(&mut self, ctx: Context<'_>, row: &OwnRow<'_>) -> Result<(), DbError> {
        self.store(ctx.sql)?;
        let seq = self.next_seq();
        if self.mark == Some(seq) {
            self.mark_ahead(ctx, seq)?;
        }
        let params: [Value; 7] = [
            seq.into(),
            ctx.now.into(),
            row.kind.into(),
            row.data.into(),
            row.channels.as_deref().into(),
            row.game.map(|game| game.kind).into(),
            row.game.map(|game| game.data).into(),
        ];
        ctx.sql.query(APPEND, &params)?;
        self.last_seq = seq;
        Ok(())
    }

    /// Takes an event of a server library.
    pub fn append(&mut self, ctx: Context<'_>, event: &NewEvent<'_>) -> Result<Appended, DbError> {
        let is_burst = self.spoke_at.is_some_and(|at| ctx.now.millis_since(at) < BURST_MS);
        self.spoke_at = Some(ctx.now);
        let seq = self.next_seq();
        let channels = to_json(&event.channels)?;
        if !is_burst && self.mark.is_none() {
            let row = OwnRow { kind: event.name, data: event.data, channels: Some(channels), game: None };
            self.write(ctx, &row)?;
            self.cut(ctx.sql, seq - 1)?;
            return Ok(Appended { seq, wake: None });
        }
        if self.mark.is_none_or(|mark| mark <= seq) {
            self.mark_ahead(ctx, seq)?;
        }
        self.held_bytes += event.data.len();
        self.held.push(Held {
            seq,
            at: ctx.now.as_millis(),
            name: event.name.to_owned(),
            data: event.data.to_owned(),
            channels,
        });
        self.last_seq = seq;
        if self.held.len() >= MAX_HELD || self.held_bytes >= MAX_HELD_BYTES {
            self.store(ctx.sql)?;
        }
        Ok(Appended { seq, wake: Some(ctx.now.plus_millis(STORE_EVERY_MS)) })
    }

    /// Stores what is held.
    pub fn store(&mut self, sql: &dyn Sql) -> Result<(), DbError> {
        let Some(first) = self.held.first() else { return Ok(()) };
        let before = first.seq - 1;
        sql.query(STORE, &[to_json(&self.held)?.into()])?;
        self.held.clear();
        self.held_bytes = 0;
        self.cut(sql, before)
    }

    /// The alarm rang: stores what is held, and ends the burst when nothing was. Gives when to come again.
    pub fn settle(&mut self, ctx: Context<'_>) -> Result<Option<Timestamp>, DbError> {
        let Some(mark) = self.mark else { return Ok(None) };
        if !self.held.is_empty() {
            self.store(ctx.sql)?;
            return Ok(Some(ctx.now.plus_millis(STORE_EVERY_MS)));
        }
        ctx.sql.query(UNMARK, &[mark.into()])?;
        self.mark = None;
        Ok(None)
    }

    /// Whether something behind the number was lost.
    pub fn has_hole(&self, sql: &dyn Sql, after: i64) -> Result<bool, DbError> {
        let count: Option<CountRow> =
            decode_first(sql.query(BEHIND, &[after.into(), self.last_seq.into()])?)?;
        Ok(count.is_none_or(|count| count.rows != self.last_seq - after))
    }

    fn mark_ahead(&mut self, ctx: Context<'_>, seq: i64) -> Result<(), DbError> {
        let ahead = seq + AHEAD;
        match self.mark {
            Some(mark) => ctx.sql.query(MOVE_MARK, &[mark.into(), ahead.into()])?,
            None => ctx.sql.query(MARK, &[ahead.into(), ctx.now.into()])?,
        };
        self.mark = Some(ahead);
        Ok(())
    }

    /// Cuts the log each time it has grown by so many.
    fn cut(&self, sql: &dyn Sql, before: i64) -> Result<(), DbError> {
        if self.last_seq / CUT_EVERY > before / CUT_EVERY {
            sql.query(PRUNE, &[(self.last_seq - KEPT_ROWS).into()])?;
        }
        Ok(())
    }
}
