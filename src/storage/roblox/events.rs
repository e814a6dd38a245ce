//! What games tell of themselves, and what is counted of it.

use serde::Deserialize;

use super::scoped;
use crate::domain::ids::{ClassId, GameId, SchoolId, SeatId, SessionId};
use crate::domain::time::Timestamp;
use crate::domain::user::Scope;
use crate::ports::{Database, DbError, Statement, Value, decode_first};
use crate::storage::rows;

/// An event.
pub struct NewEvent<'a> {
    /// The school.
    pub school_id: &'a SchoolId,
    /// The class.
    pub class_id: &'a ClassId,
    /// The caller's name for it.
    pub event_id: &'a str,
    /// The game.
    pub game_id: Option<&'a GameId>,
    /// The live session.
    pub session_id: Option<&'a SessionId>,
    /// The pupil.
    pub seat_id: Option<&'a SeatId>,
    /// What happened.
    pub kind: &'a str,
    /// A JSON object.
    pub data: &'a str,
    /// Of what it says.
    pub fingerprint: &'a str,
    /// When it happened.
    pub at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct KnownRow {
    fingerprint: String,
}

const INSERT: &str = "
    insert into roblox_events (class_id, event_id, school_id, game_id, session_id, seat_id, type, data, fingerprint, happened_at,
      taken_at)
    select ?2, ?3, ?1, ?4, ?5, ?6, ?7, ?8, ?9, cast(?10 as integer), cast(?11 as integer)
    where not exists (select 1 from erased_seats where school_id = ?1 and class_id = ?2 and seat_id = ?6)
    on conflict do nothing returning event_id";
const KNOWN: &str = "
    select fingerprint from roblox_events where school_id = ?1 and class_id = ?2 and event_id = ?3";

/// What became of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is kept.
    New,
    /// It was kept before.
    Known,
    /// Another one has this id.
    Reused,
    /// It is about somebody who is forgotten.
    Gone,
}

/// Keeps an event, once.
pub async fn keep(db: &dyn Database, new: &NewEvent<'_>) -> Result<Kept, DbError> {
    let params = [
        Value::from(new.school_id),
        new.class_id.into(),
        new.event_id.into(),
        new.game_id.into(),
        new.session_id.into(),
        new.seat_id.into(),
        new.kind.into(),
        new.data.into(),
        new.fingerprint.into(),
        new.at.into(),
        new.now.into(),
    ];
    let known = Statement::new(KNOWN, [new.school_id.into(), new.class_id.into(), new.event_id.into()]);
    let mut results = db.batch(vec![Statement::new(INSERT, params), known]).await?.into_iter();
    let is_new = results.next().is_some_and(|rows| !rows.is_empty());
    let known: Option<KnownRow> = decode_first(results.next().unwrap_or_default())?;
    Ok(match known {
        Some(_) if is_new => Kept::New,
        Some(row) if row.fingerprint == new.fingerprint => Kept::Known,
        Some(_) => Kept::Reused,
        None => Kept::Gone,
    })
}

/// How many events of a type.
#[derive(Clone, Debug, Deserialize)]
pub struct CountRow {
    /// The type, or the status.
    pub name: String,
    /// How many.
    pub count: i64,
}

const OF_SESSION: &str = "
    select type as name, count(*) as count from roblox_events e where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = e.class_id and t.user_id = ?2)) and session_id = ?3
    group by type order by type";

/// What games told of a live session, by type.
pub async fn of_session(
    db: &dyn Database,
    scope: &Scope,
    session: &SessionId,
) -> Result<Vec<CountRow>, DbError> {
    let [school, owner] = scoped(scope);
    rows(db, OF_SESSION, vec![school, owner, session.into()]).await
}

/// What a school's games did lately.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Activity {
    /// Pupils of whom something was reported since then.
    pub active_students: i64,
    /// Reports since then.
    pub reports: i64,
    /// Events since then.
    pub events: i64,
    /// Live sessions that have not ended.
    pub open_sessions: i64,
    /// The mean time from asking for a deployment until it was live, in milliseconds.
    pub deployment_ms: Option<f64>,
    /// The mean time from live until a server had it, in milliseconds.
    pub acknowledgement_ms: Option<f64>,
}

const GAMES: &str = "
    select status as name, count(*) as count from roblox_games where school_id = ?1 group by status order by status";
const DEPLOYMENTS: &str = "
    select status as name, count(*) as count from roblox_deployments
    where school_id = ?1 and requested_at >= cast(?2 as integer) group by status order by status";
const ACTIVITY: &str = "
    select
      (select count(distinct seat_id) from roblox_progress where school_id = ?1 and reported_at >= cast(?2 as integer)) as active_students,
      (select count(*) from roblox_progress_events where school_id = ?1 and taken_at >= cast(?2 as integer)) as reports,
      (select count(*) from roblox_events where school_id = ?1 and taken_at >= cast(?2 as integer)) as events,
      (select count(*) from live_sessions where school_id = ?1 and json_extract(body, '$.session.status') in ('lobby', 'running', 'paused'))
        as open_sessions,
      (select avg(completed_at - requested_at) from roblox_deployments
        where school_id = ?1 and version is not null and requested_at >= cast(?2 as integer)) as deployment_ms,
      (select avg(acknowledged_at - completed_at) from roblox_deployments
        where school_id = ?1 and acknowledged_at is not null and requested_at >= cast(?2 as integer)) as acknowledgement_ms";

/// Games by status, deployments by status and activity, since a time.
pub async fn performance(
    db: &dyn Database,
    school: &SchoolId,
    since: Timestamp,
) -> Result<(Vec<CountRow>, Vec<CountRow>, Activity), DbError> {
    let statements = vec![
        Statement::new(GAMES, [school.into()]),
        Statement::new(DEPLOYMENTS, [school.into(), since.into()]),
        Statement::new(ACTIVITY, [school.into(), since.into()]),
    ];
    let mut results = db.batch(statements).await?.into_iter();
    let mut next = || results.next().unwrap_or_default();
    let (games, deployments) = (crate::ports::decode(next())?, crate::ports::decode(next())?);
    Ok((games, deployments, decode_first(next())?.unwrap_or_default()))
}
