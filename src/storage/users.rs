//! People.

use serde::Deserialize;

use super::registrations::{self, RegistrationRow};
use super::{audit, first};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{SchoolId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::Role;
use crate::ports::{Database, DbError, Statement, decode_first};

/// A person, as signing in needs it.
#[derive(Clone, Debug, Deserialize)]
pub struct UserRow {
    /// The person.
    pub id: UserId,
    /// Their school.
    pub school_id: SchoolId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
    /// Their role.
    pub role: Role,
    /// `active` or `suspended`.
    pub state: String,
    /// PHC string; empty when there is no password.
    pub password_hash: String,
    /// When the address was verified.
    pub email_verified_at: Option<i64>,
    /// When they signed in last.
    pub last_seen_at: Option<i64>,
    /// Whether the school wants a second factor of its staff.
    pub require_second_factor: i64,
    /// Confirmed second factors.
    pub factors: i64,
    /// The school's name.
    pub school_name: String,
    /// Whether the school is one person's own.
    pub is_personal: i64,
}

impl UserRow {
    /// Whether they may sign in.
    pub fn is_active(&self) -> bool {
        self.state == "active"
    }
}

const BY_EMAIL: &str = "
    select u.id, u.school_id, u.email, u.display_name, u.role, u.state, u.password_hash, u.email_verified_at, u.last_seen_at,
      s.require_second_factor, s.name as school_name, s.is_personal,
      (select count(*) from factors f
        where f.school_id = u.school_id and f.user_id = u.id and f.confirmed_at is not null) as factors
    from users u join schools s on s.id = u.school_id
    where email = ?1 and removed_at is null";
const BY_ID: &str = "
    select u.id, u.school_id, u.email, u.display_name, u.role, u.state, u.password_hash, u.email_verified_at, u.last_seen_at,
      s.require_second_factor, s.name as school_name, s.is_personal,
      (select count(*) from factors f
        where f.school_id = u.school_id and f.user_id = u.id and f.confirmed_at is not null) as factors
    from users u join schools s on s.id = u.school_id
    where u.school_id = ?1 and u.id = ?2 and u.removed_at is null";
const BY_IDENTITY: &str = "
    select u.id, u.school_id, u.email, u.display_name, u.role, u.state, u.password_hash, u.email_verified_at, u.last_seen_at,
      s.require_second_factor, s.name as school_name, s.is_personal,
      (select count(*) from factors f
        where f.school_id = u.school_id and f.user_id = u.id and f.confirmed_at is not null) as factors
    from identities i join users u on u.id = i.user_id join schools s on s.id = u.school_id
    where i.issuer = ?1 and i.subject = ?2 and u.removed_at is null";
const BY_CREDENTIAL: &str = "
    select u.id, u.school_id, u.email, u.display_name, u.role, u.state, u.password_hash, u.email_verified_at, u.last_seen_at,
      s.require_second_factor, s.name as school_name, s.is_personal,
      (select count(*) from factors f
        where f.school_id = u.school_id and f.user_id = u.id and f.confirmed_at is not null) as factors
    from users u join schools s on s.id = u.school_id
    where u.id = (select user_id from factors where credential_id = ?1) and u.removed_at is null";
const UPGRADE_HASH: &str = "
    update users set password_hash = ?4 where school_id = ?1 and id = ?2 and password_hash = ?3";

/// Who signs in; the school comes with them.
pub async fn by_email(db: &dyn Database, email: &str) -> Result<Option<UserRow>, DbError> {
    first(db, BY_EMAIL, vec![email.into()]).await
}

/// Who signs in, or else the newest registration of the address that still waits for its link.
pub async fn who_signs_in(
    db: &dyn Database,
    email: &str,
    now: Timestamp,
) -> Result<(Option<UserRow>, Option<RegistrationRow>), DbError> {
    let statements = vec![Statement::new(BY_EMAIL, [email.into()]), registrations::newest(email, now)];
    let mut results = db.batch(statements).await?.into_iter();
    let user = decode_first(results.next().unwrap_or_default())?;
    Ok((user, decode_first(results.next().unwrap_or_default())?))
}

/// Who signs in by way of a provider; the school comes with them.
pub async fn by_identity(db: &dyn Database, issuer: &str, subject: &str) -> Result<Option<UserRow>, DbError> {
    first(db, BY_IDENTITY, vec![issuer.into(), subject.into()]).await
}

/// The same, for a batch.
pub(super) fn identity_owner(issuer: &str, subject: &str) -> Statement {
    Statement::new(BY_IDENTITY, [issuer.into(), subject.into()])
}

/// One person of a school, for a batch.
pub(super) fn find(school: &SchoolId, id: &UserId) -> Statement {
    Statement::new(BY_ID, [school.into(), id.into()])
}

/// The owner of a passkey, for a batch.
pub(super) fn find_by_credential(credential_id: &str) -> Statement {
    Statement::new(BY_CREDENTIAL, [credential_id.into()])
}

/// One person of a school.
pub async fn by_id(db: &dyn Database, school: &SchoolId, id: &UserId) -> Result<Option<UserRow>, DbError> {
    first(db, BY_ID, vec![school.into(), id.into()]).await
}

const RENAME: &str = "
    update users set display_name = ?3 where school_id = ?1 and id = ?2 and removed_at is null";

/// Gives a person another name.
pub async fn rename(
    db: &dyn Database,
    school: &SchoolId,
    id: &UserId,
    name: &str,
    event: &AuditEvent,
) -> Result<(), DbError> {
    let rename = Statement::new(RENAME, [school.into(), id.into(), name.into()]);
    db.batch(vec![rename, audit::insert(event)]).await?;
    Ok(())
}

/// The same password, hashed with newer parameters; nothing if it was changed meanwhile.
pub fn upgrade_hash(school: &SchoolId, id: &UserId, old: &str, new: &str) -> Statement {
    Statement::new(UPGRADE_HASH, [school.into(), id.into(), old.into(), new.into()])
}
