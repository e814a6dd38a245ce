//! Requests to be forgotten: kept until they are carried out, and what is deleted then.

use serde::Deserialize;

use crate::domain::audit::AuditEvent;
use crate::domain::ids::{ClassId, ConnectionId, SchoolId, SeatId};
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement, Value};
use crate::storage::classes::ClassRow;
use crate::storage::{audit, first, rows};

/// A notification.
#[derive(Clone, Debug, Deserialize)]
pub struct NotificationRow {
    /// What it was asked for, until it is done.
    pub payload: Option<String>,
    /// Milliseconds.
    pub done_at: Option<i64>,
}

/// A notification that waits.
#[derive(Clone, Debug, Deserialize)]
pub struct WaitingRow {
    /// The connection.
    pub connection_id: ConnectionId,
    /// The notification.
    pub notification_id: String,
    /// The school.
    pub school_id: SchoolId,
}

const INSERT: &str = "
    insert into roblox_notifications (connection_id, notification_id, school_id, type, payload, received_at, done_at)
    values (?1, ?2, ?3, ?4, ?5, cast(?6 as integer), cast(?7 as integer))
    on conflict do nothing
    returning payload, done_at";
const READ: &str = "
    select payload, done_at from roblox_notifications where school_id = ?1 and connection_id = ?2 and notification_id = ?3";
const WAITING: &str = "
    select connection_id, notification_id, school_id from roblox_notifications
    where done_at is null and received_at < cast(?1 as integer) order by received_at limit 50";
const CLASSES: &str = "
    select id, school_id, teacher_id, name, subject, grade_level, capacity, join_policy, join_code, room_key, webhooks, revision,
      created_at, updated_at
    from classes c where school_id = ?1 and exists (
      select 1 from roblox_games g where g.school_id = ?1 and g.class_id = c.id and (
        g.universe_id is null or g.universe_id in (select value from json_each(?2)) or g.place_id in (select value from json_each(?2))))";
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from roblox_notifications
    where school_id = ?2 and connection_id = ?14 and notification_id = ?15 and done_at is null
    on conflict (id) do nothing";
const DONE: &str = "
    update roblox_notifications set done_at = cast(?4 as integer), payload = null
    where school_id = ?1 and connection_id = ?2 and notification_id = ?3 and done_at is null";
const REMEMBER: &str = "
    insert into erased_seats (class_id, seat_id, school_id, erased_at) values (?2, ?3, ?1, cast(?4 as integer))
    on conflict do nothing";
const PROGRESS: &str = "delete from roblox_progress where school_id = ?1 and class_id = ?2 and seat_id = ?3";
const REPORTS: &str = "delete from roblox_progress_events where school_id = ?1 and seat_id = ?2";
const CHECKPOINTS: &str =
    "delete from roblox_checkpoints where school_id = ?1 and class_id = ?2 and seat_id = ?3";
const EVENTS: &str = "delete from roblox_events where school_id = ?1 and class_id = ?2 and seat_id = ?3";
const GUARDIANS: &str = "delete from guardians where school_id = ?1 and class_id = ?2 and seat_id = ?3";
const CODES: &str = "delete from guardian_codes where school_id = ?1 and class_id = ?2 and seat_id = ?3";
const INVITATIONS: &str = "
    update invitations set seat_name = null, seat_id = null, withdrawn_at = coalesce(withdrawn_at, cast(?4 as integer))
    where school_id = ?1 and class_id = ?2 and seat_id = ?3";
const SHEETS: &str = "
    update session_sheets set body = (
      select json_group_array(json(value)) from json_each(session_sheets.body) where value ->> 'seat_id' <> ?3)
    where school_id = ?1 and class_id = ?2 and instr(body, ?3) > 0";
const SEATS: &str = "delete from seats where school_id = ?1 and class_id = ?2 and seat_id = ?3";

/// Which notification.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    /// The school.
    pub school_id: &'a SchoolId,
    /// The connection.
    pub connection_id: &'a ConnectionId,
    /// The notification.
    pub notification_id: &'a str,
}

impl Which<'_> {
    fn params(&self) -> [Value; 3] {
        [self.school_id.into(), self.connection_id.into(), self.notification_id.into()]
    }
}

/// Keeps a notification, once. Without a payload there is nothing to be done. Gives it as it is kept, and whether it is new.
pub async fn receive(
    db: &dyn Database,
    which: Which<'_>,
    kind: &str,
    payload: Option<&str>,
    now: Timestamp,
) -> Result<(NotificationRow, bool), DbError> {
    let done_at = if payload.is_some() { Value::Null } else { now.into() };
    let params = [
        Value::from(which.connection_id),
        which.notification_id.into(),
        which.school_id.into(),
        kind.into(),
        payload.into(),
        now.into(),
        done_at,
    ];
    let statements = vec![Statement::new(INSERT, params), Statement::new(READ, which.params())];
    let mut results = db.batch(statements).await?.into_iter();
    let is_new = results.next().is_some_and(|rows| !rows.is_empty());
    let row = crate::ports::decode_first(results.next().unwrap_or_default())?;
    Ok((row.ok_or_else(|| DbError::Backend("a notification was not kept".to_owned()))?, is_new))
}

/// A notification as it is kept.
pub async fn notification(db: &dyn Database, which: Which<'_>) -> Result<Option<NotificationRow>, DbError> {
    first(db, READ, which.params().into()).await
}

/// Notifications that should be done by now.
pub async fn waiting(db: &dyn Database, before: Timestamp) -> Result<Vec<WaitingRow>, DbError> {
    rows(db, WAITING, vec![before.into()]).await
}

/// The classes whose games a request may be about: those of these ids of Roblox, and those that nobody gave an id.
pub async fn classes(
    db: &dyn Database,
    school: &SchoolId,
    game_ids: &[String],
) -> Result<Vec<ClassRow>, DbError> {
    rows(db, CLASSES, vec![school.into(), serde_json::json!(game_ids).to_string().into()]).await
}

/// Deletes what D1 has of a pupil. Again is the same as once, and no report that is under way brings any of it back.
pub async fn erase_seat(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    seat: &SeatId,
    now: Timestamp,
) -> Result<(), DbError> {
    let whose = || [Value::from(school), class.into(), seat.into()];
    let dated = || whose().into_iter().chain([now.into()]);
    let mut statements = vec![
        Statement::new(REMEMBER, dated()),
        Statement::new(REPORTS, [school.into(), seat.into()]),
        Statement::new(INVITATIONS, dated()),
    ];
    for sql in [PROGRESS, CHECKPOINTS, EVENTS, GUARDIANS, CODES, SHEETS, SEATS] {
        statements.push(Statement::new(sql, whose()));
    }
    db.batch(statements).await?;
    Ok(())
}

/// Marks a notification as done, and forgets what it said. The event is written once.
pub async fn done(db: &dyn Database, which: Which<'_>, event: &AuditEvent) -> Result<(), DbError> {
    let told = audit::params(event).into_iter();
    let told = told.chain([which.connection_id.into(), which.notification_id.into()]);
    let mark = which.params().into_iter().chain([event.at.into()]);
    db.batch(vec![Statement::new(AUDIT, told), Statement::new(DONE, mark)]).await?;
    Ok(())
}
