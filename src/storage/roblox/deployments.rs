//! Deployments: content becomes a version of a game, live in one transaction, and the version before becomes live again.

use serde::Deserialize;

use super::{keep_key, scoped};
use crate::domain::ids::{ClassId, ContentId, DeploymentId, GameId, SchoolId};
use crate::domain::roblox::{ContentKind, DeploymentStatus};
use crate::domain::time::Timestamp;
use crate::domain::user::{Identity, Scope};
use crate::ports::{Database, DbError, Statement, Value, decode_first};
use crate::storage::{IdempotencyRecord, Page, first, rows};

/// A deployment.
#[derive(Clone, Debug, Deserialize)]
pub struct DeploymentRow {
    /// The deployment.
    pub id: DeploymentId,
    /// The game.
    pub game_id: GameId,
    /// The content.
    pub content_id: ContentId,
    /// Where it stands.
    pub status: DeploymentStatus,
    /// Why it failed.
    pub failure: Option<String>,
    /// What it was published as.
    pub version: Option<i64>,
    /// Whether the game's servers are nudged.
    pub notify: i64,
    /// Milliseconds.
    pub requested_at: i64,
    /// Milliseconds.
    pub started_at: Option<i64>,
    /// Milliseconds.
    pub completed_at: Option<i64>,
    /// Milliseconds.
    pub acknowledged_at: Option<i64>,
    /// Milliseconds.
    pub rolled_back_at: Option<i64>,
}

/// A deployment in the list of its game.
#[derive(Clone, Debug, Deserialize)]
pub struct GameDeploymentRow {
    /// The deployment.
    #[serde(flatten)]
    pub deployment: DeploymentRow,
    /// Of the content: as it was published, before that as it is now.
    pub title: String,
    /// Of the content.
    pub kind: ContentKind,
    /// Whether it is what the game's servers get.
    pub is_live: i64,
}

const INSERT: &str = "
    insert into roblox_deployments (id, school_id, game_id, content_id, requested_by, status, notify, requested_at)
    select ?3, ?1, ?4, ?5, ?6, 'pending', cast(?7 as integer), cast(?8 as integer)
    where exists (select 1 from roblox_content where school_id = ?1 and id = ?5 and status = 'ready'
        and (?2 is null or owner_id = ?2))
      and exists (select 1 from roblox_games g where g.school_id = ?1 and g.id = ?4 and g.status <> 'archived'
        and (?2 is null or exists (
          select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = g.id and t.user_id = ?2)))";
const KEEP_KEY: &str = "
    insert into idempotency_keys (user_id, key, school_id, fingerprint, resource_id, created_at)
    select ?1, ?2, ?3, ?4, ?5, cast(?6 as integer)
    where exists (select 1 from roblox_deployments where school_id = ?3 and id = ?5)";
const BY_ID: &str = "
    select id, game_id, content_id, status, failure, version, notify, requested_at, started_at, completed_at, acknowledged_at,
      rolled_back_at
    from roblox_deployments d where school_id = ?1 and (?2 is null or exists (
      select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = d.game_id and t.user_id = ?2)) and id = ?3";
const OF_CONTENT: &str = "
    select id, game_id, content_id, status, failure, version, notify, requested_at, started_at, completed_at, acknowledged_at,
      rolled_back_at
    from roblox_deployments d where school_id = ?1 and (?2 is null or exists (
      select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = d.game_id and t.user_id = ?2)) and content_id = ?3
    order by id desc limit 100";
const OF_GAME: &str = "
    select d.id, d.game_id, d.content_id, d.status, d.failure, d.version, d.notify, d.requested_at, d.started_at,
      d.completed_at, d.acknowledged_at, d.rolled_back_at, coalesce(v.title, c.title) as title, coalesce(v.kind, c.kind) as kind,
      coalesce(d.version = g.live_version, 0) as is_live
    from roblox_deployments d
      join roblox_games g on g.school_id = ?1 and g.id = d.game_id
      join roblox_content c on c.school_id = ?1 and c.id = d.content_id
      left join roblox_versions v on v.school_id = ?1 and v.game_id = d.game_id and v.version = d.version
    where d.school_id = ?1 and (?2 is null or exists (
      select 1 from roblox_game_staff t where t.school_id = ?1 and t.game_id = d.game_id and t.user_id = ?2))
      and d.game_id = ?3 and (?4 is null or d.id < ?4)
    order by d.id desc limit cast(?5 as integer)";
const START: &str = "
    update roblox_deployments set status = 'deploying', started_at = coalesce(started_at, cast(?3 as integer))
    where school_id = ?1 and id = ?2 and status in ('pending', 'deploying') returning id";
/// The content as it is now becomes the game's next version, unless a deployment that was asked for later came first.
const PUBLISH: &str = "
    insert into roblox_versions (game_id, version, school_id, content_id, kind, title, body, published_at)
    select d.game_id, (select coalesce(max(version), 0) + 1 from roblox_versions v where v.school_id = ?1 and v.game_id = d.game_id),
      ?1, d.content_id, c.kind, c.title, c.body, cast(?3 as integer)
    from roblox_deployments d
      join roblox_content c on c.school_id = ?1 and c.id = d.content_id and c.status = 'ready' and c.body is not null
      join roblox_games g on g.school_id = ?1 and g.id = d.game_id and g.status <> 'archived'
    where d.school_id = ?1 and d.id = ?2 and d.status = 'deploying' and not exists (
      select 1 from roblox_deployments o where o.school_id = ?1 and o.game_id = d.game_id and o.id > d.id
        and o.status in ('deployed', 'rolled_back'))";
/// Only behind a version that was published by the statement before, which is newer than any that a deployment has.
const DEPLOYED: &str = "
    update roblox_deployments set status = 'deployed', completed_at = cast(?3 as integer),
      version = (select max(version) from roblox_versions v where v.school_id = ?1 and v.game_id = roblox_deployments.game_id),
      previous_version = (select live_version from roblox_games g where g.school_id = ?1 and g.id = roblox_deployments.game_id)
    where school_id = ?1 and id = ?2 and status = 'deploying'
      and exists (select 1 from roblox_versions v where v.school_id = ?1 and v.game_id = roblox_deployments.game_id
        and v.content_id = roblox_deployments.content_id and not exists (
          select 1 from roblox_deployments o where o.school_id = ?1 and o.game_id = v.game_id and o.version = v.version))";
const MAKE_LIVE: &str = "
    update roblox_games set live_version = (
      select version from roblox_deployments where school_id = ?1 and id = ?2), updated_at = cast(?3 as integer)
    where school_id = ?1 and id = (
      select game_id from roblox_deployments where school_id = ?1 and id = ?2 and status = 'deployed' and completed_at = cast(?3 as integer))
      and (live_version is null or live_version < (select version from roblox_deployments where school_id = ?1 and id = ?2))";
const FAIL: &str = "
    update roblox_deployments set status = 'failed', failure = ?4, completed_at = cast(?3 as integer)
    where school_id = ?1 and id = ?2 and status in ('pending', 'deploying')";
const ROLL_BACK: &str = "
    update roblox_games set live_version = (
      select previous_version from roblox_deployments where school_id = ?1 and id = ?2), updated_at = cast(?3 as integer)
    where school_id = ?1 and id = (select game_id from roblox_deployments where school_id = ?1 and id = ?2 and status = 'deployed')
      and status <> 'archived'
      and live_version = (select version from roblox_deployments where school_id = ?1 and id = ?2)";
const ROLLED_BACK: &str = "
    update roblox_deployments set status = 'rolled_back', rolled_back_at = cast(?3 as integer)
    where school_id = ?1 and id = ?2 and status = 'deployed' and exists (
      select 1 from roblox_games g where g.school_id = ?1 and g.id = roblox_deployments.game_id and g.status <> 'archived'
        and g.live_version is roblox_deployments.previous_version)
    returning id";
const UNFINISHED: &str = "
    select id, school_id from roblox_deployments
    where status in ('pending', 'deploying') and requested_at < cast(?1 as integer) order by requested_at limit 50";
const LIVE: &str = "
    select v.version, v.content_id, v.kind, v.title, v.body, v.published_at,
      exists (select 1 from roblox_deployments d where d.school_id = ?1 and d.game_id = ?3 and d.version = v.version
        and d.acknowledged_at is null) as is_news
    from roblox_games g join roblox_versions v on v.school_id = ?1 and v.game_id = g.id and v.version = g.live_version
    where g.school_id = ?1 and g.class_id = ?2 and g.id = ?3 and g.status = 'active'";
const ACKNOWLEDGE: &str = "
    update roblox_deployments set acknowledged_at = cast(?4 as integer)
    where school_id = ?1 and game_id = ?2 and version = cast(?3 as integer) and acknowledged_at is null";

/// A deployment to be made.
pub struct NewDeployment<'a> {
    /// Its id.
    pub id: &'a DeploymentId,
    /// The game.
    pub game_id: &'a GameId,
    /// The content.
    pub content_id: &'a ContentId,
    /// Whether the game's servers are nudged.
    pub notify: bool,
    /// Now.
    pub now: Timestamp,
}

/// Adds a deployment, if the content is ready and the game takes it. The caller reads it then.
pub async fn insert(
    db: &dyn Database,
    scope: &Scope,
    caller: &Identity,
    new: &NewDeployment<'_>,
    idempotency: Option<&IdempotencyRecord>,
) -> Result<(), DbError> {
    let [school, owner] = scoped(scope);
    let params = [
        school,
        owner,
        new.id.into(),
        new.game_id.into(),
        new.content_id.into(),
        (&caller.user_id).into(),
        i64::from(new.notify).into(),
        new.now.into(),
    ];
    let mut statements = vec![Statement::new(INSERT, params)];
    if let Some(record) = idempotency {
        statements.push(keep_key(KEEP_KEY, caller, record, new.id.into(), new.now.as_millis()));
    }
    db.batch(statements).await?;
    Ok(())
}

/// One deployment of a game in the scope.
pub async fn by_id(
    db: &dyn Database,
    scope: &Scope,
    id: &DeploymentId,
) -> Result<Option<DeploymentRow>, DbError> {
    let [school, owner] = scoped(scope);
    first(db, BY_ID, vec![school, owner, id.into()]).await
}

/// The newest hundred deployments of a content to games in the scope.
pub async fn of_content(
    db: &dyn Database,
    scope: &Scope,
    content: &ContentId,
) -> Result<Vec<DeploymentRow>, DbError> {
    let [school, owner] = scoped(scope);
    rows(db, OF_CONTENT, vec![school, owner, content.into()]).await
}

/// A page of the deployments to a game in the scope, newest first.
pub async fn of_game(
    db: &dyn Database,
    scope: &Scope,
    game: &GameId,
    page: &Page,
) -> Result<Vec<GameDeploymentRow>, DbError> {
    let [school, owner] = scoped(scope);
    rows(db, OF_GAME, vec![school, owner, game.into(), page.before.as_deref().into(), page.limit.into()])
        .await
}

/// Begins; again after a try that ended. Says whether there is anything to do.
pub async fn start(
    db: &dyn Database,
    school: &SchoolId,
    id: &DeploymentId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let results = db.batch(vec![Statement::new(START, [school.into(), id.into(), now.into()])]).await?;
    Ok(results.first().is_some_and(|rows| !rows.is_empty()))
}

/// Publishes the content as the game's next version and makes it live, or nothing happens: then the content or the game went
/// away. Gives the deployment.
pub async fn publish(
    db: &dyn Database,
    school: &SchoolId,
    id: &DeploymentId,
    now: Timestamp,
) -> Result<Option<DeploymentRow>, DbError> {
    let params = || [Value::from(school), id.into(), now.into()];
    let statements = vec![
        Statement::new(PUBLISH, params()),
        Statement::new(DEPLOYED, params()),
        Statement::new(MAKE_LIVE, params()),
        Statement::new(BY_ID, [school.into(), Value::Null, id.into()]),
    ];
    let results = db.batch(statements).await?;
    decode_first(results.into_iter().next_back().unwrap_or_default())
}

/// Gives a deployment up.
pub async fn fail(
    db: &dyn Database,
    school: &SchoolId,
    id: &DeploymentId,
    why: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    db.batch(vec![Statement::new(FAIL, [school.into(), id.into(), now.into(), why.into()])]).await?;
    Ok(())
}

/// Makes the version before live again. Says whether it was the live one.
pub async fn roll_back(
    db: &dyn Database,
    school: &SchoolId,
    id: &DeploymentId,
    now: Timestamp,
) -> Result<bool, DbError> {
    let params = || [Value::from(school), id.into(), now.into()];
    let statements = vec![Statement::new(ROLL_BACK, params()), Statement::new(ROLLED_BACK, params())];
    let results = db.batch(statements).await?;
    Ok(results.into_iter().next_back().is_some_and(|rows| !rows.is_empty()))
}

/// A deployment that should be done by now.
#[derive(Clone, Debug, Deserialize)]
pub struct UnfinishedRow {
    /// The deployment.
    pub id: DeploymentId,
    /// Its school.
    pub school_id: SchoolId,
}

/// Deployments that should be done by now.
pub async fn unfinished(db: &dyn Database, before: Timestamp) -> Result<Vec<UnfinishedRow>, DbError> {
    rows(db, UNFINISHED, vec![before.into()]).await
}

/// A live version, as a game's servers get it.
#[derive(Clone, Debug, Deserialize)]
pub struct LiveRow {
    /// The version.
    pub version: i64,
    /// The content that it was made of.
    pub content_id: ContentId,
    /// What it is.
    pub kind: ContentKind,
    /// Title.
    pub title: String,
    /// A JSON object.
    pub body: String,
    /// Milliseconds.
    pub published_at: i64,
    /// Whether no server has said yet that it has it.
    pub is_news: i64,
}

/// The live version of an active game of a class.
pub async fn live(
    db: &dyn Database,
    school: &SchoolId,
    class: &ClassId,
    game: &GameId,
) -> Result<Option<LiveRow>, DbError> {
    first(db, LIVE, vec![school.into(), class.into(), game.into()]).await
}

/// A server has this version.
pub async fn acknowledge(
    db: &dyn Database,
    school: &SchoolId,
    game: &GameId,
    version: i64,
    now: Timestamp,
) -> Result<(), DbError> {
    let params = [Value::from(school), game.into(), version.into(), now.into()];
    db.batch(vec![Statement::new(ACKNOWLEDGE, params)]).await?;
    Ok(())
}
