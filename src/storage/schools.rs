//! Schools.

use serde::Deserialize;

use super::{audit, first};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{SchoolId, UserId};
use crate::domain::user::Role;
use crate::ports::{Database, DbError, Statement, Value, decode_first};

/// A school.
#[derive(Clone, Debug, Deserialize)]
pub struct SchoolRow {
    /// The school.
    pub school_id: SchoolId,
    /// Its name.
    pub name: String,
    /// Whether it is one person's own.
    pub is_personal: i64,
    /// Whether it wants a second factor of its staff.
    pub require_second_factor: i64,
}

const BY_ID: &str = "
    select id as school_id, name, is_personal, require_second_factor from schools where id = ?1";
/// A teacher makes their own school a real one.
const FOUND: &str = "
    update schools set name = ?3, is_personal = 0, last_event = ?4
    where id = ?1 and is_personal = 1 and exists (
      select 1 from users u
      where u.school_id = ?1 and u.id = ?2 and u.role = 'teacher' and u.state = 'active' and u.removed_at is null)";
const BECOME_ADMIN: &str = "
    update users set role = 'admin', last_event = ?3
    where school_id = ?1 and id = ?2 and exists (select 1 from schools s where s.id = ?1 and s.last_event = ?3)";
const ROLE: &str = "
    select role from users where school_id = ?1 and id = ?2 and state = 'active' and removed_at is null";
const CHANGE: &str = "
    update schools set name = coalesce(?3, name), require_second_factor = coalesce(cast(?4 as integer), require_second_factor),
      last_event = ?5
    where id = ?1 and exists (
      select 1 from users u
      where u.school_id = ?1 and u.id = ?2 and u.role = 'admin' and u.state = 'active' and u.removed_at is null)
    returning id as school_id, name, is_personal, require_second_factor";
const AUDIT: &str = "
    insert into audit_events (id, school_id, at, actor_kind, actor_id, action, target_kind, target_id, reason, address, country,
      request_id, detail)
    select ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13 from schools where id = ?2 and last_event = ?1
    on conflict (id) do nothing";

#[derive(Deserialize)]
struct RoleRow {
    role: Role,
}

/// The school.
pub async fn by_id(db: &dyn Database, school: &SchoolId) -> Result<Option<SchoolRow>, DbError> {
    first(db, BY_ID, vec![school.into()]).await
}

/// Founds a school. Gives it as it is now, and the role that the caller has in it now.
pub async fn found(
    db: &dyn Database,
    school: &SchoolId,
    founder: &UserId,
    name: &str,
    event: &AuditEvent,
) -> Result<Option<(SchoolRow, Role)>, DbError> {
    let named = || [Value::from(school), founder.into()];
    let statements = vec![
        Statement::new(FOUND, named().into_iter().chain([name.into(), (&event.id).into()])),
        Statement::new(BECOME_ADMIN, named().into_iter().chain([(&event.id).into()])),
        Statement::new(AUDIT, audit::params(event)),
        Statement::new(ROLE, named()),
        Statement::new(BY_ID, [school.into()]),
    ];
    let mut results = db.batch(statements).await?;
    let row: Option<SchoolRow> = decode_first(results.pop().unwrap_or_default())?;
    let role: Option<RoleRow> = decode_first(results.pop().unwrap_or_default())?;
    Ok(row.zip(role.map(|row| row.role)))
}

/// Changes a school; nothing when the caller is no longer an admin.
pub async fn change(
    db: &dyn Database,
    school: &SchoolId,
    admin: &UserId,
    (name, require_second_factor): (Option<&str>, Option<bool>),
    event: &AuditEvent,
) -> Result<Option<SchoolRow>, DbError> {
    let params = [
        school.into(),
        admin.into(),
        name.into(),
        require_second_factor.map(i64::from).into(),
        (&event.id).into(),
    ];
    let statements = vec![Statement::new(CHANGE, params), Statement::new(AUDIT, audit::params(event))];
    decode_first(db.batch(statements).await?.into_iter().next().unwrap_or_default())
}
