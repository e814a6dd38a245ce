//! Endpoints of webhooks. What the room must know of them stands in the class as well, and both change together.

use serde::Deserialize;

use super::classes::ClassRow;
use super::{audit, first, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{ClassId, SchoolId, UserId, WebhookId};
use crate::domain::time::Timestamp;
use crate::domain::webhook::{MAX_WEBHOOKS, WebhookEvent};
use crate::ports::{Database, DbError, Statement, decode, decode_first};

/// An endpoint.
#[derive(Clone, Debug, Deserialize)]
pub struct WebhookRow {
    /// The endpoint.
    pub id: WebhookId,
    /// Where it is.
    pub url: String,
    events: String,
    /// Milliseconds.
    pub created_at: i64,
    /// When something was last sent there; milliseconds, to a minute.
    pub delivered_at: Option<i64>,
    /// The status that answered; 0 when nobody did.
    pub delivery_status: Option<u16>,
    /// The key of the class's room.
    pub room_key: String,
}

impl WebhookRow {
    /// What it is told.
    pub fn events(&self) -> Vec<WebhookEvent> {
        serde_json::from_str(&self.events).unwrap_or_default()
    }
}

const LIST: &str = "
    select w.id, w.url, w.events, w.created_at, w.delivered_at, w.delivery_status, c.room_key
    from webhooks w join classes c on c.id = w.class_id
    where w.school_id = ?1 and w.class_id = ?2 order by w.id";
const BY_ID: &str = "
    select w.id, w.url, w.events, w.created_at, w.delivered_at, w.delivery_status, c.room_key
    from webhooks w join classes c on c.id = w.class_id
    where w.school_id = ?1 and w.id = ?2";
const INSERT: &str = "
    insert into webhooks (id, school_id, class_id, url, events, created_by, created_at, last_event)
    select ?3, ?1, ?2, ?4, ?5, ?6, cast(?7 as integer), ?8
    where (select count(*) from webhooks where school_id = ?1 and class_id = ?2) < cast(?9 as integer)
    on conflict (class_id, url) do nothing";
/// Nothing is returned when the class says so already.
const TELL_CLASS: &str = "
    update classes set webhooks = now.list, revision = revision + 1, updated_at = cast(?3 as integer)
    from (
      select json_group_array(json_object('id', id, 'events', json(events))) as list
      from (select id, events from webhooks where school_id = ?1 and class_id = ?2 order by id)) as now
    where school_id = ?1 and classes.id = ?2 and webhooks <> now.list
    returning id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at";
/// Written where the creation was, and before a deletion, while it can be seen whether there is anything to delete.
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from webhooks
    where school_id = ?2 and class_id = ?14 and id = ?15 and (?16 is null or last_event = ?16)
    on conflict (id) do nothing";
const DELETE: &str = "delete from webhooks where school_id = ?1 and class_id = ?2 and id = ?3";
const DELIVERED: &str = "
    update webhooks set delivered_at = cast(?3 as integer), delivery_status = cast(?4 as integer)
    where school_id = ?1 and id = ?2 and coalesce(delivered_at, 0) <= cast(?3 as integer)";

/// The endpoints of a class, in the order in which they were made.
pub async fn list(db: &dyn Database, school: &SchoolId, class: &ClassId) -> Result<Vec<WebhookRow>, DbError> {
    rows(db, LIST, vec![school.into(), class.into()]).await
}

/// One endpoint of a school.
pub async fn by_id(
    db: &dyn Database,
    school: &SchoolId,
    id: &WebhookId,
) -> Result<Option<WebhookRow>, DbError> {
    first(db, BY_ID, vec![school.into(), id.into()]).await
}

/// A new endpoint.
pub struct NewWebhook<'a> {
    /// Its id.
    pub id: &'a WebhookId,
    /// The school.
    pub school_id: &'a SchoolId,
    /// The class.
    pub class_id: &'a ClassId,
    /// Where it is.
    pub url: &'a str,
    /// What it is told.
    pub events: &'a [WebhookEvent],
    /// Who makes it.
    pub created_by: &'a UserId,
}

/// What became of a creation.
pub enum Added {
    /// The endpoint, and the class as it is now.
    Done(Box<(WebhookRow, ClassRow)>),
    /// The class has an endpoint of this URL.
    Exists,
    /// The class has as many as it may have.
    TooMany,
}

/// Adds an endpoint.
pub async fn insert(db: &dyn Database, new: &NewWebhook<'_>, event: &AuditEvent) -> Result<Added, DbError> {
    let (school, class, id) = (new.school_id, new.class_id, new.id);
    let events = serde_json::to_string(new.events).map_err(|error| DbError::Backend(error.to_string()))?;
    let params = [
        school.into(),
        class.into(),
        id.into(),
        new.url.into(),
        events.into(),
        new.created_by.into(),
        event.at.into(),
        (&event.id).into(),
        MAX_WEBHOOKS.into(),
    ];
    let told = audit::params(event).into_iter().chain([class.into(), id.into(), (&event.id).into()]);
    let statements = vec![
        Statement::new(LIST, [school.into(), class.into()]),
        Statement::new(INSERT, params),
        Statement::new(AUDIT, told),
        Statement::new(TELL_CLASS, [school.into(), class.into(), event.at.into()]),
        Statement::new(BY_ID, [school.into(), id.into()]),
    ];
    let mut results = db.batch(statements).await?.into_iter();
    let before: Vec<WebhookRow> = decode(results.next().unwrap_or_default())?;
    let mut results = results.skip(2);
    let class: Option<ClassRow> = decode_first(results.next().unwrap_or_default())?;
    let webhook: Option<WebhookRow> = decode_first(results.next().unwrap_or_default())?;
    Ok(match (webhook, class) {
        (Some(webhook), Some(class)) => Added::Done(Box::new((webhook, class))),
        _ if before.iter().any(|webhook| webhook.url == new.url) => Added::Exists,
        _ => Added::TooMany,
    })
}

/// Deletes an endpoint. Gives the class as it is now, if that changed it; again is the same as once.
pub async fn delete(
    db: &dyn Database,
    (school, class, id): (&SchoolId, &ClassId, &WebhookId),
    event: &AuditEvent,
) -> Result<Option<ClassRow>, DbError> {
    let told = audit::params(event).into_iter().chain([class.into(), id.into(), crate::ports::Value::Null]);
    let statements = vec![
        Statement::new(AUDIT, told),
        Statement::new(DELETE, [school.into(), class.into(), id.into()]),
        Statement::new(TELL_CLASS, [school.into(), class.into(), event.at.into()]),
    ];
    super::last_row(db, statements).await
}

/// Remembers what came of a delivery. Late news change nothing.
pub async fn delivered(
    db: &dyn Database,
    school: &SchoolId,
    id: &WebhookId,
    at: Timestamp,
    status: u16,
) -> Result<(), DbError> {
    let params = [school.into(), id.into(), at.into(), i64::from(status).into()];
    db.batch(vec![Statement::new(DELIVERED, params)]).await?;
    Ok(())
}
