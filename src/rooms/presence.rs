//! Who is in a game right now. A seat is online while the game server that it joined from keeps syncing.

use std::collections::HashSet;

use super::apply::SEATS_OFFLINE;
use super::memory::{Memory, Server};
use super::{Context, Effect, seats};
use crate::domain::time::Timestamp;
use crate::ports::{DbError, Value};

/// A game server that has been silent for so long is gone: 30 syncs at the usual pace.
const SILENT_MS: i64 = 90_000;
/// How exactly the last sync is stored: a write now and then instead of one a sync.
const STORED_EVERY_MS: i64 = 20_000;

const STORE_SERVER: &str = "
    insert into servers (job_id, last_sync_at) values (?1, ?2)
    on conflict (job_id) do update set last_sync_at = excluded.last_sync_at";
const FORGET_SERVERS: &str = "delete from servers where job_id in (select value from json_each(?1))";

/// A server synced.
pub(super) fn heard(memory: &mut Memory, ctx: Context<'_>, job_id: &str) -> Result<(), DbError> {
    let stored_at = memory.servers.get(job_id).map(|server| server.stored_at);
    let store = stored_at.is_none_or(|at| ctx.now.millis_since(at) >= STORED_EVERY_MS);
    if store {
        ctx.sql.query(STORE_SERVER, &[job_id.into(), ctx.now.into()])?;
    }
    let stored_at = stored_at.filter(|_| !store).unwrap_or(ctx.now);
    memory.servers.insert(job_id.to_owned(), Server { last_sync_at: ctx.now, stored_at });
    Ok(())
}

/// When the first server will have been silent for too long.
pub(super) fn next_sweep(memory: &Memory) -> Option<Timestamp> {
    memory.servers.values().map(|server| server.last_sync_at.plus_millis(SILENT_MS)).min()
}

/// Takes the pupils of silent servers offline.
pub(super) fn sweep(memory: &mut Memory, ctx: Context<'_>, effects: &mut Vec<Effect>) -> Result<(), DbError> {
    let is_silent = |server: &Server| ctx.now.millis_since(server.last_sync_at) >= SILENT_MS;
    let silent: HashSet<String> = memory
        .servers
        .iter()
        .filter(|(_, server)| is_silent(server))
        .map(|(job_id, _)| job_id.clone())
        .collect();
    if silent.is_empty() {
        return Ok(());
    }
    let mut gone = Vec::new();
    for seat in &mut memory.seats {
        if seat.server.as_ref().is_some_and(|server| silent.contains(server)) {
            seat.server = None;
            gone.push(seat.no);
        }
    }
    memory.servers.retain(|job_id, _| !silent.contains(job_id));
    ctx.sql.query(FORGET_SERVERS, &[Value::from(super::memory::to_json(&silent)?)])?;
    if !gone.is_empty() {
        ctx.sql.query(SEATS_OFFLINE, &[Value::from(super::memory::to_json(&gone)?)])?;
        seats::announce(memory, ctx, &gone, None, effects)?;
    }
    Ok(())
}
