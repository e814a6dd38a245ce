//! The tables of an app. Made when something is first written: who only connects writes nothing.

use crate::ports::{DbError, Sql};

const TABLES: &[&str] = &[
    "create table if not exists subscriptions (
        socket_id text not null,
        channel text not null,
        -- Of a member of a presence channel.
        user_id text,
        user_info text,
        primary key (socket_id, channel)
    ) strict, without rowid",
    "create table if not exists signed_in (
        socket_id text primary key,
        user_id text not null,
        watchlist text not null
    ) strict, without rowid",
    "create table if not exists kept_events (
        channel text primary key,
        event text not null,
        data text not null,
        seq integer not null,
        at integer not null
    ) strict, without rowid",
];

const EXISTS: &str = "select 1 as found from sqlite_master where type = 'table' and name = 'subscriptions'";

/// Whether anything was ever written.
pub(super) fn exists(sql: &dyn Sql) -> Result<bool, DbError> {
    Ok(!sql.query(EXISTS, &[])?.is_empty())
}

/// Makes the tables.
pub(super) fn create(sql: &dyn Sql) -> Result<(), DbError> {
    TABLES.iter().try_for_each(|statement| sql.query(statement, &[]).map(|_| ()))
}
