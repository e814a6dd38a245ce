//! People.

use serde::Deserialize;

use super::first;
use crate::domain::ids::{SchoolId, UserId};
use crate::domain::user::Role;
use crate::ports::{Database, DbError};

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
    /// PHC string.
    pub password_hash: String,
}

const BY_EMAIL: &str = "
    select id, school_id, email, display_name, role, state, password_hash from users where email = ?1";
const BY_ID: &str = "
    select id, school_id, email, display_name, role, state, password_hash from users
    where school_id = ?1 and id = ?2";

/// Who signs in; the school comes with them.
pub async fn by_email(db: &dyn Database, email: &str) -> Result<Option<UserRow>, DbError> {
    first(db, BY_EMAIL, vec![email.into()]).await
}

/// One person of a school.
pub async fn by_id(db: &dyn Database, school: &SchoolId, id: &UserId) -> Result<Option<UserRow>, DbError> {
    first(db, BY_ID, vec![school.into(), id.into()]).await
}
