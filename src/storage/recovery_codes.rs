//! Recovery codes, by their hashes.

use serde::Deserialize;

use crate::domain::ids::{SchoolId, UserId};
use crate::domain::time::Timestamp;
use crate::ports::{Statement, Value};

/// A code that was not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct RecoveryCodeRow {
    /// Of the key that hashed it.
    pub kid: String,
    /// Its hash.
    pub hash: String,
}

const UNUSED: &str = "
    select kid, hash from recovery_codes where school_id = ?1 and user_id = ?2 and used_at is null";
const USE: &str = "
    update recovery_codes set used_at = cast(?4 as integer)
    where school_id = ?1 and user_id = ?2 and hash = ?3";
const FORGET: &str = "delete from recovery_codes where school_id = ?1 and user_id = ?2";
const INSERT: &str = "
    insert into recovery_codes (school_id, user_id, kid, hash, created_at)
    select ?1, ?2, ?3, value, cast(?5 as integer) from json_each(?4)";
const INSERT_FIRST: &str = "
    insert into recovery_codes (school_id, user_id, kid, hash, created_at)
    select ?1, ?2, ?3, value, cast(?5 as integer) from json_each(?4)
    where exists (
        select 1 from factors where school_id = ?1 and user_id = ?2 and confirmed_at is not null)
      and not exists (select 1 from recovery_codes where school_id = ?1 and user_id = ?2)
    returning hash";
const FORGET_WITHOUT_FACTOR: &str = "
    delete from recovery_codes
    where school_id = ?1 and user_id = ?2 and not exists (
      select 1 from factors where school_id = ?1 and user_id = ?2 and confirmed_at is not null)";

/// Hashes of a set of new codes.
#[derive(Clone, Debug)]
pub struct NewCodes {
    /// Of the key that hashed them.
    pub kid: String,
    /// The hashes.
    pub hashes: Vec<String>,
}

/// The codes that are left.
pub fn unused(school: &SchoolId, user: &UserId) -> Statement {
    Statement::new(UNUSED, [school.into(), user.into()])
}

/// Marks a code as used. It goes beside [`super::used_challenges::spend`], which is the guard.
pub fn mark_used(school: &SchoolId, user: &UserId, hash: &str, now: Timestamp) -> Statement {
    Statement::new(USE, [school.into(), user.into(), hash.into(), now.into()])
}

/// Puts new codes in the place of all old ones.
pub fn replace(school: &SchoolId, user: &UserId, codes: &NewCodes, now: Timestamp) -> [Statement; 2] {
    [
        Statement::new(FORGET, [school.into(), user.into()]),
        Statement::new(INSERT, insertion(school, user, codes, now)),
    ]
}

/// Adds the codes if the person has a factor and no codes; gives a row a code that was added.
pub fn insert_first(school: &SchoolId, user: &UserId, codes: &NewCodes, now: Timestamp) -> Statement {
    Statement::new(INSERT_FIRST, insertion(school, user, codes, now))
}

/// Deletes the codes of a person who has no factor any more.
pub fn forget_without_factor(school: &SchoolId, user: &UserId) -> Statement {
    Statement::new(FORGET_WITHOUT_FACTOR, [school.into(), user.into()])
}

/// Deletes all codes of a person who is removed.
pub fn forget(school: &SchoolId, user: &UserId) -> Statement {
    Statement::new(FORGET, [school.into(), user.into()])
}

fn insertion(school: &SchoolId, user: &UserId, codes: &NewCodes, now: Timestamp) -> [Value; 5] {
    let hashes = serde_json::to_string(&codes.hashes).unwrap_or_default();
    [school.into(), user.into(), codes.kid.as_str().into(), hashes.into(), now.into()]
}
