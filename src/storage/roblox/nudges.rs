//! Nudges of a class's servers: how many went out, and when the last one did.

use serde::Deserialize;

use crate::domain::ids::{ClassId, SchoolId};
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement, Value, decode_first};

/// What becomes of a wish to nudge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It goes out now, with this version.
    Ours(i64),
    /// One went out since it was wished.
    Covered,
    /// One went out a moment ago.
    TooSoon,
}

#[derive(Deserialize)]
struct NudgeRow {
    version: i64,
    sent_at: i64,
}

const CLAIM: &str = "
    insert into roblox_nudges (class_id, school_id, version, sent_at)
    select ?2, ?1, 1, cast(?3 as integer) where exists (select 1 from classes where school_id = ?1 and id = ?2)
    on conflict (class_id) do update set version = roblox_nudges.version + 1, sent_at = excluded.sent_at
      where roblox_nudges.sent_at <= cast(?4 as integer) and roblox_nudges.sent_at <= excluded.sent_at - cast(?5 as integer)
    returning version, sent_at";
const READ: &str = "select version, sent_at from roblox_nudges where school_id = ?1 and class_id = ?2";
const RELEASE: &str = "
    update roblox_nudges set sent_at = 0 where school_id = ?1 and class_id = ?2 and version = cast(?3 as integer)";

/// Claims the next nudge of a class, unless one is covered by another or comes too soon.
pub async fn claim(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    wanted_at: Timestamp,
    now: Timestamp,
    every_ms: i64,
) -> Result<Claim, DbError> {
    let params = [Value::from(school), class.into(), now.into(), wanted_at.into(), every_ms.into()];
    let read = Statement::new(READ, [school.into(), class.into()]);
    let mut results = db.batch(vec![Statement::new(CLAIM, params), read]).await?.into_iter();
    let ours: Option<NudgeRow> = decode_first(results.next().unwrap_or_default())?;
    let last: Option<NudgeRow> = decode_first(results.next().unwrap_or_default())?;
    Ok(match (ours, last) {
        (Some(row), _) => Claim::Ours(row.version),
        (None, Some(row)) if row.sent_at <= wanted_at.as_millis() => Claim::TooSoon,
        (None, _) => Claim::Covered,
    })
}

/// Takes a claim back: it did not go out.
pub async fn release(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    version: i64,
) -> Result<(), DbError> {
    db.batch(vec![Statement::new(RELEASE, [school.into(), class.into(), version.into()])]).await?;
    Ok(())
}
