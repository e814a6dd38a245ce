//! Reading and sealing the audit log.

use serde::Deserialize;

use super::rows;
use crate::domain::audit_chain::{Head, Seal, StoredEvent, seal};
use crate::domain::ids::SchoolId;
use crate::domain::time::Timestamp;
use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};

/// Events of one step of sealing: their seals go in as one JSON text of about 60 KB.
const STEP: usize = 250;
/// Steps of one sealing: 2,500 events, and at most 20 batches of D1.
const MAX_STEPS: usize = 10;
/// Schools that one tick seals.
const MAX_SCHOOLS: i64 = 200;

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only what this one did.
    pub actor: Option<String>,
    /// Only this.
    pub action: Option<String>,
    /// Only what was done on this one.
    pub target: Option<String>,
    /// Not before this id.
    pub from: String,
    /// Before this id.
    pub before: String,
}

/// An event as it is shown.
#[derive(Clone, Debug, Deserialize)]
pub struct ListedEvent {
    /// The columns.
    #[serde(flatten)]
    pub event: StoredEvent,
    /// The name of the actor, if it has one.
    pub actor_name: Option<String>,
    /// The number of its seal.
    pub seq: Option<i64>,
    /// The hash of its seal.
    pub hash: Option<String>,
}

const LIST: &str = "
    select e.id, e.school_id, e.at, e.actor_kind, e.actor_id, e.action, e.target_kind, e.target_id, e.reason, e.address, e.country,
      e.request_id, e.detail, coalesce(u.display_name, k.name) as actor_name, s.seq, s.hash
    from audit_events e
    left join users u on e.actor_kind = 'user' and u.school_id = e.school_id and u.id = e.actor_id
    left join game_keys k on e.actor_kind = 'key' and k.school_id = e.school_id and k.id = e.actor_id
    left join audit_seals s on s.event_id = e.id and s.school_id = e.school_id
    where e.school_id = ?1 and e.id >= ?2 and e.id < ?3 and (?4 is null or e.actor_id = ?4)
      and (?5 is null or e.action = ?5) and (?6 is null or e.target_id = ?6)
    order by e.id desc limit cast(?7 as integer)";
const HEAD: &str = "
    select seq, hash from audit_seals where school_id = ?1 order by seq desc limit 1";
const WAITING: &str = "
    select e.id, e.school_id, e.at, e.actor_kind, e.actor_id, e.action, e.target_kind, e.target_id, e.reason, e.address, e.country,
      e.request_id, e.detail
    from audit_waiting w join audit_events e on e.id = w.event_id
    where w.school_id = ?1 order by w.event_id limit cast(?2 as integer)";
const ADD_SEALS: &str = "
    insert into audit_seals (school_id, seq, event_id, previous_hash, hash)
    select ?1, value ->> 'seq', value ->> 'event_id', value ->> 'previous_hash', value ->> 'hash' from json_each(?2)";
const STOP_WAITING: &str = "
    delete from audit_waiting
    where school_id = ?1 and event_id in (select value ->> 'event_id' from json_each(?2))";
const MOVE_HEAD: &str = "
    insert into audit_heads (school_id, seq, hash, sealed_at) values (?1, ?2, ?3, ?4)
    on conflict (school_id) do update set seq = excluded.seq, hash = excluded.hash, sealed_at = excluded.sealed_at
    where excluded.seq > audit_heads.seq";
const SCHOOLS_WAITING: &str = "
    select distinct school_id from audit_waiting limit cast(?1 as integer)";
const HEADS: &str = "
    select school_id, seq, hash from audit_heads where sealed_at >= cast(?1 as integer) order by school_id";

/// Events of a school, the newest first.
pub async fn list(
    db: &dyn Database,
    school: &SchoolId,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<ListedEvent>, DbError> {
    let params = vec![
        school.into(),
        filter.from.as_str().into(),
        filter.before.as_str().into(),
        filter.actor.as_deref().into(),
        filter.action.as_deref().into(),
        filter.target.as_deref().into(),
        limit.into(),
    ];
    rows(db, LIST, params).await
}

/// Seals what waits. Two who seal at once cannot fork the chain: the number of a seal is unique, so one of them fails and looks
/// again.
pub async fn seal_waiting(db: &dyn Database, school: &SchoolId, now: Timestamp) -> Result<(), DbError> {
    for _ in 0..MAX_STEPS {
        let (head, events) = waiting(db, school).await?;
        let seals = seal(&head, &events);
        let Some(newest) = seals.last() else { return Ok(()) };
        match add(db, school, &seals, newest, now).await {
            Ok(()) if seals.len() < STEP => return Ok(()),
            Ok(()) | Err(DbError::Unique(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The head and what waits behind it, as they are at one moment.
async fn waiting(db: &dyn Database, school: &SchoolId) -> Result<(Head, Vec<StoredEvent>), DbError> {
    let step = i64::try_from(STEP).unwrap_or(i64::MAX);
    let statements =
        vec![Statement::new(HEAD, [school.into()]), Statement::new(WAITING, [school.into(), step.into()])];
    let mut results = db.batch(statements).await?.into_iter();
    let head = decode_first(results.next().unwrap_or_default())?.unwrap_or_default();
    Ok((head, decode(results.next().unwrap_or_default())?))
}

async fn add(
    db: &dyn Database,
    school: &SchoolId,
    seals: &[Seal],
    newest: &Seal,
    now: Timestamp,
) -> Result<(), DbError> {
    let json = serde_json::to_string(seals).map_err(|error| DbError::Backend(error.to_string()))?;
    let head = [school.into(), newest.seq.into(), newest.hash.as_str().into(), Value::from(now)];
    db.batch(vec![
        Statement::new(ADD_SEALS, [school.into(), json.as_str().into()]),
        Statement::new(STOP_WAITING, [school.into(), json.as_str().into()]),
        Statement::new(MOVE_HEAD, head),
    ])
    .await?;
    Ok(())
}

#[derive(Deserialize)]
struct SchoolRow {
    school_id: SchoolId,
}

/// Schools with events that wait for their seals.
pub async fn schools_waiting(db: &dyn Database) -> Result<Vec<SchoolId>, DbError> {
    let found: Vec<SchoolRow> = rows(db, SCHOOLS_WAITING, vec![MAX_SCHOOLS.into()]).await?;
    Ok(found.into_iter().map(|row| row.school_id).collect())
}

/// The newest seal of a school.
#[derive(Clone, Debug, Deserialize)]
pub struct HeadRow {
    /// The school.
    pub school_id: SchoolId,
    /// Its number.
    pub seq: i64,
    /// Its hash.
    pub hash: String,
}

/// The newest seals of the schools that sealed something since.
pub async fn heads(db: &dyn Database, since: Timestamp) -> Result<Vec<HeadRow>, DbError> {
    rows(db, HEADS, vec![since.into()]).await
}
