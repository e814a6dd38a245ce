//! Connections to universes by Open Cloud. Both secrets are sealed.

use serde::Deserialize;

use super::keep_key;
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{ClassId, ConnectionId, SchoolId};
use crate::domain::user::Identity;
use crate::ports::{Database, DbError, Statement, Value};
use crate::storage::{IdempotencyRecord, audit, first, rows};

/// A connection.
#[derive(Clone, Debug, Deserialize)]
pub struct ConnectionRow {
    /// The connection.
    pub id: ConnectionId,
    /// Its school.
    pub school_id: SchoolId,
    /// The universe.
    pub universe_id: String,
    /// The key that both secrets are sealed with.
    pub kid: String,
    /// Sealed.
    pub api_key: String,
    /// The end of the API key.
    pub last_four: String,
    /// Sealed.
    pub webhook_secret: Option<String>,
    /// Milliseconds.
    pub created_at: i64,
}

const INSERT: &str = "
    insert into roblox_connections (id, school_id, universe_id, kid, api_key, last_four, webhook_secret, created_by, created_at,
      last_event)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, cast(?9 as integer), ?10)";
const KEEP_KEY: &str = "
    insert into idempotency_keys (user_id, key, school_id, fingerprint, resource_id, created_at)
    values (?1, ?2, ?3, ?4, ?5, cast(?6 as integer))";
const LIST: &str = "
    select id, school_id, universe_id, kid, api_key, last_four, webhook_secret, created_at from roblox_connections
    where school_id = ?1 order by id desc limit 100";
const BY_ID: &str = "
    select id, school_id, universe_id, kid, api_key, last_four, webhook_secret, created_at from roblox_connections
    where school_id = ?1 and id = ?2";
/// Roblox knows the connection alone, and finds its school by it.
const FOR_WEBHOOK: &str = "
    select id, school_id, universe_id, kid, api_key, last_four, webhook_secret, created_at from roblox_connections
    where id = ?1";
const OF_CLASS: &str = "
    select distinct k.id, k.school_id, k.universe_id, k.kid, k.api_key, k.last_four, k.webhook_secret, k.created_at
    from roblox_connections k join roblox_games g on g.school_id = k.school_id and g.universe_id = k.universe_id
    where k.school_id = ?1 and g.class_id = ?2 and g.status = 'active' limit 20";
/// The event is written before what it tells of, while it can be seen whether that is there.
const AUDIT_REMOVAL: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from roblox_connections where school_id = ?2 and id = ?14
    on conflict (id) do nothing";
const DELETE: &str = "delete from roblox_connections where school_id = ?1 and id = ?2 returning id";

/// Adds a connection. `DbError::Unique("roblox_connections.school_id")`: there is one to this universe.
pub async fn insert(
    db: &dyn Database,
    new: &ConnectionRow,
    caller: &Identity,
    idempotency: Option<&IdempotencyRecord>,
    event: &AuditEvent,
) -> Result<(), DbError> {
    let params = [
        Value::from(&new.id),
        (&new.school_id).into(),
        new.universe_id.as_str().into(),
        new.kid.as_str().into(),
        new.api_key.as_str().into(),
        new.last_four.as_str().into(),
        new.webhook_secret.as_deref().into(),
        (&caller.user_id).into(),
        new.created_at.into(),
        (&event.id).into(),
    ];
    let mut statements = vec![Statement::new(INSERT, params), audit::insert(event)];
    if let Some(record) = idempotency {
        statements.push(keep_key(KEEP_KEY, caller, record, (&new.id).into(), new.created_at));
    }
    db.batch(statements).await?;
    Ok(())
}

/// The newest hundred connections of a school.
pub async fn list(db: &dyn Database, school: &SchoolId) -> Result<Vec<ConnectionRow>, DbError> {
    rows(db, LIST, vec![school.into()]).await
}

/// One connection.
pub async fn by_id(
    db: &dyn Database,
    school: &SchoolId,
    id: &ConnectionId,
) -> Result<Option<ConnectionRow>, DbError> {
    first(db, BY_ID, vec![school.into(), id.into()]).await
}

/// The connection that a webhook names.
pub async fn for_webhook(db: &dyn Database, id: &ConnectionId) -> Result<Option<ConnectionRow>, DbError> {
    first(db, FOR_WEBHOOK, vec![id.into()]).await
}

/// The connections to the universes of a class's active games.
pub async fn of_class(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
) -> Result<Vec<ConnectionRow>, DbError> {
    rows(db, OF_CLASS, vec![school.into(), class.into()]).await
}

/// Deletes a connection with its secrets. Says whether there was one.
pub async fn delete(
    db: &dyn Database,
    school: &SchoolId,
    id: &ConnectionId,
    event: &AuditEvent,
) -> Result<bool, DbError> {
    let told = audit::params(event).into_iter().chain([id.into()]);
    let statements =
        vec![Statement::new(AUDIT_REMOVAL, told), Statement::new(DELETE, [school.into(), id.into()])];
    let results = db.batch(statements).await?;
    Ok(results.into_iter().next_back().is_some_and(|rows| !rows.is_empty()))
}
