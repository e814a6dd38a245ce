//! Pupils' progress in games. The guards stand in the statements: an event counts once, for a pupil who is not erased, in a game
//! that is active and of this class.

use serde::Deserialize;

use super::scoped;
use crate::domain::ids::{ClassId, GameId, SchoolId, SeatId, SessionId};
use crate::domain::roblox::BoardType;
use crate::domain::time::Timestamp;
use crate::domain::user::Scope;
use crate::ports::{Database, DbError, Statement, Value, decode, decode_first};
use crate::storage::rows;

/// A pupil's progress in a game.
#[derive(Clone, Debug, Deserialize)]
pub struct ProgressRow {
    /// The game.
    pub game_id: GameId,
    /// The pupil.
    pub seat_id: SeatId,
    /// 0 to 100.
    pub percent: i64,
    /// The last one.
    pub score: Option<i64>,
    /// The best one.
    pub best_score: Option<i64>,
    /// Seconds.
    pub time_spent_s: i64,
    /// A JSON array.
    pub objectives: String,
    /// A JSON object.
    pub data: String,
    /// The live session of the last report.
    pub session_id: Option<SessionId>,
    /// Milliseconds.
    pub reported_at: i64,
}

/// A report.
pub struct NewProgress<'a> {
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
    /// 0 to 100.
    pub percent: Option<i64>,
    /// 0 to 100.
    pub score: Option<i64>,
    /// Seconds to be added.
    pub time_spent_s: i64,
    /// Reached now or before; a JSON array.
    pub objectives: &'a str,
    /// A JSON object.
    pub data: Option<&'a str>,
    /// The live session.
    pub session_id: Option<&'a SessionId>,
    /// When it happened.
    pub at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// What became of a report.
#[derive(Debug)]
pub enum Taken<T> {
    /// It counted.
    Applied(T),
    /// It counted before.
    Duplicate(T),
    /// Another event had this id.
    Reused,
    /// The game no longer takes any.
    Closed,
}

#[derive(Deserialize)]
struct KnownRow {
    fingerprint: String,
}

const KNOWN: &str = "
    select fingerprint from roblox_progress_events where school_id = ?1 and game_id = ?2 and event_id = ?3";
const UPSERT: &str = "
    insert into roblox_progress (game_id, seat_id, school_id, class_id, percent, score, best_score, time_spent_s, objectives, data,
      session_id, reported_at, updated_at)
    select ?2, ?4, ?1, ?5, cast(coalesce(?6, 0) as integer), cast(?7 as integer), cast(?7 as integer), cast(?8 as integer), ?9,
      coalesce(?10, '{}'), ?11, cast(?12 as integer), cast(?13 as integer)
    where exists (select 1 from roblox_games where school_id = ?1 and id = ?2 and class_id = ?5 and status = 'active')
      and not exists (select 1 from roblox_progress_events where school_id = ?1 and game_id = ?2 and event_id = ?3)
      and not exists (select 1 from erased_seats where school_id = ?1 and class_id = ?5 and seat_id = ?4)
    on conflict (game_id, seat_id) do update set
      percent = case when ?6 is null or excluded.reported_at < roblox_progress.reported_at then roblox_progress.percent
        else excluded.percent end,
      score = case when ?7 is null or excluded.reported_at < roblox_progress.reported_at
        and roblox_progress.score is not null then roblox_progress.score else excluded.score end,
      best_score = max(coalesce(roblox_progress.best_score, excluded.best_score),
        coalesce(excluded.best_score, roblox_progress.best_score)),
      time_spent_s = roblox_progress.time_spent_s + excluded.time_spent_s,
      objectives = (select json_group_array(value) from (
        select value from json_each(roblox_progress.objectives) union select value from json_each(excluded.objectives) limit 200)),
      data = case when ?10 is null or excluded.reported_at < roblox_progress.reported_at then roblox_progress.data
        else excluded.data end,
      session_id = case when ?11 is null or excluded.reported_at < roblox_progress.reported_at then roblox_progress.session_id
        else excluded.session_id end,
      reported_at = max(roblox_progress.reported_at, excluded.reported_at),
      updated_at = excluded.updated_at";
/// Keeps the event's id, behind what it did.
const KEEP_EVENT: &str = "
    insert into roblox_progress_events (game_id, event_id, school_id, seat_id, fingerprint, taken_at)
    select ?2, ?3, ?1, ?4, ?6, cast(?7 as integer)
    where exists (select 1 from roblox_games where school_id = ?1 and id = ?2 and class_id = ?5 and status = 'active')
      and not exists (select 1 from erased_seats where school_id = ?1 and class_id = ?5 and seat_id = ?4)
    on conflict do nothing";
const READ: &str = "
    select game_id, seat_id, percent, score, best_score, time_spent_s, objectives, data, session_id, reported_at
    from roblox_progress where school_id = ?1 and game_id = ?2 and seat_id = ?3";
const OF_STUDENT: &str = "
    select game_id, seat_id, percent, score, best_score, time_spent_s, objectives, data, session_id, reported_at
    from roblox_progress p where school_id = ?1 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = p.class_id and t.user_id = ?2))
      and seat_id = ?3 and (?4 is null or class_id = ?4) and (?5 is null or game_id = ?5)
    order by reported_at desc limit 100";

/// Which event of which game: what the statements about events share.
pub(super) fn known(school: &SchoolId, game: &GameId, event_id: &str) -> Statement {
    Statement::new(KNOWN, [school.into(), game.into(), event_id.into()])
}

/// Keeps an event's id.
pub(super) fn keep_event(
    (school, class, game): (&SchoolId, &ClassId, &GameId),
    seat: &SeatId,
    event_id: &str,
    fingerprint: &str,
    now: Timestamp,
) -> Statement {
    let params = [
        Value::from(school),
        game.into(),
        event_id.into(),
        seat.into(),
        class.into(),
        fingerprint.into(),
        now.into(),
    ];
    Statement::new(KEEP_EVENT, params)
}

/// What became of an event, by what was known of it before.
pub(super) fn taken<T>(
    known: Vec<crate::ports::Row>,
    fingerprint: &str,
    now: Option<T>,
) -> Result<Taken<T>, DbError> {
    let known: Option<KnownRow> = decode_first(known)?;
    Ok(match (known, now) {
        (Some(known), _) if known.fingerprint != fingerprint => Taken::Reused,
        (Some(_), Some(now)) => Taken::Duplicate(now),
        (None, Some(now)) => Taken::Applied(now),
        (_, None) => Taken::Closed,
    })
}

/// Takes a report.
pub async fn report(db: &dyn Database, new: &NewProgress<'_>) -> Result<Taken<ProgressRow>, DbError> {
    let params = [
        Value::from(new.school_id),
        new.game_id.into(),
        new.event_id.into(),
        new.seat_id.into(),
        new.class_id.into(),
        new.percent.into(),
        new.score.into(),
        new.time_spent_s.into(),
        new.objectives.into(),
        new.data.into(),
        new.session_id.into(),
        new.at.into(),
        new.now.into(),
    ];
    let whose = (new.school_id, new.class_id, new.game_id);
    let statements = vec![
        known(new.school_id, new.game_id, new.event_id),
        Statement::new(UPSERT, params),
        keep_event(whose, new.seat_id, new.event_id, new.fingerprint, new.now),
        known(new.school_id, new.game_id, new.event_id),
        Statement::new(READ, [new.school_id.into(), new.game_id.into(), new.seat_id.into()]),
    ];
    let mut results = db.batch(statements).await?.into_iter();
    let before = results.next().unwrap_or_default();
    let was_kept = results.nth(2).is_some_and(|rows| !rows.is_empty());
    let row = decode_first(results.next().unwrap_or_default())?.filter(|_| was_kept);
    taken(before, new.fingerprint, row)
}

/// A pupil's progress: in all games of the classes in the scope, or in one class, or in one game.
pub async fn of_student(
    db: &dyn Database,
    scope: &Scope,
    seat: &SeatId,
    class: Option<&ClassId>,
    game: Option<&GameId>,
) -> Result<Vec<ProgressRow>, DbError> {
    let [school, owner] = scoped(scope);
    rows(db, OF_STUDENT, vec![school, owner, seat.into(), class.into(), game.into()]).await
}

/// A place on a board.
#[derive(Clone, Debug, Deserialize)]
pub struct BoardRow {
    /// The same for the same value.
    pub rank: i64,
    /// The pupil.
    pub seat_id: SeatId,
    /// The pupil's name, once the room has reported it.
    pub display_name: Option<String>,
    /// The best score.
    pub best_score: Option<i64>,
    /// 0 to 100.
    pub percent: i64,
    /// Seconds.
    pub time_spent_s: i64,
    /// How many objectives were reached.
    pub objectives: i64,
    /// Milliseconds.
    pub reported_at: i64,
}

/// Of all pupils on a board.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct BoardTotals {
    /// How many.
    pub students: i64,
    /// The mean of their best scores.
    pub score: Option<f64>,
    /// The mean of how far they came.
    pub percent: Option<f64>,
    /// The mean of their seconds.
    pub time_spent_s: Option<f64>,
}

const BOARD: &str = "
    select rank() over (order by case ?4 when 'score' then coalesce(p.best_score, -1) when 'progress' then p.percent
        else p.time_spent_s end desc) as rank,
      p.seat_id, s.display_name, p.best_score, p.percent, p.time_spent_s, json_array_length(p.objectives) as objectives,
      p.reported_at
    from roblox_progress p
      left join seats s on s.school_id = p.school_id and s.class_id = p.class_id and s.seat_id = p.seat_id
    where p.school_id = ?1 and p.class_id = ?2 and p.game_id = ?3 and coalesce(s.status, 'active') = 'active'
    order by rank, p.seat_id limit cast(?5 as integer)";
const TOTALS: &str = "
    select count(*) as students, avg(p.best_score) as score, avg(p.percent) as percent, avg(p.time_spent_s) as time_spent_s
    from roblox_progress p
      left join seats s on s.school_id = p.school_id and s.class_id = p.class_id and s.seat_id = p.seat_id
    where p.school_id = ?1 and p.class_id = ?2 and p.game_id = ?3 and coalesce(s.status, 'active') = 'active'";

/// The board of a game.
pub async fn board(
    db: &dyn Database,
    (school, class, game): (&SchoolId, &ClassId, &GameId),
    by: BoardType,
    limit: i64,
) -> Result<(Vec<BoardRow>, BoardTotals), DbError> {
    let whose = || [Value::from(school), class.into(), game.into()];
    let board = whose().into_iter().chain([by.name().into(), limit.into()]);
    let statements = vec![Statement::new(BOARD, board), Statement::new(TOTALS, whose())];
    let mut results = db.batch(statements).await?.into_iter();
    let rows = decode(results.next().unwrap_or_default())?;
    Ok((rows, decode_first(results.next().unwrap_or_default())?.unwrap_or_default()))
}
