//! The audit log. An event is written in the batch of what it tells of; the chain of seals follows.

use crate::domain::audit::AuditEvent;
use crate::domain::ids::{SignInId, UserId};
use crate::ports::{Statement, Value};

const INSERT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
    on conflict (id) do nothing";

const INSERT_IF_SESSION: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from sessions where school_id = ?2 and id = ?14
    on conflict (id) do nothing";

/// Writes the event if the sign-in came to be, for the batch that makes it.
pub fn insert_if_session(event: &AuditEvent, session: &SignInId) -> Statement {
    Statement::new(INSERT_IF_SESSION, params(event).into_iter().chain([session.into()]))
}

const INSERT_IF_USER: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from users where school_id = ?2 and id = ?14
      and (?15 is null or password_hash = ?15)
    on conflict (id) do nothing";

/// Writes the event if the person came to be, for the batch that makes them.
pub fn insert_if_user(event: &AuditEvent, user: &UserId) -> Statement {
    Statement::new(INSERT_IF_USER, params(event).into_iter().chain([user.into(), Value::Null]))
}

/// Writes the event if the person has this password now, for the batch that sets it.
pub fn insert_if_password(event: &AuditEvent, user: &UserId, hash: &str) -> Statement {
    Statement::new(INSERT_IF_USER, params(event).into_iter().chain([user.into(), hash.into()]))
}

/// Writes the event, for the batch that does what it tells of. Twice is once.
pub fn insert(event: &AuditEvent) -> Statement {
    Statement::new(INSERT, params(event))
}

/// The event's columns, in the order of the table.
pub(super) fn params(event: &AuditEvent) -> [Value; 13] {
    let target = event.target.as_ref();
    [
        (&event.id).into(),
        (&event.school_id).into(),
        event.at.into(),
        name(event.actor.kind).into(),
        event.actor.id.as_str().into(),
        name(event.action).into(),
        target.map(|target| name(target.kind)).into(),
        target.map(|target| target.id.as_str()).into(),
        event.reason.as_deref().into(),
        event.origin.address.as_deref().into(),
        event.origin.country.as_deref().into(),
        event.origin.request_id.as_str().into(),
        event.detail.as_ref().map(serde_json::Value::to_string).into(),
    ]
}

/// A unit variant as it is sent.
fn name(variant: impl serde::Serialize) -> String {
    serde_json::to_value(variant).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
