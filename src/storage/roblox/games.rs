//! Games.

use serde::Deserialize;

use super::{keep_key, scoped};
use crate::domain::ids::{ClassId, GameId, SchoolId, UserId};
use crate::domain::roblox::{GameStatus, MAX_GAMES, MAX_SETTINGS_BYTES};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Scope};
use crate::ports::{Database, DbError, Statement, decode_first};
use crate::storage::{IdempotencyRecord, Page, first, rows};

/// A game.
#[derive(Clone, Debug, Deserialize)]
pub struct GameRow {
    /// The game.
    pub id: GameId,
    /// Its school.
    pub school_id: SchoolId,
    /// Whose it is.
    pub owner_id: UserId,
    /// The class that plays it.
    pub class_id: Option<ClassId>,
    /// Title.
    pub title: String,
    /// Description.
    pub description: String,
    /// Subject.
    pub subject: String,
    /// School year.
    pub grade_level: i64,
    /// The most players of one server.
    pub max_players: i64,
    /// Roblox's id of the experience.
    pub universe_id: Option<String>,
    /// Roblox's id of its start place.
    pub place_id: Option<String>,
    /// The template that it was made of.
    pub template_id: Option<String>,
    /// A JSON object.
    pub settings: String,
    /// What became of it.
    pub status: GameStatus,
    /// The version of the content that its servers get.
    pub live_version: Option<i64>,
    /// Counts the changes.
    pub revision: i64,
    /// Milliseconds.
    pub created_at: i64,
    /// Milliseconds.
    pub updated_at: i64,
    /// Milliseconds.
    pub archived_at: Option<i64>,
}

/// What may change in a game; absent stays.
#[derive(Clone, Debug, Default)]
pub struct GameChange {
    /// Title.
    pub title: Option<String>,
    /// Description.
    pub description: Option<String>,
    /// The most players of one server.
    pub max_players: Option<i64>,
    /// Active or paused.
    pub status: Option<GameStatus>,
    /// The class that plays it.
    pub class_id: Option<ClassId>,
    /// Roblox's id of the experience.
    pub universe_id: Option<String>,
    /// Roblox's id of its start place.
    pub place_id: Option<String>,
    /// Merged into the settings (RFC 7396).
    pub settings: Option<String>,
}

/// What became of a new game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inserted {
    /// It is there.
    Done,
    /// The caller does not run the class.
    NoClass,
    /// The school has too many.
    TooMany,
}

/// What became of a change.
#[derive(Clone, Debug)]
pub enum Changed {
    /// It was done.
    Done(Box<GameRow>),
    /// There is no such game in the caller's scope.
    NotFound,
    /// It has another revision than the caller saw.
    Conflict,
    /// It is archived.
    Archived,
    /// The caller does not run the class.
    NoClass,
    /// The merged settings would be too large.
    TooLarge,
}

const CLASS: &str = "
    select c.id from classes c where c.school_id = ?1 and c.id = ?3 and (?2 is null or exists (
      select 1 from class_staff t where t.school_id = ?1 and t.class_id = c.id and t.user_id = ?2))";
const INSERT: &str = "
    insert into roblox_games (id, school_id, owner_id, class_id, title, description, subject, grade_level, max_players, universe_id,
      place_id, template_id, settings, status, created_at, updated_at)
    select ?4, ?1, ?5, ?3, ?6, ?7, ?8, cast(?9 as integer), cast(?10 as integer), ?11, ?12, ?13, ?14, 'active',
      cast(?15 as integer), cast(?15 as integer)
    where (?3 is null or exists (
        select 1 from classes c where c.school_id = ?1 and c.id = ?3 and (?2 is null or exists (
          select 1 from class_staff t where t.school_id = ?1 and t.class_id = c.id and t.user_id = ?2))))
      and (select count(*) from roblox_games where school_id = ?1 and status <> 'archived') < cast(?16 as integer)
    returning id";
const KEEP_KEY: &str = "
    insert into idempotency_keys (user_id, key, school_id, fingerprint, resource_id, created_at)
    select ?1, ?2, ?3, ?4, ?5, cast(?6 as integer)
    where exists (select 1 from roblox_games where school_id = ?3 and id = ?5)";
const LIST: &str = "
    select id, school_id, owner_id, class_id, title, description, subject, grade_level, max_players, universe_id, place_id,
      template_id, settings, status, live_version, revision, created_at, updated_at, archived_at
    from roblox_games g
    where school_id = ?1 and (?2 is null or exists (
      select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = g.id and t.user_id = ?2))
      and (?3 is null or id < ?3) and (?5 is null or class_id = ?5) and (?6 is null or status = ?6)
    order by id desc limit cast(?4 as integer)";
const BY_ID: &str = "
    select id, school_id, owner_id, class_id, title, description, subject, grade_level, max_players, universe_id, place_id,
      template_id, settings, status, live_version, revision, created_at, updated_at, archived_at
    from roblox_games g
    where school_id = ?1 and (?2 is null or exists (
      select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = g.id and t.user_id = ?2)) and id = ?3";
const OF_CLASS: &str = "
    select id, school_id, owner_id, class_id, title, description, subject, grade_level, max_players, universe_id, place_id,
      template_id, settings, status, live_version, revision, created_at, updated_at, archived_at
    from roblox_games where school_id = ?1 and class_id = ?2 and status <> 'archived'
    order by id desc limit 100";
const UPDATE: &str = "
    update roblox_games set title = coalesce(?4, title), description = coalesce(?5, description),
      max_players = coalesce(cast(?6 as integer), max_players), status = coalesce(?7, status), class_id = coalesce(?8, class_id),
      universe_id = coalesce(?9, universe_id), place_id = coalesce(?10, place_id),
      settings = case when ?11 is null then settings else json_patch(settings, ?11) end,
      revision = revision + 1, updated_at = cast(?12 as integer)
    where school_id = ?1 and (?2 is null or exists (
      select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = roblox_games.id and t.user_id = ?2)) and id = ?3
      and status <> 'archived' and (?13 is null or revision = cast(?13 as integer))
      and (?8 is null or exists (
        select 1 from classes c where c.school_id = ?1 and c.id = ?8 and (?2 is null or exists (
          select 1 from class_staff t where t.school_id = ?1 and t.class_id = c.id and t.user_id = ?2))))
      and (?11 is null or length(cast(json_patch(settings, ?11) as blob)) <= cast(?14 as integer))
    returning id, school_id, owner_id, class_id, title, description, subject, grade_level, max_players, universe_id, place_id,
      template_id, settings, status, live_version, revision, created_at, updated_at, archived_at";
const ARCHIVE: &str = "
    update roblox_games set status = 'archived', archived_at = cast(?4 as integer), updated_at = cast(?4 as integer),
      revision = revision + 1
    where school_id = ?1 and (?2 is null or exists (
      select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = roblox_games.id and t.user_id = ?2)) and id = ?3
      and status <> 'archived'";

fn class_of(scope: &Scope, class: Option<&ClassId>) -> Statement {
    let [school, owner] = scoped(scope);
    Statement::new(CLASS, [school, owner, class.into()])
}

/// Adds a game.
pub async fn insert(
    db: &dyn Database,
    scope: &Scope,
    game: &GameRow,
    caller: &Identity,
    idempotency: Option<&IdempotencyRecord>,
) -> Result<Inserted, DbError> {
    let [school, owner] = scoped(scope);
    let params = [
        school,
        owner,
        game.class_id.as_ref().into(),
        (&game.id).into(),
        (&game.owner_id).into(),
        game.title.as_str().into(),
        game.description.as_str().into(),
        game.subject.as_str().into(),
        game.grade_level.into(),
        game.max_players.into(),
        game.universe_id.as_deref().into(),
        game.place_id.as_deref().into(),
        game.template_id.as_deref().into(),
        game.settings.as_str().into(),
        game.created_at.into(),
        MAX_GAMES.into(),
    ];
    let mut statements = vec![class_of(scope, game.class_id.as_ref()), Statement::new(INSERT, params)];
    if let Some(record) = idempotency {
        statements.push(keep_key(KEEP_KEY, caller, record, (&game.id).into(), game.created_at));
    }
    let mut results = db.batch(statements).await?.into_iter();
    let has_class = game.class_id.is_none() || results.next().is_some_and(|rows| !rows.is_empty());
    let is_there = by_id(db, scope, &game.id).await?.is_some();
    Ok(match (is_there, has_class) {
        (true, _) => Inserted::Done,
        (false, false) => Inserted::NoClass,
        (false, true) => Inserted::TooMany,
    })
}

/// Which games of a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct GameFilter<'a> {
    /// Those of a class.
    pub class_id: Option<&'a ClassId>,
    /// Those that are so.
    pub status: Option<GameStatus>,
}

/// A page of the games in a scope, newest first.
pub async fn list(
    db: &dyn Database,
    scope: &Scope,
    page: &Page,
    filter: GameFilter<'_>,
) -> Result<Vec<GameRow>, DbError> {
    let [school, owner] = scoped(scope);
    let status = filter.status.map(GameStatus::name);
    let params = vec![
        school,
        owner,
        page.before.as_deref().into(),
        page.limit.into(),
        filter.class_id.into(),
        status.into(),
    ];
    rows(db, LIST, params).await
}

/// One game.
pub async fn by_id(db: &dyn Database, scope: &Scope, id: &GameId) -> Result<Option<GameRow>, DbError> {
    let [school, owner] = scoped(scope);
    first(db, BY_ID, vec![school, owner, id.into()]).await
}

/// The games of a class that are not archived, the newest hundred.
pub async fn of_class(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
) -> Result<Vec<GameRow>, DbError> {
    rows(db, OF_CLASS, vec![school.into(), class.into()]).await
}

/// Changes a game, if it still has the revision that the caller saw.
pub async fn update(
    db: &dyn Database,
    scope: &Scope,
    id: &GameId,
    change: &GameChange,
    revision: Option<i64>,
    now: Timestamp,
) -> Result<Changed, DbError> {
    let [school, owner] = scoped(scope);
    let params = [
        school.clone(),
        owner.clone(),
        id.into(),
        change.title.as_deref().into(),
        change.description.as_deref().into(),
        change.max_players.into(),
        change.status.map(GameStatus::name).into(),
        change.class_id.as_ref().into(),
        change.universe_id.as_deref().into(),
        change.place_id.as_deref().into(),
        change.settings.as_deref().into(),
        now.into(),
        revision.into(),
        i64::try_from(MAX_SETTINGS_BYTES).unwrap_or(i64::MAX).into(),
    ];
    let before = Statement::new(BY_ID, [school, owner, id.into()]);
    let class = class_of(scope, change.class_id.as_ref());
    let mut results = db.batch(vec![before, class, Statement::new(UPDATE, params)]).await?.into_iter();
    let before: Option<GameRow> = decode_first(results.next().unwrap_or_default())?;
    let has_class = results.next().is_some_and(|rows| !rows.is_empty()) || change.class_id.is_none();
    let after: Option<GameRow> = decode_first(results.next().unwrap_or_default())?;
    Ok(match (before, after) {
        (_, Some(game)) => Changed::Done(Box::new(game)),
        (None, None) => Changed::NotFound,
        (Some(game), None) if game.status == GameStatus::Archived => Changed::Archived,
        (Some(game), None) if revision.is_some_and(|revision| revision != game.revision) => Changed::Conflict,
        (Some(_), None) if !has_class => Changed::NoClass,
        (Some(_), None) => Changed::TooLarge,
    })
}

/// Archives a game; again is the same as once. Gives it, and whether it was archived before.
pub async fn archive(
    db: &dyn Database,
    scope: &Scope,
    id: &GameId,
    now: Timestamp,
) -> Result<Option<(GameRow, bool)>, DbError> {
    let [school, owner] = scoped(scope);
    let by_id = Statement::new(BY_ID, [school.clone(), owner.clone(), id.into()]);
    let archive = Statement::new(ARCHIVE, [school, owner, id.into(), now.into()]);
    let mut results = db.batch(vec![by_id, archive]).await?.into_iter();
    let game: Option<GameRow> = decode_first(results.next().unwrap_or_default())?;
    Ok(game.map(|game| {
        let was_archived = game.status == GameStatus::Archived;
        (game, was_archived)
    }))
}
