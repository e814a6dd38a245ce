//! Deployments: content becomes a version of a game, and the version before becomes live again.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::content::content_of;
use super::games::{archived, game_of, tell_room};
use super::limited::Limited;
use super::nudge;
use crate::domain::ids::{ContentId, DeploymentId, GameId};
use crate::domain::roblox::{ContentKind, ContentStatus, DeploymentStatus, Document, GameStatus};
use crate::domain::time::Timestamp;
use crate::handlers::auth::{GameServer, Teacher};
use crate::handlers::extract::{Json, List, PageQuery, Path, Query, etag};
use crate::handlers::idempotency::{IdempotencyKey, lost_the_race, made_before};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems, key_reused};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::jobs::Job;
use crate::rooms::GameEvent;
use crate::storage::IdempotencyRecord;
use crate::storage::roblox::deployments::{self, DeploymentRow, GameDeploymentRow, LiveRow, NewDeployment};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(deploy_content))
        .routes(routes!(show_deployment))
        .routes(routes!(roll_back_deployment))
        .routes(routes!(list_game_deployments))
        .routes(routes!(show_game_content))
}

/// A new deployment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentIn {
    /// Content that is ready.
    content_id: ContentId,
    /// A game that the caller runs.
    game_id: GameId,
    /// Whether its servers hear of it at once; they do when left out.
    #[serde(default)]
    notify_students: Option<bool>,
}

/// A deployment.
#[derive(Serialize, ToSchema)]
pub struct DeploymentOut {
    /// The deployment.
    id: DeploymentId,
    /// The content.
    content_id: ContentId,
    /// The game.
    game_id: GameId,
    /// Where it stands.
    status: DeploymentStatus,
    /// Why it failed.
    failure: Option<String>,
    /// What it was published as, counted by game.
    version: Option<i64>,
    /// Asked for.
    requested_at: Timestamp,
    /// Begun.
    started_at: Option<Timestamp>,
    /// Live, or failed.
    completed_at: Option<Timestamp>,
    /// When a game server first said that it has it.
    acknowledged_at: Option<Timestamp>,
    /// Rolled back.
    rolled_back_at: Option<Timestamp>,
}

impl From<DeploymentRow> for DeploymentOut {
    fn from(row: DeploymentRow) -> Self {
        Self {
            id: row.id,
            content_id: row.content_id,
            game_id: row.game_id,
            status: row.status,
            failure: row.failure,
            version: row.version,
            requested_at: Timestamp::from_millis(row.requested_at),
            started_at: row.started_at.map(Timestamp::from_millis),
            completed_at: row.completed_at.map(Timestamp::from_millis),
            acknowledged_at: row.acknowledged_at.map(Timestamp::from_millis),
            rolled_back_at: row.rolled_back_at.map(Timestamp::from_millis),
        }
    }
}

/// A deployment in the list of its game.
#[derive(Serialize, ToSchema)]
pub struct GameDeployment {
    /// The deployment.
    #[serde(flatten)]
    deployment: DeploymentOut,
    /// Title of the content: as it was published, before that as it is now. Text that people wrote.
    title: String,
    /// What the content is.
    kind: ContentKind,
    /// Whether it is what the game's servers get; only this one can be rolled back.
    is_live: bool,
}

impl From<GameDeploymentRow> for GameDeployment {
    fn from(row: GameDeploymentRow) -> Self {
        Self {
            deployment: row.deployment.into(),
            title: row.title,
            kind: row.kind,
            is_live: row.is_live != 0,
        }
    }
}

async fn deployment_of(app: &App, teacher: &Teacher, id: &DeploymentId) -> Result<DeploymentRow, ApiError> {
    let row = deployments::by_id(app.db.as_ref(), &teacher.scope(), id).await?;
    row.ok_or_else(|| ApiError::not_found("deployment"))
}

fn not_ready() -> ApiError {
    ApiError::new(ProblemCode::Conflict, "The content is not ready: only what is ready is deployed.")
}

/// Deploy content to a game
///
/// The queue publishes it as the game's next version; when it is `deployed` the game's servers get it.
#[utoipa::path(post, path = "/api/v1/roblox/content/deploy", tag = "roblox", security(("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same deployment.")),
    request_body = DeploymentIn, responses((status = 202, body = DeploymentOut), Problems))]
async fn deploy_content(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    key: IdempotencyKey,
    Json { value: input, fingerprint }: Json<DeploymentIn>,
) -> Result<impl IntoResponse, ApiError> {
    let record = key.record(&fingerprint);
    let row = match made_before(&app, &teacher.0, record.as_ref()).await? {
        Some(id) => made_deployment(&app, &teacher, &id).await?,
        None => insert_deployment(&app, &teacher, &input, record.as_ref()).await?,
    };
    if matches!(row.status, DeploymentStatus::Pending | DeploymentStatus::Deploying) {
        // Should the message be lost, the hourly tick does it.
        let school_id = teacher.0.school_id.clone();
        app.enqueue(Job::RobloxDeploy { school_id, deployment_id: row.id.clone() }).await;
    }
    let location = format!("/api/v1/roblox/content/deployments/{}", row.id);
    Ok((StatusCode::ACCEPTED, [(header::LOCATION, location)], Out(DeploymentOut::from(row))))
}

async fn insert_deployment(
    app: &App,
    teacher: &Teacher,
    input: &DeploymentIn,
    record: Option<&IdempotencyRecord>,
) -> Result<DeploymentRow, ApiError> {
    if content_of(app, teacher, &input.content_id).await?.summary.status != ContentStatus::Ready {
        return Err(not_ready());
    }
    if game_of(app, teacher, &input.game_id).await?.status == GameStatus::Archived {
        return Err(archived());
    }
    let now = app.clock.now();
    let id = DeploymentId::new(now, app.entropy.as_ref());
    let new = NewDeployment {
        id: &id,
        game_id: &input.game_id,
        content_id: &input.content_id,
        notify: input.notify_students.unwrap_or(true),
        now,
    };
    let (db, scope) = (app.db.as_ref(), teacher.scope());
    match deployments::insert(db, &scope, &teacher.0, &new, record).await {
        // What is not there now went away since it was looked at.
        Ok(()) => deployments::by_id(db, &scope, &id).await?.ok_or_else(not_ready),
        Err(error) if lost_the_race(&error) => {
            let id = made_before(app, &teacher.0, record).await?.ok_or(error)?;
            made_deployment(app, teacher, &id).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn made_deployment(app: &App, teacher: &Teacher, id: &str) -> Result<DeploymentRow, ApiError> {
    let id = DeploymentId::parse(id).ok_or_else(key_reused)?;
    deployment_of(app, teacher, &id).await
}

/// Show a deployment
#[utoipa::path(get, path = "/api/v1/roblox/content/deployments/{deployment_id}", tag = "roblox",
    security(("access_token" = [])), params(("deployment_id" = String, Path)),
    responses((status = 200, body = DeploymentOut), Problems))]
async fn show_deployment(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<DeploymentId>,
) -> Result<Out<DeploymentOut>, ApiError> {
    deployment_of(&app, &teacher, &id).await.map(|row| Out(row.into()))
}

/// Roll a deployment back
///
/// The version that was live before is live again. Only the live one can be rolled back; again is no error.
#[utoipa::path(post, path = "/api/v1/roblox/content/deployments/{deployment_id}/rollback", tag = "roblox",
    security(("access_token" = [])), params(("deployment_id" = String, Path)),
    responses((status = 200, body = DeploymentOut), Problems))]
async fn roll_back_deployment(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<DeploymentId>,
) -> Result<Out<DeploymentOut>, ApiError> {
    let row = deployment_of(&app, &teacher, &id).await?;
    let was_live =
        deployments::roll_back(app.db.as_ref(), &teacher.0.school_id, &id, app.clock.now()).await?;
    let row = if was_live { deployment_of(&app, &teacher, &id).await? } else { row };
    if row.status != DeploymentStatus::RolledBack {
        let detail = "It is not what is live; only that can be rolled back.";
        return Err(ApiError::new(ProblemCode::Conflict, detail));
    }
    if was_live {
        let game = game_of(&app, &teacher, &row.game_id).await?;
        tell_room(&app, &game, GameEvent::ContentReady).await;
        if let Some(class) = &game.class_id {
            nudge::soon(&app, &game.school_id, class).await;
        }
    }
    Ok(Out(row.into()))
}

/// List a game's deployments
///
/// Newest first, each with its state, those that failed or were rolled back as well.
#[utoipa::path(get, path = "/api/v1/roblox/games/{game_id}/deployments", tag = "roblox", security(("access_token" = [])),
    params(("game_id" = String, Path), PageQuery), responses((status = 200, body = List<GameDeployment>), Problems))]
async fn list_game_deployments(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<GameId>,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<GameDeployment>>, ApiError> {
    let page = query.page()?;
    let game = game_of(&app, &teacher, &id).await?;
    let rows = deployments::of_game(app.db.as_ref(), &teacher.scope(), &game.id, &page).await?;
    Ok(Out(List::of(rows, &page, |row| row.deployment.id.to_string(), GameDeployment::from)))
}

/// What a game's servers get.
#[derive(Serialize, ToSchema)]
pub struct GameContent {
    /// The game.
    game_id: GameId,
    /// Counted by game; the ETag. After a roll-back it is a lower one again.
    version: i64,
    /// The content that it was made of.
    content_id: ContentId,
    /// What it is.
    kind: ContentKind,
    /// Title. Text that people wrote: filter it before you show it.
    title: String,
    /// The content. Text that people wrote: filter it before you show it.
    body: Document,
    /// Published.
    published_at: Timestamp,
}

impl GameContent {
    fn of(game_id: GameId, row: &LiveRow) -> Self {
        Self {
            game_id,
            version: row.version,
            content_id: row.content_id.clone(),
            kind: row.kind,
            title: row.title.clone(),
            body: Document::stored(&row.body),
            published_at: Timestamp::from_millis(row.published_at),
        }
    }
}

/// Get a game's content
///
/// The live version, for the servers of its class. `If-None-Match` with the version that a server has answers 304, and tells us
/// that it has it. 404 while nothing is live.
#[utoipa::path(get, path = "/api/v1/roblox/games/{game_id}/content", tag = "roblox", security(("game_token" = [])),
    params(("game_id" = String, Path), ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, body = GameContent), (status = 304, description = "It has this version"), Problems))]
async fn show_game_content(
    State(app): State<AppState>,
    Limited(GameServer(claims)): Limited<GameServer>,
    Path(id): Path<GameId>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (db, school) = (app.db.as_ref(), &claims.school_id);
    let live = deployments::live(db, school, &claims.class_id, &id).await?;
    let live = live.ok_or_else(|| ApiError::not_found("content of this game"))?;
    let (name, tag) = etag(live.version);
    let known = headers.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag) {
        return Ok(([(name, tag)], Out(GameContent::of(id, &live))).into_response());
    }
    if live.is_news != 0 {
        deployments::acknowledge(db, school, &id, live.version, app.clock.now()).await?;
    }
    Ok((StatusCode::NOT_MODIFIED, [(name, tag)]).into_response())
}
