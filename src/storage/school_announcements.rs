//! What schools announce to their people.

use serde::Deserialize;

use super::{IdempotencyRecord, audit, first, keep_key, rows};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{AnnouncementId, SchoolId};
use crate::domain::time::Timestamp;
use crate::domain::user::Identity;
use crate::ports::{Database, DbError, Statement, Value};
use crate::school_channel::SchoolAnnouncement;

/// Announcements that are told at once.
const TOLD_AT_ONCE: i64 = 100;

/// Only an admin says it, whatever the token still says.
const INSERT: &str = "
    insert into school_announcements (school_id, seq, id, text, by_user, at)
    select ?1, coalesce((select max(seq) from school_announcements where school_id = ?1), 0) + 1, ?2, ?3, ?4, cast(?5 as integer)
    where exists (
      select 1 from users u
      where u.school_id = ?1 and u.id = ?4 and u.role = 'admin' and u.state = 'active' and u.removed_at is null)";
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from school_announcements where school_id = ?2 and id = ?14
    on conflict (id) do nothing";
const BY_ID: &str = "
    select seq, id, text, at from school_announcements where school_id = ?1 and id = ?2";
const LIST: &str = "
    select seq, id, text, at from school_announcements
    where school_id = ?1 and seq > cast(?2 as integer) and (?3 is null or seq < cast(?3 as integer))
    order by seq desc limit cast(?4 as integer)";
const UNTOLD: &str = "
    select seq, id, text, at from school_announcements
    where school_id = ?1 and told_at is null order by seq limit cast(?2 as integer)";
const TOLD: &str = "
    update school_announcements set told_at = cast(?3 as integer)
    where school_id = ?1 and seq <= cast(?2 as integer) and told_at is null";
const OVERDUE: &str = "
    select distinct school_id from school_announcements where told_at is null and at < cast(?1 as integer)";

#[derive(Deserialize)]
struct AnnouncementRow {
    seq: i64,
    id: AnnouncementId,
    text: String,
    at: i64,
}

impl From<AnnouncementRow> for SchoolAnnouncement {
    fn from(row: AnnouncementRow) -> Self {
        Self { seq: row.seq, id: row.id, text: row.text, at: Timestamp::from_millis(row.at) }
    }
}

#[derive(Deserialize)]
struct SchoolRow {
    school_id: SchoolId,
}

/// Which announcements of a school, newest first.
#[derive(Clone, Copy, Debug)]
pub struct Which {
    /// Those with a higher number.
    pub after: i64,
    /// Those with a lower number.
    pub before: Option<i64>,
    /// The most to give.
    pub limit: i64,
}

/// An announcement to be made.
pub struct NewAnnouncement<'a> {
    /// Its id.
    pub id: &'a AnnouncementId,
    /// What is said.
    pub text: &'a str,
    /// When.
    pub at: Timestamp,
}

/// Says it, and writes down who did.
pub async fn insert(
    db: &dyn Database,
    admin: &Identity,
    new: &NewAnnouncement<'_>,
    event: &AuditEvent,
    idempotency: Option<&IdempotencyRecord>,
) -> Result<(), DbError> {
    let params = [
        Value::from(&admin.school_id),
        new.id.into(),
        new.text.into(),
        (&admin.user_id).into(),
        new.at.into(),
    ];
    let mut statements = vec![
        Statement::new(INSERT, params),
        Statement::new(AUDIT, audit::params(event).into_iter().chain([new.id.into()])),
    ];
    if let Some(record) = idempotency {
        statements.push(keep_key(admin, record, new.id.into(), new.at));
    }
    db.batch(statements).await?;
    Ok(())
}

/// One of them.
pub async fn by_id(
    db: &dyn Database,
    school: &SchoolId,
    id: &AnnouncementId,
) -> Result<Option<SchoolAnnouncement>, DbError> {
    let row: Option<AnnouncementRow> = first(db, BY_ID, vec![school.into(), id.into()]).await?;
    Ok(row.map(Into::into))
}

/// Some of them, newest first.
pub async fn list(
    db: &dyn Database,
    school: &SchoolId,
    which: Which,
) -> Result<Vec<SchoolAnnouncement>, DbError> {
    let params = vec![school.into(), which.after.into(), which.before.into(), which.limit.into()];
    read(db, LIST, params).await
}

/// The oldest ones that not every shard has, in order.
pub async fn untold(db: &dyn Database, school: &SchoolId) -> Result<Vec<SchoolAnnouncement>, DbError> {
    read(db, UNTOLD, vec![school.into(), TOLD_AT_ONCE.into()]).await
}

/// Every shard has all up to this number.
pub async fn told(db: &dyn Database, school: &SchoolId, seq: i64, now: Timestamp) -> Result<(), DbError> {
    db.batch(vec![Statement::new(TOLD, [school.into(), seq.into(), now.into()])]).await?;
    Ok(())
}

/// The schools that said something before this time which not every shard has.
pub async fn overdue(db: &dyn Database, before: Timestamp) -> Result<Vec<SchoolId>, DbError> {
    let schools: Vec<SchoolRow> = rows(db, OVERDUE, vec![before.into()]).await?;
    Ok(schools.into_iter().map(|row| row.school_id).collect())
}

async fn read(
    db: &dyn Database,
    sql: &'static str,
    params: Vec<Value>,
) -> Result<Vec<SchoolAnnouncement>, DbError> {
    let found: Vec<AnnouncementRow> = rows(db, sql, params).await?;
    Ok(found.into_iter().map(Into::into).collect())
}
