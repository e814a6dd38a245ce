//! Pupils' checkpoints in games: the newest ten are kept.

use serde::Deserialize;

use super::progress::{Taken, keep_event, known, taken};
use super::scoped;
use crate::domain::ids::{CheckpointId, ClassId, GameId, SchoolId, SeatId};
use crate::domain::roblox::KEPT_CHECKPOINTS;
use crate::domain::time::Timestamp;
use crate::domain::user::Scope;
use crate::ports::{Database, DbError, Statement, Value, decode_first};
use crate::storage::rows;

/// A checkpoint.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckpointRow {
    /// The checkpoint.
    pub id: CheckpointId,
    /// The game.
    pub game_id: GameId,
    /// Its name.
    pub name: String,
    /// Whether the game saved it by itself.
    pub auto_save: i64,
    /// A JSON object.
    pub data: String,
    /// Milliseconds.
    pub saved_at: i64,
}

/// A checkpoint to be saved.
pub struct NewCheckpoint<'a> {
    /// Its id.
    pub id: &'a CheckpointId,
    /// The school.
    pub school_id: &'a SchoolId,
    /// The class.
    pub class_id: &'a ClassId,
    /// The game.
    pub game_id: &'a GameId,
    /// The pupil.
    pub seat_id: &'a SeatId,
    /// The event.
    pub event_id: &'a str,
    /// Of what it says.
    pub fingerprint: &'a str,
    /// Its name; by its number when absent.
    pub name: Option<&'a str>,
    /// Whether the game saved it by itself.
    pub auto_save: bool,
    /// A JSON object.
    pub data: &'a str,
    /// Now.
    pub now: Timestamp,
}

const INSERT: &str = "
    insert into roblox_checkpoints (id, school_id, game_id, class_id, seat_id, event_id, fingerprint, no, name, auto_save, data,
      saved_at)
    select ?5, ?1, ?2, ?3, ?4, ?6, ?7, n.no, coalesce(?8, 'Checkpoint ' || n.no), cast(?9 as integer), ?10, cast(?11 as integer)
    from (select coalesce(max(no), 0) + 1 as no from roblox_checkpoints
      where school_id = ?1 and game_id = ?2 and seat_id = ?4) n
    where exists (select 1 from roblox_games where school_id = ?1 and id = ?2 and class_id = ?3 and status = 'active')
      and not exists (select 1 from roblox_progress_events where school_id = ?1 and game_id = ?2 and event_id = ?12)
      and not exists (select 1 from erased_seats where school_id = ?1 and class_id = ?3 and seat_id = ?4)
    on conflict do nothing";
const PRUNE: &str = "
    delete from roblox_checkpoints where school_id = ?1 and game_id = ?2 and seat_id = ?3 and no <= (
      select max(no) from roblox_checkpoints where school_id = ?1 and game_id = ?2 and seat_id = ?3) - cast(?4 as integer)";
const BY_EVENT: &str = "
    select id, game_id, name, auto_save, data, saved_at from roblox_checkpoints
    where school_id = ?1 and game_id = ?2 and event_id = ?3";
const OF_STUDENT: &str = "
    select id, game_id, name, auto_save, data, saved_at from roblox_checkpoints p
    where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = p.class_id and t.user_id = ?2))
      and seat_id = ?3 and (?4 is null or class_id = ?4) and (?5 is null or game_id = ?5)
    order by saved_at desc, no desc limit cast(?6 as integer)";

/// Saves a checkpoint.
pub async fn save(db: &dyn Database, new: &NewCheckpoint<'_>) -> Result<Taken<CheckpointRow>, DbError> {
    // A space is in no id of the caller's, so these never meet the ids of reports.
    let kept_as = format!("checkpoint {}", new.event_id);
    let params = [
        Value::from(new.school_id),
        new.game_id.into(),
        new.class_id.into(),
        new.seat_id.into(),
        new.id.into(),
        new.event_id.into(),
        new.fingerprint.into(),
        new.name.into(),
        i64::from(new.auto_save).into(),
        new.data.into(),
        new.now.into(),
        kept_as.as_str().into(),
    ];
    let whose = (new.school_id, new.class_id, new.game_id);
    let prune = [new.school_id.into(), new.game_id.into(), new.seat_id.into(), KEPT_CHECKPOINTS.into()];
    let statements = vec![
        known(new.school_id, new.game_id, &kept_as),
        Statement::new(INSERT, params),
        keep_event(whose, new.seat_id, &kept_as, new.fingerprint, new.now),
        Statement::new(PRUNE, prune),
        Statement::new(BY_EVENT, [new.school_id.into(), new.game_id.into(), new.event_id.into()]),
    ];
    let mut results = db.batch(statements).await?.into_iter();
    let before = results.next().unwrap_or_default();
    let row = decode_first(results.nth(3).unwrap_or_default())?;
    taken(before, new.fingerprint, row)
}

/// A pupil's newest checkpoints, as [`super::progress::of_student`] finds progress.
pub async fn of_student(
    db: &dyn Database,
    scope: &Scope,
    seat: &SeatId,
    class: Option<&ClassId>,
    game: Option<&GameId>,
) -> Result<Vec<CheckpointRow>, DbError> {
    let [school, owner] = scoped(scope);
    let params = vec![school, owner, seat.into(), class.into(), game.into(), KEPT_CHECKPOINTS.into()];
    rows(db, OF_STUDENT, params).await
}
