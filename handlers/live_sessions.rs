//! Live sessions: made of a published quiz, moved by a teacher.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::Deserialize;
use utoipa::ToSchema;

use super::auth::Teacher;
use super::classes::{class_in, class_of};
use super::extract::{Json, List, Path};
use super::idempotency::IdempotencyKey;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::reader::{Reader, ResultsRead};
use super::roblox::nudge;
use super::routing::{OpenApiRouter, routes};
use super::seats::unexpected;
use super::{App, AppState};
use crate::domain::ids::{ClassId, QuizId, SessionId};
use crate::domain::live_session::{LiveSession, MAX_ATTEMPTS, MAX_TIME_LIMIT_S, Move, Pace};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::user::Scope;
use crate::rooms::{NewSession, Report, RoomAnswer, RoomOp};
use crate::storage::classes::{self, ClassRow};
use crate::storage::{quizzes, reports};

/// How long a published version is kept in KV: it never changes, so for as long as a term's classes use it.
const VERSION_TTL_S: u64 = 30 * 86_400;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_live_session, list_live_sessions))
        .routes(routes!(show_live_session))
        .routes(routes!(move_live_session))
}

/// A new session.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LiveSessionIn {
    /// A published quiz.
    quiz_id: QuizId,
    /// Who decides which question is open.
    pace: Pace,
    /// Seconds of running time until it ends by itself: 10 to 28800.
    time_limit_s: Option<u32>,
    /// Tries at a question: 1 to 5, 1 when left out.
    max_attempts: Option<u32>,
}

impl LiveSessionIn {
    fn check(&self) -> Result<(), ApiError> {
        let mut errors = Vec::new();
        if self.time_limit_s.is_some_and(|limit| !(10..=MAX_TIME_LIMIT_S).contains(&limit)) {
            let detail = format!("10 to {MAX_TIME_LIMIT_S}");
            errors.push(FieldError::new("/time_limit_s", FieldErrorCode::OutOfRange, detail));
        }
        if self.max_attempts.is_some_and(|attempts| !(1..=MAX_ATTEMPTS).contains(&attempts)) {
            let detail = format!("1 to {MAX_ATTEMPTS}");
            errors.push(FieldError::new("/max_attempts", FieldErrorCode::OutOfRange, detail));
        }
        if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(errors)) }
    }
}

/// The newest published version of a quiz with its keys, from KV when it is there.
async fn published(app: &App, teacher: &Teacher, id: &QuizId) -> Result<(i64, String), ApiError> {
    let quiz = quizzes::by_id(app.db.as_ref(), &teacher.scope(), id).await?;
    let version = quiz.ok_or_else(|| ApiError::not_found("quiz"))?.summary.published_version;
    let version = version.ok_or_else(|| {
        ApiError::new(ProblemCode::QuizNotPublished, "Publish the quiz before a class plays it.")
    })?;
    let key = format!("quiz:{id}:{version}");
    if let Some(body) = app.cache.get(key.clone()).await {
        return Ok((version, body));
    }
    let body = quizzes::version_body(app.db.as_ref(), &teacher.0.school_id, id, version).await?;
    let body = body.ok_or_else(|| ApiError::internal("a published version is missing"))?;
    app.cache.put(key, body.clone(), VERSION_TTL_S).await;
    Ok((version, body))
}

/// Make a live session
///
/// In the lobby, from the newest published version of the quiz.
#[utoipa::path(post, path = "/api/v1/classes/{class_id}/live-sessions", tag = "live", security(("access_token" = [])),
    params(("class_id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same session.")),
    request_body = LiveSessionIn, responses((status = 201, body = LiveSession), Problems))]
async fn create_live_session(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(class_id): Path<ClassId>,
    IdempotencyKey(key): IdempotencyKey,
    Json { value: input, fingerprint }: Json<LiveSessionIn>,
) -> Result<impl IntoResponse, ApiError> {
    input.check()?;
    let class = class_of(&app, &teacher, &class_id).await?;
    let (version, quiz) = published(&app, &teacher, &input.quiz_id).await?;
    let new = NewSession {
        id: SessionId::new(app.clock.now(), app.entropy.as_ref()),
        quiz_id: input.quiz_id,
        quiz_version: u32::try_from(version).unwrap_or(u32::MAX),
        quiz,
        pace: input.pace,
        time_limit_s: input.time_limit_s,
        max_attempts: input.max_attempts.unwrap_or(1),
        idempotency_key: key.map(|key| format!("{}:{key}", teacher.0.user_id)),
        fingerprint,
    };
    let session = session_from(app.rooms.call(class.facts(), RoomOp::CreateSession(Box::new(new))).await?)?;
    // At once, so that the session is found by its id; the room's own report follows with everything else.
    let report = Report::of_session(&class.facts(), &session)?;
    reports::apply(app.db.as_ref(), &report).await?;
    nudge::soon(&app, &class.school_id, &class.id).await;
    let location = format!("/api/v1/live-sessions/{}", session.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Out(session)))
}

fn session_from(answer: RoomAnswer) -> Result<LiveSession, ApiError> {
    match answer {
        RoomAnswer::Session(session) => Ok(session),
        other => Err(unexpected(&other)),
    }
}

/// List live sessions
///
/// The newest hundred, newest first.
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/live-sessions", tag = "live",
    security(("access_token" = []), ("integration_key" = [])),
    params(("class_id" = String, Path)), responses((status = 200, body = List<LiveSession>), Problems))]
async fn list_live_sessions(
    State(app): State<AppState>,
    reader: Reader<ResultsRead>,
    Path(class_id): Path<ClassId>,
) -> Result<Out<List<LiveSession>>, ApiError> {
    let class = class_in(&app, &reader.scope, &class_id).await?;
    match app.rooms.call(class.facts(), RoomOp::Sessions).await? {
        RoomAnswer::Sessions(sessions) => Ok(Out(List::all(sessions))),
        other => Err(unexpected(&other)),
    }
}

async fn class_of_session(app: &App, scope: &Scope, id: &SessionId) -> Result<ClassRow, ApiError> {
    let class = classes::by_session(app.db.as_ref(), scope, id).await?;
    class.ok_or_else(|| ApiError::not_found("live session"))
}

/// Show a live session
#[utoipa::path(get, path = "/api/v1/live-sessions/{session_id}", tag = "live",
    security(("access_token" = []), ("integration_key" = [])),
    params(("session_id" = String, Path)), responses((status = 200, body = LiveSession), Problems))]
async fn show_live_session(
    State(app): State<AppState>,
    reader: Reader<ResultsRead>,
    Path(id): Path<SessionId>,
) -> Result<Out<LiveSession>, ApiError> {
    let class = class_of_session(&app, &reader.scope, &id).await?;
    session_from(app.rooms.call(class.facts(), RoomOp::Session(id)).await?).map(Out)
}

/// Move a live session
///
/// `start` opens it, `next` opens the next question (host pace), `pause` stops the clock, `freeze` asks for eyes on the
/// teacher, `end` is for good. 409 when its state does not allow the move.
#[utoipa::path(post, path = "/api/v1/live-sessions/{session_id}/{move}", tag = "live", security(("access_token" = [])),
    params(("session_id" = String, Path), ("move" = Move, Path)), responses((status = 200, body = LiveSession), Problems))]
async fn move_live_session(
    State(app): State<AppState>,
    teacher: Teacher,
    Path((id, what)): Path<(SessionId, Move)>,
) -> Result<Out<LiveSession>, ApiError> {
    let class = class_of_session(&app, &teacher.scope(), &id).await?;
    let session = session_from(app.rooms.call(class.facts(), RoomOp::MoveSession(id, what)).await?)?;
    nudge::soon(&app, &class.school_id, &class.id).await;
    Ok(Out(session))
}
