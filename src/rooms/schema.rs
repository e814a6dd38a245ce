//! The tables of a room. Forward-only versions, applied at the first call that needs them, never in a constructor.

use crate::ports::{DbError, Sql, Value};
use crate::realtime::log;

/// Version 1. Small integers name seats and sessions inside a room: every answer carries both.
const VERSION_1: &[&str] = &[
    "create table if not exists meta (key text primary key, value text not null) strict, without rowid",
    "create table if not exists seats (
        no integer primary key,
        seat_id text not null unique,
        user_id text not null unique,
        display_name text not null,
        status text not null,
        server text,
        progress text,
        joined_at integer not null
    ) strict",
    // Apart from the seats, so that the XP of a whole class is one page to write.
    "create table if not exists seat_xp (no integer primary key, xp integer not null) strict",
    "create table if not exists servers (job_id text primary key, last_sync_at integer not null) strict, without rowid",
    "create table if not exists sessions (
        no integer primary key,
        id text not null unique,
        body text not null,
        -- AuthorQuiz with its keys; null once the session is only in D1
        quiz text,
        idempotency_key text unique,
        fingerprint text
    ) strict",
    "create table if not exists events (
        id text primary key,
        fingerprint text not null,
        outcome text not null,
        session_no integer not null,
        at integer not null
    ) strict, without rowid",
    // By session and then as they came: the answers of a batch lie side by side, in a page or two.
    "create table if not exists answers (
        session_no integer not null,
        no integer not null,
        seat_no integer not null,
        question integer not null,
        attempt integer not null,
        correct integer not null,
        points integer not null,
        ms integer not null,
        at integer not null,
        response text not null,
        primary key (session_no, no)
    ) strict, without rowid",
    "create table if not exists xp_ledger (
        day integer not null,
        event_id text not null,
        seat_no integer not null,
        session_no integer not null,
        xp integer not null,
        primary key (day, event_id)
    ) strict, without rowid",
    log::CREATE,
    "create table if not exists outbox (
        kind text not null,
        key integer not null,
        part integer not null,
        seq integer not null,
        primary key (kind, key, part)
    ) strict, without rowid",
];

/// Version 2: events on any channel, and announcements that had an idempotency key.
const VERSION_2: &[&str] = &[
    log::ADD_CHANNELS,
    "create table if not exists announcements (
    seq integer primary key,
    id text not null,
    at integer not null,
    idempotency_key text not null unique,
    fingerprint text not null
) strict",
];

const VERSION: &str = "2";

const EXISTS: &str = "select 1 as found from sqlite_master where type = 'table' and name = 'meta'";
const GET_META: &str = "select value from meta where key = ?1";
/// Sets a meta value.
pub(super) const SET_META: &str =
    "insert into meta (key, value) values (?1, ?2) on conflict (key) do update set value = excluded.value";

/// Whether this room was ever set up. A room that nobody set up writes nothing, so that guessing keys costs no storage.
pub(super) fn exists(sql: &dyn Sql) -> Result<bool, DbError> {
    Ok(!sql.query(EXISTS, &[])?.is_empty())
}

/// A meta value.
pub(super) fn meta(sql: &dyn Sql, key: &str) -> Result<Option<String>, DbError> {
    let row = sql.query(GET_META, &[key.into()])?.into_iter().next();
    Ok(row.and_then(|row| row.get("value")?.as_str().map(str::to_owned)))
}

/// Brings the tables to the newest version.
pub(super) fn migrate(sql: &dyn Sql) -> Result<(), DbError> {
    if exists(sql)? && meta(sql, "version")?.as_deref() == Some(VERSION) {
        return Ok(());
    }
    // The tables of version 1 stay as they are where they are.
    for statement in VERSION_1.iter().chain(VERSION_2) {
        sql.query(statement, &[])?;
    }
    sql.query(SET_META, &["version".into(), Value::from(VERSION)])?;
    Ok(())
}
