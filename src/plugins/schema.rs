//! The tables of a registry. Forward only; made at the first call after waking, never in a constructor.

use crate::ports::{DbError, Sql};

const TABLES: &[&str] = &[
    "create table if not exists plugins (
        id text primary key,
        -- roster::Record
        body text not null,
        -- written at most once a minute
        seen_at integer not null
    ) strict, without rowid",
    "create table if not exists messages (
        no integer primary key autoincrement,
        plugin_id text not null,
        -- who sent it and by which id: taken once
        source text not null,
        sender text,
        kind text not null,
        -- null once it was taken: the source is remembered for a while
        body text,
        at integer not null,
        unique (plugin_id, source)
    ) strict",
    "create index if not exists messages_by_age on messages (at)",
    "create table if not exists sessions (
        id text primary key,
        plugin_id text not null,
        source text not null,
        body text not null,
        started_at integer not null,
        ended_at integer,
        unique (plugin_id, source)
    ) strict, without rowid",
    "create table if not exists progress (
        plugin_id text not null,
        student_id text not null,
        lesson_id text not null,
        body text not null,
        at integer not null,
        primary key (plugin_id, student_id, lesson_id)
    ) strict, without rowid",
];

/// Sees to it that they are there.
pub(super) fn prepare(sql: &dyn Sql) -> Result<(), DbError> {
    TABLES.iter().try_for_each(|table| sql.query(table, &[]).map(drop))
}
