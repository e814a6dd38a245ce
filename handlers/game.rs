//! What Roblox game servers call. Budget of a sync: the token is checked without storage, then one call of the room.

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::future::join;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AppState;
use super::auth::{GameKey, GameServer};
use super::classes::tell_room;
use super::context::RequestContext;
use super::extract::{Json, bytes};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{ClassId, parse_join_code};
use crate::domain::limits::{Action, Per};
use crate::domain::metrics::Metric;
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::tokens::GameClaims;
use crate::jobs::Job;
use crate::rooms::{MAX_EVENTS, SyncCaller, SyncOut, SyncRefusal, SyncReply};
use crate::storage::classes::by_join_code;

/// Largest body of a sync: 200 events of 1.3 KB.
const MAX_SYNC_BYTES: usize = 256 * 1024;
/// Longest id of a Roblox game server; a UUID has 36 characters.
const MAX_JOB_ID: usize = 100;
/// Pace until the first answer says otherwise.
const FIRST_INTERVAL_MS: u32 = 1000;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(open_game_session)).routes(routes!(sync))
}

/// A game server that wants into a class.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GameSessionIn {
    /// `game.PlaceId`, as text.
    place_id: String,
    /// `game.JobId`; anything unique in Studio, where it is empty.
    job_id: String,
    /// What the pupils were told, in any case, with or without spaces.
    class_code: String,
}

/// A game session.
#[derive(Serialize, ToSchema)]
pub struct GameSessionOut {
    /// For `Authorization: Bearer` at every sync.
    token: String,
    /// Seconds.
    expires_in: i64,
    /// The class.
    class: GameClass,
    /// How to sync.
    sync: SyncPlan,
}

/// What a game may know of a class.
#[derive(Serialize, ToSchema)]
pub struct GameClass {
    /// The class.
    id: ClassId,
    /// Its name. Text that people wrote: filter it before you show it.
    name: String,
    /// Its room.
    room_key: String,
}

/// How to sync.
#[derive(Serialize, ToSchema)]
pub struct SyncPlan {
    /// Where.
    url: String,
    /// How long to wait before the first call; every answer says how long before the next.
    interval_ms: u32,
}

fn check(input: &GameSessionIn) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if !(1..=20).contains(&input.place_id.len()) || !input.place_id.bytes().all(|byte| byte.is_ascii_digit())
    {
        errors.push(FieldError::new(
            "/place_id",
            FieldErrorCode::Malformed,
            "a whole number as a string is expected",
        ));
    }
    if !(1..=MAX_JOB_ID).contains(&input.job_id.len())
        || !input.job_id.bytes().all(|byte| byte.is_ascii_graphic())
    {
        errors.push(FieldError::new(
            "/job_id",
            FieldErrorCode::Malformed,
            "1 to 100 visible ASCII characters",
        ));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(errors)) }
}

/// Where the caller reached us, for the sync's address.
fn base_url(headers: &HeaderMap, is_local: bool) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let scheme = if is_local { "http" } else { "https" };
    if host.is_empty() { String::new() } else { format!("{scheme}://{host}") }
}

/// Open a game session
///
/// Exchanges the experience's key and a join code for a token of one class. Unknown or closed code: 404.
#[utoipa::path(post, path = "/api/v1/game/sessions", tag = "game", security(("game_key" = [])), request_body = GameSessionIn,
    responses((status = 201, body = GameSessionOut), Problems))]
async fn open_game_session(
    State(app): State<AppState>,
    GameKey(key): GameKey,
    context: RequestContext,
    headers: HeaderMap,
    Json { value: input, .. }: Json<GameSessionIn>,
) -> Result<impl IntoResponse, ApiError> {
    check(&input)?;
    let guess = app.spend(&context, &[(Action::JoinCode, Per::Key.of(key.id.as_str()))]).await?;
    let class = match parse_join_code(&input.class_code) {
        Some(code) => by_join_code(app.db.as_ref(), &key.school_id, &code).await?,
        None => None,
    };
    let class = class.ok_or_else(|| ApiError::not_found("class with this code"))?;
    join(app.give_back(&context, guess), tell_room(&app, &class)).await;
    let now = app.clock.now();
    let claims = GameClaims {
        class_id: class.id.clone(),
        school_id: class.school_id,
        room_key: class.room_key.clone(),
        key_id: key.id.clone(),
        place_id: input.place_id,
        job_id: input.job_id,
    };
    let expires_in = app.config.game_token_s;
    let token = app
        .config
        .game_keys
        .sign(&claims, now, expires_in)
        .map_err(|error| ApiError::internal(error.to_string()))?;
    let actor = Subject::new(SubjectKind::Key, key.id.as_str());
    let event = app.audit(&key.school_id, actor, AuditAction::KeyUsed, &context);
    let event = event.on(Subject::new(SubjectKind::Class, class.id.as_str()));
    app.enqueue(Job::Audit { event }).await;
    let used = Job::GameKeyUsed { key_id: key.id, school_id: key.school_id, at: now };
    app.enqueue(used).await;
    let url = format!("{}/api/v1/game/sync", base_url(&headers, app.config.is_local));
    let class = GameClass { id: class.id, name: class.name, room_key: class.room_key };
    let sync = SyncPlan { url, interval_ms: FIRST_INTERVAL_MS };
    Ok((StatusCode::CREATED, Out(GameSessionOut { token, expires_in, class, sync })))
}

/// A batch of events; docs/live-class.md has their types.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what the room reads")]
pub struct SyncBody {
    /// The one of the last answer, `"0"` at first.
    cursor: String,
    /// At most 200.
    #[schema(max_items = 200)]
    events: Vec<SyncEvent>,
}

/// An event; which fields it has depends on `type`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what the room reads")]
pub struct SyncEvent {
    /// 1 to 64 letters, digits, `_` and `-`; unique for ever within the class.
    id: String,
    /// `join`, `leave`, `answer` or `progress`.
    #[schema(rename = "type")]
    kind: String,
    /// When the game saw it; the room's own clock counts.
    at: Option<crate::domain::time::Timestamp>,
    /// Of whom.
    player: SyncPlayer,
    /// answer.
    session_id: Option<String>,
    /// answer.
    question_id: Option<String>,
    /// answer: an id, ids, true or false, a number, a text or pairs of ids, by the question's type.
    response: Option<serde_json::Value>,
    /// answer: how long the pupil saw the question.
    elapsed_ms: Option<f64>,
    /// progress.
    progress: Option<crate::rooms::Progress>,
}

/// A pupil.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what the room reads")]
pub struct SyncPlayer {
    /// `player.UserId`, as text.
    user_id: String,
    /// join: `player.DisplayName`.
    display_name: Option<String>,
}

/// Sync
///
/// Events in, results and messages out. Each event is applied, a duplicate or rejected by itself. At most 200 events and
/// 256 KB.
#[utoipa::path(post, path = "/api/v1/game/sync", tag = "game", security(("game_token" = [])), request_body = SyncBody,
    responses((status = 200, body = SyncOut), Problems))]
async fn sync(
    State(app): State<AppState>,
    GameServer(claims): GameServer,
    request: Request,
) -> Result<Response, ApiError> {
    let body = bytes(request, &app, "application/json").await?;
    if body.len() > MAX_SYNC_BYTES {
        return Err(ApiError::new(ProblemCode::PayloadTooLarge, "A sync has at most 256 KB."));
    }
    let settings_version = app.settings.current().await.version;
    let caller = SyncCaller { claims, settings_version };
    let reply = app.rooms.sync(caller.claims.room_key.clone(), caller, body.to_vec()).await;
    let outcome = match &reply {
        Ok(SyncReply::Answer(_)) => "answered",
        Ok(SyncReply::Refused(_)) => "refused",
        Err(_) => "failed",
    };
    app.metrics.count(Metric::RoomSyncs, [("outcome", outcome)]);
    match reply? {
        SyncReply::Answer(json) => Ok(([(header::CONTENT_TYPE, "application/json")], json).into_response()),
        SyncReply::Refused(SyncRefusal::Malformed(detail)) => {
            Err(ApiError::new(ProblemCode::Malformed, detail))
        }
        SyncReply::Refused(SyncRefusal::TooManyEvents) => {
            let detail = format!("A sync has at most {MAX_EVENTS} events.");
            Err(ApiError::new(ProblemCode::TooManyEvents, detail))
        }
        SyncReply::Refused(SyncRefusal::NotReady) => Err(ApiError::unavailable("the room has no class yet")),
    }
}
