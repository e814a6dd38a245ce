//! Who is registered: coming in, being paired, going, and being pushed out where there is no room.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::op::{Caller, Owner, PluginStatus, PluginView, Standing};
use super::{Context, GONE_MS, Registry, STALE_MS, schema};
use crate::domain::ids::{PluginId, SchoolId};
use crate::domain::plugin::Registration;
use crate::domain::rate_limit::Counters;
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{DbError, Value, decode, decode_first};

/// The most plugins of a lobby; sixteen of them hold 32,000 plugins that nobody has paired within an hour.
pub const MAX_PLUGINS: usize = 2_000;
/// The most bytes that a lobby keeps: 4 KB a plugin.
pub const MAX_LOBBY_BYTES: i64 = 8 << 20;
/// The most bytes that a school's registry keeps: 320 KB a plugin.
pub const MAX_SCHOOL_BYTES: i64 = 64 << 20;
/// When a plugin was heard of is written at most so often: two heartbeats of the old plugin cost one row.
pub const SEEN_EVERY_MS: i64 = 60_000;
/// So long a replaced token goes on, for an answer that was lost or came late.
pub const GRACE_MS: i64 = 10_000;

const LOAD: &str = "
    select p.id, p.body, p.seen_at,
      (select count(*) from messages m where m.plugin_id = p.id and m.body is not null) as waiting,
      coalesce((select sum(length(cast(body as blob))) from messages m where m.plugin_id = p.id), 0)
      + coalesce((select sum(length(cast(body as blob))) from sessions s where s.plugin_id = p.id), 0)
      + coalesce((select sum(length(cast(body as blob))) from progress g where g.plugin_id = p.id), 0) as bytes
    from plugins p";
const BYTES: &str = "
    select (select count(*) from messages where plugin_id = ?1 and body is not null) as waiting,
      coalesce((select sum(length(cast(body as blob))) from messages where plugin_id = ?1), 0)
      + coalesce((select sum(length(cast(body as blob))) from sessions where plugin_id = ?1), 0)
      + coalesce((select sum(length(cast(body as blob))) from progress where plugin_id = ?1), 0) as bytes";
const PUT: &str = "
    insert into plugins (id, body, seen_at) values (?1, ?2, ?3)
    on conflict (id) do update set body = excluded.body, seen_at = excluded.seen_at";
const SEEN: &str = "update plugins set seen_at = ?2 where id = ?1";
const DELETE: &str = "delete from plugins where id = ?1";
const DELETE_MESSAGES: &str = "delete from messages where plugin_id = ?1";
const DELETE_SESSIONS: &str = "delete from sessions where plugin_id = ?1";
const DELETE_PROGRESS: &str = "delete from progress where plugin_id = ?1";

/// What is written of a plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub registration: Registration,
    pub registered_at: Timestamp,
    /// Of the newest token.
    pub generation: u32,
    /// When it replaced the one before; nothing where that one has no grace.
    pub replaced_at: Option<Timestamp>,
    /// Which registration of this plugin it is.
    pub epoch: u32,
    /// When the newest token was made.
    pub refreshed_at: Timestamp,
    pub owner: Option<Owner>,
    /// In a lobby: who paired it.
    pub paired: Option<SchoolId>,
    /// Messages that were thrown away unread.
    pub dropped: i64,
}

/// What is in memory of a plugin.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub record: Record,
    /// When it was heard of last; nothing when it said goodbye.
    pub seen_at: Option<Timestamp>,
    /// What is written of that.
    pub stored_seen: Option<Timestamp>,
    pub counters: Counters,
    /// Messages that wait.
    pub waiting: i64,
    /// What is kept of it beside the record.
    pub bytes: i64,
    /// The record, as it is written.
    pub record_bytes: i64,
}

#[derive(Deserialize)]
struct Row {
    id: PluginId,
    body: String,
    seen_at: i64,
    waiting: i64,
    bytes: i64,
}

#[derive(Deserialize)]
struct Measured {
    waiting: i64,
    bytes: i64,
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

pub(super) fn broken(error: &dyn fmt::Display) -> DbError {
    DbError::Backend(error.to_string())
}

impl Live {
    fn new(record: Record, seen_at: Option<Timestamp>) -> Self {
        Self {
            record,
            seen_at,
            stored_seen: seen_at,
            counters: Counters::default(),
            waiting: 0,
            bytes: 0,
            record_bytes: 0,
        }
    }

    /// How long nothing was heard of it; nothing when it said goodbye.
    pub fn silent_ms(&self, now: Timestamp) -> Option<i64> {
        self.seen_at.map(|seen| now.millis_since(seen))
    }

    pub fn is_gone(&self, now: Timestamp) -> bool {
        self.silent_ms(now).is_none_or(|silent| silent > GONE_MS)
    }

    pub fn view(&self, id: &PluginId, now: Timestamp) -> PluginView {
        let Registration {
            studio_id,
            place_id,
            port,
            version,
            studio_user_id,
            features,
            connection_preferences,
        } = self.record.registration.clone();
        let status = match self.silent_ms(now) {
            Some(silent) if silent <= STALE_MS => PluginStatus::Active,
            Some(silent) if silent <= GONE_MS => PluginStatus::Stale,
            _ => PluginStatus::Offline,
        };
        let owner = self.record.owner.as_ref();
        PluginView {
            plugin_id: id.clone(),
            studio_id,
            place_id,
            port,
            version,
            studio_user_id,
            features,
            connection_preferences,
            status,
            registered_at: self.record.registered_at,
            last_heartbeat: self.seen_at,
            paired_by: owner.map(|owner| owner.user_id.clone()),
            capabilities: owner.map(|owner| owner.capabilities.clone()).unwrap_or_default(),
        }
    }

    pub fn standing(&self, id: &PluginId) -> Standing {
        Standing {
            plugin_id: id.clone(),
            generation: self.record.generation,
            epoch: self.record.epoch,
            owner: self.record.owner.clone(),
            registration: self.record.registration.clone(),
        }
    }

    /// Whether the caller's token is the newest, or was until a moment ago.
    pub fn knows(&self, caller: &Caller, now: Timestamp) -> bool {
        let Record { generation, replaced_at, .. } = &self.record;
        let is_graced = replaced_at.is_some_and(|at| (0..=GRACE_MS).contains(&now.millis_since(at)));
        caller.generation == *generation
            || (is_graced && caller.generation.checked_add(1) == Some(*generation))
    }

    /// Whether it is the same Studio at the same place, and still waits to be paired.
    fn is_same(&self, registration: &Registration) -> bool {
        let known = &self.record.registration;
        self.record.paired.is_none()
            && known.studio_id == registration.studio_id
            && known.place_id == registration.place_id
    }

    fn size(&self) -> i64 {
        self.bytes.saturating_add(self.record_bytes)
    }
}

impl Registry {
    /// Reads what is written, at the first call after waking.
    pub(super) fn load(&mut self, ctx: Context<'_>) -> Result<(), DbError> {
        if self.plugins.is_some() {
            return Ok(());
        }
        schema::prepare(ctx.sql)?;
        let mut plugins = BTreeMap::new();
        for row in decode::<Row>(ctx.sql.query(LOAD, &[])?)? {
            let record = json::from_str(&row.body).map_err(|error| broken(&error))?;
            let seen_at = (row.seen_at > 0).then(|| Timestamp::from_millis(row.seen_at));
            let record_bytes = length(&row.body);
            let (waiting, bytes) = (row.waiting, row.bytes);
            let live = Live { waiting, bytes, record_bytes, ..Live::new(record, seen_at) };
            plugins.insert(row.id, live);
        }
        self.plugins = Some(plugins);
        Ok(())
    }

    /// Writes what is in memory of a plugin.
    pub(super) fn write(&mut self, ctx: Context<'_>, id: &PluginId) -> Result<(), DbError> {
        let Some(live) = self.live_mut(id) else { return Ok(()) };
        let body = serde_json::to_string(&live.record).map_err(|error| broken(&error))?;
        live.record_bytes = length(&body);
        let seen = live.seen_at.map_or(0, Timestamp::as_millis);
        ctx.sql.query(PUT, &[id.into(), body.into(), seen.into()])?;
        live.stored_seen = live.seen_at;
        Ok(())
    }

    /// Remembers that a plugin was heard of.
    pub(super) fn touch(&mut self, ctx: Context<'_>, id: &PluginId) -> Result<(), DbError> {
        let Some(live) = self.live_mut(id) else { return Ok(()) };
        live.seen_at = live.seen_at.max(Some(ctx.now));
        let is_old = live.stored_seen.is_none_or(|at| ctx.now.millis_since(at) >= SEEN_EVERY_MS);
        if is_old {
            ctx.sql.query(SEEN, &[id.into(), ctx.now.into()])?;
            live.stored_seen = Some(ctx.now);
        }
        Ok(())
    }

    /// Measures again what is kept of a plugin.
    pub(super) fn measure(&mut self, ctx: Context<'_>, id: &PluginId) -> Result<(), DbError> {
        let measured: Option<Measured> = decode_first(ctx.sql.query(BYTES, &[id.into()])?)?;
        if let Some((live, measured)) = self.live_mut(id).zip(measured) {
            (live.waiting, live.bytes) = (measured.waiting, measured.bytes);
        }
        Ok(())
    }

    /// See [`super::RegistryOp::Register`].
    pub(super) fn register(
        &mut self,
        ctx: Context<'_>,
        registration: Registration,
    ) -> Result<Standing, DbError> {
        let known = self.all().find(|(_, live)| live.is_same(&registration)).map(|(id, _)| id.clone());
        let id = known.unwrap_or_else(|| PluginId::new(ctx.now, ctx.entropy));
        let before = self.live(&id).map(|live| (live.record.generation, live.record.epoch));
        if before.is_some() {
            self.empty(ctx, &id)?;
        }
        let (generation, epoch) = before.unwrap_or_default();
        let record = Record {
            registration,
            registered_at: ctx.now,
            // By more than one, and without grace: an earlier token of this Studio may be somebody else's.
            generation: generation.saturating_add(2),
            replaced_at: None,
            epoch: epoch.saturating_add(1),
            refreshed_at: ctx.now,
            owner: None,
            paired: None,
            dropped: 0,
        };
        let live = Live::new(record, Some(ctx.now));
        let standing = live.standing(&id);
        self.plugins.get_or_insert_default().insert(id.clone(), live);
        self.write(ctx, &id)?;
        self.make_room(ctx, &id)?;
        Ok(standing)
    }

    /// See [`super::RegistryOp::Adopt`].
    pub(super) fn adopt(
        &mut self,
        ctx: Context<'_>,
        id: &PluginId,
        registration: Registration,
        owner: Owner,
    ) -> Result<Standing, DbError> {
        let known = self.live(id).map(|live| live.record.owner.as_ref() == Some(&owner));
        if known != Some(true) {
            let record = match self.live(id) {
                Some(live) => Record { owner: Some(owner), ..live.record.clone() },
                None => Record {
                    registration,
                    registered_at: ctx.now,
                    generation: 1,
                    replaced_at: None,
                    epoch: 1,
                    refreshed_at: ctx.now,
                    owner: Some(owner),
                    paired: None,
                    dropped: 0,
                },
            };
            let plugins = self.plugins.get_or_insert_default();
            match plugins.get_mut(id) {
                Some(live) => live.record = record,
                None => drop(plugins.insert(id.clone(), Live::new(record, None))),
            }
            self.write(ctx, id)?;
        }
        let live = self.live(id).ok_or_else(|| DbError::Backend("the plugin is not here".to_owned()))?;
        Ok(live.standing(id))
    }

    /// See [`super::RegistryOp::Paired`].
    pub(super) fn paired(
        &mut self,
        ctx: Context<'_>,
        id: &PluginId,
        epoch: u32,
        school: SchoolId,
    ) -> Result<(), DbError> {
        match self.live_mut(id) {
            Some(live) if live.record.epoch == epoch && live.record.paired.is_none() => {
                live.record.paired = Some(school);
                self.write(ctx, id)
            }
            _ => Ok(()),
        }
    }

    /// Forgets what is kept of a plugin beside its registration.
    pub(super) fn empty(&mut self, ctx: Context<'_>, id: &PluginId) -> Result<(), DbError> {
        for sql in [DELETE_MESSAGES, DELETE_SESSIONS, DELETE_PROGRESS] {
            ctx.sql.query(sql, &[id.into()])?;
        }
        if let Some(live) = self.live_mut(id) {
            live.record.dropped += live.waiting;
            (live.waiting, live.bytes) = (0, 0);
        }
        Ok(())
    }

    /// Forgets a plugin.
    pub(super) fn remove(&mut self, ctx: Context<'_>, id: &PluginId) -> Result<(), DbError> {
        if self.plugins.as_mut().and_then(|plugins| plugins.remove(id)).is_some() {
            ctx.sql.query(DELETE, &[id.into()])?;
            self.empty(ctx, id)?;
        }
        Ok(())
    }

    /// Where there is no room: in a lobby the plugins that were silent longest go; in a school they stay, as they were paired,
    /// and what is kept of them goes. `newest` stays in any case.
    pub(super) fn make_room(&mut self, ctx: Context<'_>, newest: &PluginId) -> Result<(), DbError> {
        let max_bytes = if ctx.is_school { MAX_SCHOOL_BYTES } else { MAX_LOBBY_BYTES };
        let mut bytes: i64 = self.all().map(|(_, live)| live.size()).sum();
        loop {
            let is_crowded = !ctx.is_school && self.all().count() > MAX_PLUGINS;
            if bytes <= max_bytes && !is_crowded {
                return Ok(());
            }
            let others = self.all().filter(|(id, live)| *id != newest && (!ctx.is_school || live.bytes > 0));
            let silent =
                others.min_by_key(|(_, live)| live.seen_at).map(|(id, live)| (id.clone(), live.clone()));
            let Some((id, live)) = silent else { return Ok(()) };
            if ctx.is_school {
                bytes -= live.bytes;
                self.empty(ctx, &id)?;
                self.write(ctx, &id)?;
            } else {
                bytes -= live.size();
                self.remove(ctx, &id)?;
            }
        }
    }
}

/// The values of one plugin's statement.
pub(super) fn of<'a>(id: &PluginId, more: impl IntoIterator<Item = Value> + 'a) -> Vec<Value> {
    std::iter::once(Value::from(id)).chain(more).collect()
}
