//! Keys of experiences and integrations.

use serde::Deserialize;

use super::{Page, audit, first, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{GameKeyId, SchoolId, UserId};
use crate::domain::key::{KeyKind, KeyScope, MAX_KEYS};
use crate::domain::time::Timestamp;
use crate::json;
use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};

/// A key that is good.
#[derive(Clone, Debug, Deserialize)]
pub struct GameKeyRow {
    /// The key's id.
    pub id: GameKeyId,
    /// The school whose classes it opens.
    pub school_id: SchoolId,
    /// When it was used last.
    pub last_used_at: Option<i64>,
    scopes: String,
}

impl GameKeyRow {
    /// Whether it may do that.
    pub fn may(&self, scope: KeyScope) -> bool {
        parse_scopes(&self.scopes).contains(&scope)
    }
}

/// What cannot be read gives no right.
fn parse_scopes(json: &str) -> Vec<KeyScope> {
    json::from_str(json).unwrap_or_default()
}

const GOOD: &str = "
    select id, school_id, last_used_at, scopes from game_keys
    where key_hash = ?1 and kind = ?3 and revoked_at is null
      and (expires_at is null or expires_at > cast(?2 as integer))";
const TOUCH: &str = "
    update game_keys set last_used_at = max(coalesce(last_used_at, 0), cast(?3 as integer))
    where school_id = ?1 and id = ?2";

/// Finds a key of a kind by its hash, unless it is revoked or expired.
pub async fn good(
    db: &dyn Database,
    key_hash: &str,
    kind: KeyKind,
    now: Timestamp,
) -> Result<Option<GameKeyRow>, DbError> {
    first(db, GOOD, vec![key_hash.into(), now.into(), kind.name().into()]).await
}

/// Remembers that a key was used. Late and repeated news change nothing.
pub async fn touch(
    db: &dyn Database,
    school: &SchoolId,
    id: &GameKeyId,
    at: Timestamp,
) -> Result<(), DbError> {
    db.batch(vec![Statement::new(TOUCH, [school.into(), id.into(), at.into()])]).await?;
    Ok(())
}

/// A key, for the admins of its school.
#[derive(Clone, Debug, Deserialize)]
pub struct KeyRow {
    /// The key.
    pub id: GameKeyId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub kind: KeyKind,
    scopes: String,
    /// The end of it.
    pub last_four: String,
    /// The key that it replaces.
    pub rotated_from: Option<GameKeyId>,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub expires_at: Option<i64>,
    /// Milliseconds.
    pub last_used_at: Option<i64>,
    /// Milliseconds.
    pub revoked_at: Option<i64>,
}

impl KeyRow {
    /// What it may do.
    pub fn scopes(&self) -> Vec<KeyScope> {
        parse_scopes(&self.scopes)
    }
}

const LIST: &str = "
    select id, name, kind, scopes, last_four, rotated_from, created_at, expires_at, last_used_at, revoked_at from game_keys
    where school_id = ?1 and (?2 is null or id < ?2)
    order by id desc limit cast(?3 as integer)";
const BY_ID: &str = "
    select id, name, kind, scopes, last_four, rotated_from, created_at, expires_at, last_used_at, revoked_at from game_keys
    where school_id = ?1 and id = ?2";

/// A page of the keys of a school, newest first.
pub async fn list(db: &dyn Database, school: &SchoolId, page: &Page) -> Result<Vec<KeyRow>, DbError> {
    rows(db, LIST, vec![school.into(), page.before.as_deref().into(), page.limit.into()]).await
}

/// One key of a school.
pub async fn by_id(db: &dyn Database, school: &SchoolId, id: &GameKeyId) -> Result<Option<KeyRow>, DbError> {
    first(db, BY_ID, vec![school.into(), id.into()]).await
}

/// A new key.
pub struct NewKey<'a> {
    /// Its id.
    pub id: &'a GameKeyId,
    /// Its school.
    pub school_id: &'a SchoolId,
    /// Who makes it.
    pub created_by: &'a UserId,
    /// SHA-256 of it, hex.
    pub key_hash: &'a str,
    /// The end of it.
    pub last_four: &'a str,
    /// When.
    pub at: Timestamp,
}

const INSERT: &str = "
    insert into game_keys (id, school_id, name, key_hash, created_at, expires_at, kind, scopes, last_four, created_by, last_event)
    select ?2, ?1, ?3, ?4, cast(?5 as integer), cast(?6 as integer), ?7, ?8, ?9, ?10, ?11
    where (
      select count(*) from game_keys
      where school_id = ?1 and revoked_at is null and (expires_at is null or expires_at > cast(?5 as integer))
    ) < cast(?12 as integer)";
/// The successor lives as long again as the old one was to live.
const INSERT_SUCCESSOR: &str = "
    insert into game_keys (id, school_id, name, key_hash, created_at, expires_at, kind, scopes, last_four, rotated_from, created_by,
      last_event)
    select ?3, school_id, name, ?4, cast(?5 as integer), cast(?5 as integer) + expires_at - created_at, kind, scopes, ?6, id, ?7, ?8
    from game_keys
    where school_id = ?1 and id = ?2 and revoked_at is null and (expires_at is null or expires_at > cast(?5 as integer))
    on conflict do nothing";
const RETIRE: &str = "
    update game_keys set expires_at = min(coalesce(expires_at, cast(?4 as integer)), cast(?4 as integer))
    where school_id = ?1 and id = ?2 and exists (
      select 1 from game_keys n where n.school_id = ?1 and n.id = ?3 and n.rotated_from = ?2)";
const REVOKE: &str = "
    update game_keys set revoked_at = cast(?3 as integer), last_event = ?4
    where school_id = ?1 and id = ?2 and revoked_at is null";
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from game_keys
    where school_id = ?2 and id = ?14 and last_event = ?1
    on conflict (id) do nothing";

/// Writes the event if it is the last one of the key.
fn told(event: &AuditEvent, id: &GameKeyId) -> Statement {
    Statement::new(AUDIT, audit::params(event).into_iter().chain([id.into()]))
}

/// Adds a key. Nothing when the school has too many.
pub async fn insert(
    db: &dyn Database,
    new: &NewKey<'_>,
    (name, kind, scopes, expires_at): (&str, KeyKind, &[KeyScope], Option<Timestamp>),
    event: &AuditEvent,
) -> Result<Option<KeyRow>, DbError> {
    let scopes = serde_json::to_string(scopes).map_err(|error| DbError::Backend(error.to_string()))?;
    let params = [
        new.school_id.into(),
        new.id.into(),
        name.into(),
        new.key_hash.into(),
        new.at.into(),
        expires_at.into(),
        kind.name().into(),
        scopes.into(),
        new.last_four.into(),
        new.created_by.into(),
        (&event.id).into(),
        MAX_KEYS.into(),
    ];
    let read = Statement::new(BY_ID, [new.school_id.into(), new.id.into()]);
    super::last_row(db, vec![Statement::new(INSERT, params), told(event, new.id), read]).await
}

/// What became of a rotation.
pub enum Rotated {
    /// The new key.
    Done(KeyRow),
    /// There is no such key.
    NotFound,
    /// It is revoked, expired or has a successor.
    Conflict,
}

/// Replaces a key; the old one goes on until `until`.
pub async fn rotate(
    db: &dyn Database,
    old: &GameKeyId,
    new: &NewKey<'_>,
    until: Timestamp,
    event: &AuditEvent,
) -> Result<Rotated, DbError> {
    let both = || [Value::from(new.school_id), old.into(), new.id.into()];
    let insert = both().into_iter().chain([
        new.key_hash.into(),
        new.at.into(),
        new.last_four.into(),
        new.created_by.into(),
        (&event.id).into(),
    ]);
    let by_id = |id: &GameKeyId| Statement::new(BY_ID, [new.school_id.into(), id.into()]);
    let statements = vec![
        Statement::new(INSERT_SUCCESSOR, insert),
        Statement::new(RETIRE, both().into_iter().chain([until.into()])),
        told(event, new.id),
        by_id(old),
        by_id(new.id),
    ];
    let mut results = db.batch(statements).await?;
    let made: Option<KeyRow> = decode_first(results.pop().unwrap_or_default())?;
    let known = !results.pop().unwrap_or_default().is_empty();
    Ok(match made {
        Some(key) => Rotated::Done(key),
        None if known => Rotated::Conflict,
        None => Rotated::NotFound,
    })
}

/// Revokes a key; again is the same as once. Says whether there is such a key.
pub async fn revoke(
    db: &dyn Database,
    school: &SchoolId,
    id: &GameKeyId,
    event: &AuditEvent,
) -> Result<bool, DbError> {
    let revoke = [school.into(), id.into(), event.at.into(), (&event.id).into()];
    let read = Statement::new(BY_ID, [school.into(), id.into()]);
    let results = db.batch(vec![Statement::new(REVOKE, revoke), told(event, id), read]).await?;
    Ok(!decode::<KeyRow>(results.into_iter().next_back().unwrap_or_default())?.is_empty())
}
