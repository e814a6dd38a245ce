//! Which plugins a school has paired, and the codes by which it does.

use serde::Deserialize;

use super::{Page, audit, first, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{PluginId, SchoolId, UserId};
use crate::domain::plugin::{Capability, MAX_PAIRED, Registration, RegistryName};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Scope};
use crate::json;
use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};

/// A code that a plugin asked for.
pub struct NewPairing<'a> {
    /// The plugin.
    pub plugin_id: &'a PluginId,
    /// Where it waits.
    pub registry: &'a RegistryName,
    /// Which of its registrations asks.
    pub epoch: u32,
    /// As it registered.
    pub registration: &'a Registration,
    /// What it asks for.
    pub capabilities: &'a [Capability],
    /// SHA-256 of the device's code, hex.
    pub device_code_hash: &'a str,
    /// MAC of the person's code, hex.
    pub user_code_hash: &'a str,
    /// Where the request came from.
    pub country: Option<&'a str>,
    /// When.
    pub at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
    /// Seconds between two questions.
    pub interval_s: i64,
}

/// How a code stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PairingState {
    /// Nobody has decided.
    Pending,
    /// A teacher paired the plugin.
    Approved,
    /// A teacher said no.
    Denied,
}

/// A code.
#[derive(Clone, Debug, Deserialize)]
pub struct PairingRow {
    /// The plugin.
    pub plugin_id: PluginId,
    /// Where it waits.
    pub registry: RegistryName,
    /// Which of its registrations asked.
    pub epoch: u32,
    registration: String,
    capabilities: String,
    /// Where the request came from.
    pub country: Option<String>,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub expires_at: i64,
    /// Milliseconds.
    pub polled_at: Option<i64>,
    /// Seconds between two questions.
    pub interval_s: i64,
    /// How it stands.
    pub state: PairingState,
    /// Whose school decided.
    pub school_id: Option<SchoolId>,
    /// Who did.
    pub decided_by: Option<UserId>,
}

impl PairingRow {
    /// As the plugin registered.
    pub fn registration(&self) -> Result<Registration, DbError> {
        json::from_str(&self.registration).map_err(|error| DbError::Backend(error.to_string()))
    }

    /// What it asks for; what cannot be read is nothing.
    pub fn capabilities(&self) -> Vec<Capability> {
        json::from_str(&self.capabilities).unwrap_or_default()
    }
}

/// A plugin that was paired.
#[derive(Clone, Debug, Deserialize)]
pub struct GrantRow {
    /// The plugin.
    pub id: PluginId,
    /// Its school.
    pub school_id: SchoolId,
    /// Who paired it.
    pub user_id: UserId,
    /// Which of its registrations was paired.
    pub epoch: u32,
    registration: String,
    capabilities: String,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub revoked_at: Option<i64>,
}

impl GrantRow {
    /// As the plugin registered then.
    pub fn registration(&self) -> Result<Registration, DbError> {
        json::from_str(&self.registration).map_err(|error| DbError::Backend(error.to_string()))
    }

    /// What it may do; what cannot be read is nothing.
    pub fn capabilities(&self) -> Vec<Capability> {
        json::from_str(&self.capabilities).unwrap_or_default()
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, DbError> {
    serde_json::to_string(value).map_err(|error| DbError::Backend(error.to_string()))
}

const ASK: &str = "
    insert into plugin_pairings
      (plugin_id, registry, epoch, registration, capabilities, device_code_hash, user_code_hash, country, created_at, expires_at,
       interval_s)
    values (?1, ?2, cast(?3 as integer), ?4, ?5, ?6, ?7, ?8, cast(?9 as integer), cast(?10 as integer), cast(?11 as integer))
    on conflict (plugin_id) do update set registry = excluded.registry, epoch = excluded.epoch,
      registration = excluded.registration, capabilities = excluded.capabilities,
      device_code_hash = excluded.device_code_hash, user_code_hash = excluded.user_code_hash, country = excluded.country,
      created_at = excluded.created_at, expires_at = excluded.expires_at, polled_at = null,
      interval_s = excluded.interval_s, state = 'pending', school_id = null, decided_by = null";

/// Keeps a code. A newer one of the same plugin replaces it.
pub async fn ask(db: &dyn Database, new: &NewPairing<'_>) -> Result<(), DbError> {
    let params = [
        Value::from(new.plugin_id),
        new.registry.as_str().into(),
        i64::from(new.epoch).into(),
        json(new.registration)?.into(),
        json(&new.capabilities)?.into(),
        new.device_code_hash.into(),
        new.user_code_hash.into(),
        new.country.into(),
        new.at.into(),
        new.expires_at.into(),
        new.interval_s.into(),
    ];
    db.batch(vec![Statement::new(ASK, params)]).await.map(drop)
}

const BY_DEVICE_CODE: &str = "select * from plugin_pairings where device_code_hash = ?1";
const POLLED: &str = "
    update plugin_pairings set polled_at = cast(?2 as integer),
      interval_s = interval_s + case when polled_at + interval_s * 1000 > cast(?2 as integer) then 5 else 0 end
    where device_code_hash = ?1";

/// The code as it stood when its plugin asked, and writes down that it did: who asks too soon must wait longer.
pub async fn poll(
    db: &dyn Database,
    device_code_hash: &str,
    now: Timestamp,
) -> Result<Option<PairingRow>, DbError> {
    let results = db
        .batch(vec![
            Statement::new(BY_DEVICE_CODE, [device_code_hash.into()]),
            Statement::new(POLLED, [device_code_hash.into(), now.into()]),
        ])
        .await?;
    decode_first(results.into_iter().next().unwrap_or_default())
}

const BY_USER_CODE: &str = "
    select * from plugin_pairings
    where user_code_hash in (select value from json_each(?1)) and expires_at > cast(?2 as integer)
      and (school_id is null or school_id = ?3)";

/// The code that a teacher typed: one that is open, or that their own school decided. `hashes` has one under each key.
pub async fn by_user_code(
    db: &dyn Database,
    school: &SchoolId,
    hashes: &[String],
    now: Timestamp,
) -> Result<Option<PairingRow>, DbError> {
    first(db, BY_USER_CODE, vec![json(&hashes)?.into(), now.into(), school.into()]).await
}

const GRANT: &str = "
    insert into plugins (id, school_id, user_id, epoch, registration, studio_id, place_id, capabilities, created_at, last_event)
    select p.plugin_id, ?1, ?2, p.epoch, p.registration, p.registration ->> 'studio_id',
      coalesce(p.registration ->> 'place_id', ''), p.capabilities, cast(?5 as integer), ?6
    from plugin_pairings p
    where p.plugin_id = ?3 and p.epoch = cast(?4 as integer) and p.state = 'pending' and p.expires_at > cast(?5 as integer)
      and exists (
        select 1 from users u where u.school_id = ?1 and u.id = ?2 and u.state = 'active' and u.removed_at is null
          and u.role in ('admin', 'teacher'))
      and (
        select count(*) from plugins g where g.school_id = ?1 and g.revoked_at is null
      ) < cast(?7 as integer)
    on conflict (id) do nothing";
const APPROVED: &str = "
    update plugin_pairings set state = 'approved', school_id = ?1, decided_by = ?2
    where plugin_id = ?3 and exists (select 1 from plugins where school_id = ?1 and id = ?3 and last_event = ?4)";
/// The same Studio at the same place was paired anew: what was paired before is over.
const REPLACED: &str = "
    update plugins set revoked_at = cast(?4 as integer)
    where school_id = ?1 and id <> ?2 and revoked_at is null and exists (
      select 1 from plugins n where n.school_id = ?1 and n.id = ?2 and n.last_event = ?3 and n.user_id = plugins.user_id
        and n.studio_id = plugins.studio_id and n.place_id = plugins.place_id)
    returning id, school_id";
const TOLD: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from plugins
    where school_id = ?2 and id = ?14 and last_event = ?1
    on conflict (id) do nothing";
const BY_ID: &str = "select * from plugins where school_id = ?1 and id = ?2";

#[derive(Deserialize)]
struct IdRow {
    id: PluginId,
}

/// Pairs the plugin of a code: the grant, if it is the one of this code or was, and the plugins that it replaces.
pub async fn approve(
    db: &dyn Database,
    teacher: &Identity,
    pairing: &PairingRow,
    event: &AuditEvent,
) -> Result<(Option<GrantRow>, Vec<PluginId>), DbError> {
    let (school, id) = (&teacher.school_id, &pairing.plugin_id);
    let grant = [
        school.into(),
        (&teacher.user_id).into(),
        id.into(),
        i64::from(pairing.epoch).into(),
        event.at.into(),
        (&event.id).into(),
        MAX_PAIRED.into(),
    ];
    let statements = vec![
        Statement::new(GRANT, grant),
        Statement::new(APPROVED, [school.into(), (&teacher.user_id).into(), id.into(), (&event.id).into()]),
        Statement::new(REPLACED, [school.into(), id.into(), (&event.id).into(), event.at.into()]),
        Statement::new(TOLD, audit::params(event).into_iter().chain([id.into()])),
        Statement::new(BY_ID, [school.into(), id.into()]),
    ];
    let mut results = db.batch(statements).await?.into_iter();
    let replaced: Vec<IdRow> = decode(results.nth(2).unwrap_or_default())?;
    let grant: Option<GrantRow> = decode_first(results.nth(1).unwrap_or_default())?;
    let grant = grant.filter(|grant| grant.epoch == pairing.epoch && grant.revoked_at.is_none());
    Ok((grant, replaced.into_iter().map(|row| row.id).collect()))
}

const DENY: &str = "
    update plugin_pairings set state = 'denied', school_id = ?1, decided_by = ?2
    where plugin_id = ?3 and epoch = cast(?4 as integer) and state = 'pending' and expires_at > cast(?5 as integer)";
const DENIED: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from plugin_pairings
    where plugin_id = ?14 and state = 'pending' and expires_at > ?3
    on conflict (id) do nothing";
const STATE: &str =
    "select * from plugin_pairings where plugin_id = ?1 and (school_id is null or school_id = ?2)";

/// Says no to a code; how it stands then.
pub async fn deny(
    db: &dyn Database,
    teacher: &Identity,
    pairing: &PairingRow,
    event: &AuditEvent,
) -> Result<Option<PairingRow>, DbError> {
    let id = &pairing.plugin_id;
    let deny = [
        (&teacher.school_id).into(),
        (&teacher.user_id).into(),
        id.into(),
        i64::from(pairing.epoch).into(),
        event.at.into(),
    ];
    let statements = vec![
        Statement::new(DENIED, audit::params(event).into_iter().chain([id.into()])),
        Statement::new(DENY, deny),
        Statement::new(STATE, [id.into(), (&teacher.school_id).into()]),
    ];
    super::last_row(db, statements).await
}

const STANDING: &str = "
    select g.* from plugins g join users u on u.school_id = g.school_id and u.id = g.user_id
    where g.id = ?1 and g.revoked_at is null and u.state = 'active' and u.removed_at is null and u.role in ('admin', 'teacher')";

/// What a plugin was granted, if it still holds and who granted it still may. It is the plugin that asks: the school is found.
pub async fn standing(db: &dyn Database, id: &PluginId) -> Result<Option<GrantRow>, DbError> {
    first(db, STANDING, vec![id.into()]).await
}

const LIST: &str = "
    select * from plugins
    where school_id = ?1 and (?2 is null or user_id = ?2) and revoked_at is null and (?3 is null or id < ?3)
    order by id desc limit cast(?4 as integer)";

/// The plugins that a person sees, newest first.
pub async fn list(db: &dyn Database, scope: &Scope, page: &Page) -> Result<Vec<GrantRow>, DbError> {
    let params = vec![
        (&scope.school_id).into(),
        scope.owner_id.as_ref().map(UserId::as_str).into(),
        page.before.as_deref().into(),
        page.limit.into(),
    ];
    rows(db, LIST, params).await
}

const OF_PERSON: &str = "select id from plugins where school_id = ?1 and user_id = ?2 and revoked_at is null";

/// The plugins that a person paired.
pub async fn of_person(
    db: &dyn Database,
    school: &SchoolId,
    user: &UserId,
) -> Result<Vec<PluginId>, DbError> {
    let rows: Vec<IdRow> = rows(db, OF_PERSON, vec![school.into(), user.into()]).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

const REVOKE: &str = "
    update plugins set revoked_at = cast(?4 as integer), last_event = ?5
    where school_id = ?1 and id = ?2 and (?3 is null or user_id = ?3) and revoked_at is null";

/// Ends a pairing; again is the same as once. Says whether there is such a plugin.
pub async fn revoke(
    db: &dyn Database,
    scope: &Scope,
    id: &PluginId,
    event: &AuditEvent,
) -> Result<bool, DbError> {
    let owner = scope.owner_id.as_ref().map(UserId::as_str);
    let revoke = [(&scope.school_id).into(), id.into(), owner.into(), event.at.into(), (&event.id).into()];
    let statements = vec![
        Statement::new(REVOKE, revoke),
        Statement::new(TOLD, audit::params(event).into_iter().chain([id.into()])),
        Statement::new(BY_ID, [(&scope.school_id).into(), id.into()]),
    ];
    let row: Option<GrantRow> = super::last_row(db, statements).await?;
    Ok(row.is_some_and(|row| scope.owner_id.as_ref().is_none_or(|owner| *owner == row.user_id)))
}

const FORGET_PAIRINGS: &str = "delete from plugin_pairings where expires_at < cast(?1 as integer)";
const FORGET_REVOKED: &str =
    "delete from plugins where revoked_at < cast(?1 as integer) and school_id is not null";

/// Deletes codes that expired an hour ago, and pairings that ended a month ago.
pub(super) fn forget(now: Timestamp) -> [Statement; 2] {
    const HOUR_MS: i64 = 3_600_000;
    [
        Statement::new(FORGET_PAIRINGS, [now.plus_millis(-HOUR_MS).into()]),
        Statement::new(FORGET_REVOKED, [now.plus_millis(-30 * 24 * HOUR_MS).into()]),
    ]
}
