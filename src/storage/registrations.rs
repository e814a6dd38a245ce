//! Who wants an account, and how they get it.

use serde::Deserialize;

use super::{audit, first};
use crate::domain::audit::AuditEvent;
use crate::domain::ids::{RegistrationId, SchoolId, UserId};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::domain::user::Role;
use crate::ports::{Database, DbError, Statement, decode_first};

/// A link that proves an address is good for so long.
pub const LINK_MS: i64 = DAY_MS;

/// What somebody typed.
pub struct NewRegistration<'a> {
    /// Its id.
    pub id: &'a RegistrationId,
    /// Hash of what the link carries.
    pub token_hash: &'a str,
    /// The address.
    pub email: &'a str,
    /// The name.
    pub display_name: &'a str,
    /// Teacher or parent.
    pub role: Role,
    /// PHC string.
    pub password_hash: &'a str,
    /// When.
    pub at: Timestamp,
}

const ADD: &str = "
    insert into registrations (id, token_hash, email, display_name, role, password_hash, created_at, expires_at)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// Keeps what somebody typed, whether their address is known or not.
pub async fn add(db: &dyn Database, new: &NewRegistration<'_>) -> Result<(), DbError> {
    let params = [
        new.id.into(),
        new.token_hash.into(),
        new.email.into(),
        new.display_name.into(),
        new.role.name().into(),
        new.password_hash.into(),
        new.at.into(),
        new.at.plus_millis(LINK_MS).into(),
    ];
    db.batch(vec![Statement::new(ADD, params)]).await?;
    Ok(())
}

/// A registration.
#[derive(Clone, Debug, Deserialize)]
pub struct RegistrationRow {
    /// Its id.
    pub id: RegistrationId,
    /// Hash of what the link carries.
    pub token_hash: String,
    /// The name.
    pub display_name: String,
    /// PHC string.
    pub password_hash: String,
}

const NEWEST: &str = "
    select id, token_hash, display_name, password_hash from registrations
    where email = ?1 and used_at is null and expires_at > cast(?2 as integer)
    order by created_at desc, id desc limit 1";

/// The newest registration of an address that waits for its link.
pub fn newest(email: &str, now: Timestamp) -> Statement {
    Statement::new(NEWEST, [email.into(), now.into()])
}

/// The newest registration of an address that waits for its link.
pub async fn newest_of(
    db: &dyn Database,
    email: &str,
    now: Timestamp,
) -> Result<Option<RegistrationRow>, DbError> {
    first(db, NEWEST, vec![email.into(), now.into()]).await
}

const MAKE_SCHOOL: &str = "
    insert into schools (id, name, is_personal, created_at)
    select ?2, display_name, 1, cast(?3 as integer) from registrations r
    where token_hash = ?1 and used_at is null and expires_at > cast(?3 as integer)
      and not exists (select 1 from users u where u.email = r.email)";
const MAKE_USER: &str = "
    insert into users (id, school_id, email, display_name, role, password_hash, email_verified_at, created_at)
    select ?3, s.id, r.email, r.display_name, r.role, r.password_hash, cast(?4 as integer), cast(?4 as integer)
    from registrations r, schools s where r.token_hash = ?1 and s.id = ?2";
const USE: &str = "
    update registrations set used_at = coalesce(used_at, cast(?2 as integer))
    where token_hash = ?1 and expires_at > cast(?2 as integer)";
const IS_VERIFIED: &str = "
    select 1 as is_verified from registrations r join users u on u.email = r.email
    where r.token_hash = ?1 and r.used_at is not null and u.password_hash = r.password_hash";

#[derive(Deserialize)]
struct Verified {
    #[serde(rename = "is_verified")]
    _is_verified: i64,
}

/// Makes the account that the link proves the address of, in a school of its own. The same link again is the same; false
/// for one that is unknown, too old, or was overtaken by another account.
pub async fn verify(
    db: &dyn Database,
    token_hash: &str,
    school: &SchoolId,
    user: &UserId,
    event: &AuditEvent,
    now: Timestamp,
) -> Result<bool, DbError> {
    let token = || token_hash.into();
    let results = db
        .batch(vec![
            Statement::new(MAKE_SCHOOL, [token(), school.into(), now.into()]),
            Statement::new(MAKE_USER, [token(), school.into(), user.into(), now.into()]),
            Statement::new(USE, [token(), now.into()]),
            audit::insert_if_user(event, user),
            Statement::new(IS_VERIFIED, [token()]),
        ])
        .await?;
    let verified: Option<Verified> = decode_first(results.into_iter().next_back().unwrap_or_default())?;
    Ok(verified.is_some())
}
