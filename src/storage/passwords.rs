//! Passwords that change: by their owner, or by a link in a mail.

use serde::Deserialize;

use super::{audit, first};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{SchoolId, SignInId, UserId};
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement, decode};

/// A link that sets a new password is good for so long.
pub const LINK_MS: i64 = 3_600_000;

const ADD_RESET: &str = "
    insert into password_resets (token_hash, school_id, user_id, created_at, expires_at)
    values (?1, ?2, ?3, ?4, ?5) on conflict (token_hash) do nothing";

/// A link for a new password. Twice is once.
pub async fn add_reset(
    db: &dyn Database,
    token_hash: &str,
    school: &SchoolId,
    user: &UserId,
    now: Timestamp,
) -> Result<(), DbError> {
    let params = [token_hash.into(), school.into(), user.into(), now.into(), now.plus_millis(LINK_MS).into()];
    db.batch(vec![Statement::new(ADD_RESET, params)]).await?;
    Ok(())
}

/// Whose link it is.
#[derive(Clone, Debug, Deserialize)]
pub struct ResetRow {
    /// The school.
    pub school_id: SchoolId,
    /// The person.
    pub user_id: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub display_name: String,
}

const RESET: &str = "
    select r.school_id, r.user_id, u.email, u.display_name from password_resets r join users u on u.id = r.user_id
    where r.token_hash = ?1 and r.used_at is null and r.expires_at > cast(?2 as integer)
      and u.state = 'active' and u.removed_at is null";

/// Whose link it is, while it is good.
pub async fn reset(db: &dyn Database, token_hash: &str, now: Timestamp) -> Result<Option<ResetRow>, DbError> {
    first(db, RESET, vec![token_hash.into(), now.into()]).await
}

const SET_BY_RESET: &str = "
    update users set password_hash = ?4
    where school_id = ?2 and id = ?3 and state = 'active' and removed_at is null and exists (
      select 1 from password_resets where token_hash = ?1 and user_id = ?3 and used_at is null and expires_at > cast(?5 as integer))
    returning id";
/// All links of the person: the one that was used, and those that nobody will need.
const USE_RESETS: &str = "
    update password_resets set used_at = cast(?3 as integer)
    where school_id = ?1 and user_id = ?2 and used_at is null and exists (
      select 1 from users where id = ?2 and password_hash = ?4)";
const END_SIGN_INS: &str = "
    update sessions set ended_at = cast(?3 as integer), ended_why = 'password_changed'
    where school_id = ?1 and user_id = ?2 and id is not ?5 and ended_at is null and exists (
      select 1 from users where id = ?2 and password_hash = ?4)
    returning id";
const SET: &str = "
    update users set password_hash = ?4
    where school_id = ?1 and id = ?2 and password_hash = ?3 and state = 'active' and removed_at is null
    returning id";

#[derive(Deserialize)]
struct IdRow {
    id: SignInId,
}

/// Statements that follow the setting of a password in its batch: they do nothing when it was not set.
fn consequences(
    school: &SchoolId,
    user: &UserId,
    hash: &str,
    but: Option<&SignInId>,
    event: &AuditEvent,
    now: Timestamp,
) -> Vec<Statement> {
    vec![
        Statement::new(USE_RESETS, [school.into(), user.into(), now.into(), hash.into()]),
        audit::insert_if_password(event, user, hash),
        Statement::new(END_SIGN_INS, [school.into(), user.into(), now.into(), hash.into(), but.into()]),
    ]
}

async fn set(db: &dyn Database, statements: Vec<Statement>) -> Result<Option<Vec<SignInId>>, DbError> {
    let mut results = db.batch(statements).await?;
    let ended: Vec<IdRow> = decode(results.pop().unwrap_or_default())?;
    let is_set = results.first().is_some_and(|rows| !rows.is_empty());
    Ok(is_set.then(|| ended.into_iter().map(|row| row.id).collect()))
}

/// Sets the password that a link allows, once; gives the sign-ins that it ended, which are all of them.
pub async fn set_by_reset(
    db: &dyn Database,
    token_hash: &str,
    row: &ResetRow,
    hash: &str,
    event: &AuditEvent,
    now: Timestamp,
) -> Result<Option<Vec<SignInId>>, DbError> {
    let (school, user) = (&row.school_id, &row.user_id);
    let by_reset = [token_hash.into(), school.into(), user.into(), hash.into(), now.into()];
    let mut statements = vec![Statement::new(SET_BY_RESET, by_reset)];
    statements.extend(consequences(school, user, hash, None, event, now));
    set(db, statements).await
}

/// Whose password, and from where it is changed.
pub struct Owner<'a> {
    /// The school.
    pub school: &'a SchoolId,
    /// The person.
    pub user: &'a UserId,
    /// The sign-in that stays.
    pub sign_in: &'a SignInId,
}

/// Replaces a password; gives the sign-ins that it ended, which are all but the owner's. None when it was changed meanwhile.
pub async fn change(
    db: &dyn Database,
    owner: &Owner<'_>,
    old_hash: &str,
    hash: &str,
    event: &AuditEvent,
    now: Timestamp,
) -> Result<Option<Vec<SignInId>>, DbError> {
    let (school, user) = (owner.school, owner.user);
    let mut statements =
        vec![Statement::new(SET, [school.into(), user.into(), old_hash.into(), hash.into()])];
    statements.extend(consequences(school, user, hash, Some(owner.sign_in), event, now));
    set(db, statements).await
}
