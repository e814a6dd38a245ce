//! The numbered log of an app: each event has a number, so that a client can ask for what it missed, and is told when that is
//! gone. The room of a class keeps its own columns beside (`rooms/log.rs`).

use serde::Deserialize;

use super::{Appended, Context, Feed};
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Sql, Value, decode};

/// Rows that are kept: at one row a sync about an hour of a large class; who missed more loads the page anew.
pub const KEPT_ROWS: i64 = 2000;
/// The most events of one replay; a client that missed more asks for pages over HTTP.
const MAX_REPLAY: i64 = 500;
/// How often the log is cut.
const CUT_EVERY: i64 = 100;

/// Version 1 of the table, which rooms had before there were other apps.
pub const CREATE: &str = "
    create table if not exists log (
        seq integer primary key,
        at integer not null,
        type text not null,
        data text not null,
        game_type text,
        game_data text
    ) strict";
/// Version 2: where the event went, a JSON array of names.
pub const ADD_CHANNELS: &str = "alter table log add column channels text";
const EXISTS: &str = "select 1 as found from sqlite_master where type = 'table' and name = 'log'";
/// Appends a row.
pub const APPEND: &str = "
    insert into log (seq, at, type, data, channels, game_type, game_data) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
/// Deletes up to this number.
pub const PRUNE: &str = "delete from log where seq <= ?1";
const ON_CHANNEL: &str = "
    select seq, at, type, data from log
    where seq > ?1 and exists (select 1 from json_each(channels) where value = ?2) order by seq limit ?3";
const BOUNDS: &str = "select coalesce(min(seq), 0) as oldest, coalesce(max(seq), 0) as newest from log";

/// An event that is to be logged.
#[derive(Clone, Copy, Debug)]
pub struct NewEvent<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its data: JSON, or any text.
    pub data: &'a str,
    /// Where it goes.
    pub channels: &'a [String],
}

/// An event of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// Its number.
    pub seq: i64,
    /// When it happened.
    pub at: Timestamp,
    /// Its name.
    pub name: String,
    /// Its data.
    pub data: String,
}

/// What a client missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// All of it, in order.
    Events(Vec<Logged>),
    /// Some of it is gone, or there is too much of it.
    Gap {
        /// The oldest number that is kept.
        oldest_seq: i64,
        /// The newest one.
        last_seq: i64,
    },
}

#[derive(Deserialize)]
struct LoggedRow {
    seq: i64,
    at: i64,
    #[serde(rename = "type")]
    name: String,
    data: String,
}

/// The oldest number that is kept; 0 when none is.
pub fn oldest(sql: &dyn Sql) -> Result<i64, DbError> {
    Ok(bounds(sql)?.0)
}

#[derive(Deserialize)]
struct BoundsRow {
    oldest: i64,
    newest: i64,
}

fn bounds(sql: &dyn Sql) -> Result<(i64, i64), DbError> {
    let rows: Vec<BoundsRow> = decode(sql.query(BOUNDS, &[])?)?;
    Ok(rows.first().map_or((0, 0), |row| (row.oldest, row.newest)))
}

/// What a channel carried behind a number.
pub fn replay(sql: &dyn Sql, channel: &str, after: i64) -> Result<Replay, DbError> {
    let (oldest_seq, last_seq) = bounds(sql)?;
    let gap = Replay::Gap { oldest_seq, last_seq };
    if after + 1 < oldest_seq || after > last_seq {
        return Ok(gap);
    }
    let rows: Vec<LoggedRow> =
        decode(sql.query(ON_CHANNEL, &[after.into(), channel.into(), (MAX_REPLAY + 1).into()])?)?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) > MAX_REPLAY {
        return Ok(gap);
    }
    let logged = rows.into_iter().map(|row| Logged {
        seq: row.seq,
        at: Timestamp::from_millis(row.at),
        name: row.name,
        data: row.data,
    });
    Ok(Replay::Events(logged.collect()))
}

/// The log of an app that is nothing but an app: a feed with no channels of its own.
#[derive(Debug, Default)]
pub struct EventLog {
    last_seq: Option<i64>,
    is_one_way: bool,
}

impl EventLog {
    /// Of an app whose clients only listen.
    pub fn one_way() -> Self {
        Self { last_seq: None, is_one_way: true }
    }

    /// The newest number.
    pub fn last_seq(&mut self, sql: &dyn Sql) -> Result<i64, DbError> {
        if let Some(seq) = self.last_seq {
            return Ok(seq);
        }
        if sql.query(EXISTS, &[])?.is_empty() {
            sql.query(CREATE, &[])?;
            sql.query(ADD_CHANNELS, &[])?;
        }
        let seq = bounds(sql)?.1;
        self.last_seq = Some(seq);
        Ok(seq)
    }

    /// Appends an event that was numbered elsewhere; nothing when that number came before.
    pub fn append_numbered(
        &mut self,
        ctx: Context<'_>,
        seq: i64,
        event: &NewEvent<'_>,
    ) -> Result<bool, DbError> {
        if seq <= self.last_seq(ctx.sql)? {
            return Ok(false);
        }
        let channels = serde_json::to_string(event.channels).unwrap_or_default();
        let params: [Value; 7] = [
            seq.into(),
            ctx.now.into(),
            event.name.into(),
            event.data.into(),
            channels.into(),
            Value::Null,
            Value::Null,
        ];
        // What memory counts is true only when SQL has it.
        self.last_seq = None;
        ctx.sql.query(APPEND, &params)?;
        if seq % CUT_EVERY == 0 {
            ctx.sql.query(PRUNE, &[(seq - KEPT_ROWS).into()])?;
        }
        self.last_seq = Some(seq);
        Ok(true)
    }
}

impl Feed for EventLog {
    fn append(&mut self, ctx: Context<'_>, event: &NewEvent<'_>) -> Result<Appended, DbError> {
        let seq = self.last_seq(ctx.sql)? + 1;
        self.append_numbered(ctx, seq, event)?;
        Ok(Appended { seq, wake: None })
    }

    fn replay(&mut self, ctx: Context<'_>, channel: &str, after: i64) -> Result<Replay, DbError> {
        self.last_seq(ctx.sql)?;
        replay(ctx.sql, channel, after)
    }

    fn forget(&mut self) {
        self.last_seq = None;
    }

    fn kept(&mut self, _: Context<'_>, _: &str) -> Result<Option<Option<String>>, DbError> {
        Ok(None)
    }

    fn takes_client_events(&self) -> bool {
        !self.is_one_way
    }
}
