//! What cache channels keep: the last event of a server, for half an hour.

use serde::Deserialize;

use super::{Context, schema};
use crate::domain::pusher::{CACHED_MS, ServerFrame};
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Sql, Value, decode_first};

const KEEP: &str = "
    insert into kept_events (channel, event, data, seq, at) values (?1, ?2, ?3, ?4, ?5)
    on conflict (channel) do update set
      event = excluded.event, data = excluded.data, seq = excluded.seq, at = excluded.at";
const FORGET_OLD: &str = "delete from kept_events where at <= ?1";
const FORGET_ALL: &str = "delete from kept_events";
const KEPT: &str = "select event, data, seq, at from kept_events where channel = ?1 and at > ?2";

#[derive(Deserialize)]
struct KeptRow {
    event: String,
    data: String,
    seq: i64,
    at: i64,
}

fn oldest(ctx: Context<'_>) -> Timestamp {
    ctx.now.plus_millis(-CACHED_MS)
}

/// Keeps an event instead of the one before. What any channel kept for too long goes with it.
pub(super) fn keep(
    ctx: Context<'_>,
    channel: &str,
    (seq, event, data): (i64, &str, &str),
) -> Result<(), DbError> {
    let params: [Value; 5] = [channel.into(), event.into(), data.into(), seq.into(), ctx.now.into()];
    ctx.sql.query(KEEP, &params)?;
    ctx.sql.query(FORGET_OLD, &[oldest(ctx).into()])?;
    Ok(())
}

fn row(ctx: Context<'_>, channel: &str) -> Result<Option<KeptRow>, DbError> {
    decode_first(ctx.sql.query(KEPT, &[channel.into(), oldest(ctx).into()])?)
}

/// The frame with the kept event.
pub(super) fn frame(ctx: Context<'_>, channel: &str) -> Result<Option<String>, DbError> {
    let row = row(ctx, channel)?;
    Ok(row.map(|row| {
        let (event, data, seq) = (row.event.as_str(), row.data.as_str(), Some(row.seq));
        ServerFrame { event, channel: Some(channel), data, seq }.text()
    }))
}

/// The data of the kept event, and for how many seconds more it is kept.
pub(super) fn data(ctx: Context<'_>, channel: &str) -> Result<Option<(String, i64)>, DbError> {
    let row = row(ctx, channel)?;
    Ok(row.map(|row| {
        let until = Timestamp::from_millis(row.at).plus_millis(CACHED_MS);
        (row.data, until.millis_since(ctx.now) / 1000)
    }))
}

/// Forgets all of them: somebody whom they may tell of is to be forgotten.
pub fn forget(sql: &dyn Sql) -> Result<(), DbError> {
    if schema::exists(sql)? {
        sql.query(FORGET_ALL, &[])?;
    }
    Ok(())
}
