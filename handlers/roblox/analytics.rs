//! What games tell of themselves, and what is computed of what is stored. What nobody measured is not here.

use std::collections::BTreeMap;

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Runner, seat_of, student_field};
use super::limited::Limited;
use super::progress::{closed, fingerprint, id_reused};
use crate::domain::ids::{GameId, SeatId, SessionId};
use crate::domain::live_session::Status;
use crate::domain::quiz::FieldErrorCode;
use crate::domain::results::Sheet;
use crate::domain::roblox::{Document, Texts, happened_at};
use crate::domain::time::{DAY_MS, Timestamp};
use crate::handlers::auth::{Admin, Teacher};
use crate::handlers::extract::{Json, Path};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::seats::unexpected;
use crate::handlers::{App, AppState};
use crate::rooms::{Achievement, Refusal, RoomAnswer, RoomOp};
use crate::storage::classes::ClassRow;
use crate::storage::roblox::events::{self, CountRow, Kept, NewEvent};
use crate::storage::{classes, reports};

/// Longest title of an achievement that dashboards show, in characters.
const MAX_ACHIEVEMENT: usize = 100;
/// Largest data of an event, in bytes of JSON.
const MAX_EVENT_BYTES: usize = 4 * 1024;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(record_game_event))
        .routes(routes!(show_session_analytics))
        .routes(routes!(show_performance))
}

/// What happened in a game.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GameEventType {
    /// A pupil came.
    StudentJoin,
    /// A pupil left.
    StudentLeave,
    /// A pupil began a quiz.
    QuizStart,
    /// A pupil ended a quiz.
    QuizComplete,
    /// A pupil reached a checkpoint.
    CheckpointReach,
    /// A pupil unlocked an achievement: `title` in its data is what the class's dashboards are told.
    AchievementUnlock,
}

impl GameEventType {
    /// As stored and sent.
    const fn name(self) -> &'static str {
        match self {
            Self::StudentJoin => "student_join",
            Self::StudentLeave => "student_leave",
            Self::QuizStart => "quiz_start",
            Self::QuizComplete => "quiz_complete",
            Self::CheckpointReach => "checkpoint_reach",
            Self::AchievementUnlock => "achievement_unlock",
        }
    }
}

/// An event.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GameEventIn {
    /// The caller's name for it, the same however often it is sent: 1 to 64 letters, digits, `_`, `-`, `.`, `:`.
    event_id: String,
    /// What happened.
    event_type: GameEventType,
    /// The game.
    game_id: GameId,
    /// The pupil: a seat, or the user of Roblox who sits there, as text.
    #[serde(default)]
    student_id: Option<String>,
    /// The live session that it happened in.
    #[serde(default)]
    session_id: Option<SessionId>,
    /// More about it; at most 4 KB.
    #[serde(default)]
    event_data: Document,
    /// When it happened, now when left out.
    #[serde(default)]
    timestamp: Option<Timestamp>,
}

/// That an event is kept.
#[derive(Serialize, ToSchema)]
pub struct GameEventOut {
    /// The caller's name for it.
    event_id: String,
    /// Whether it was kept before.
    is_duplicate: bool,
    /// The pupil.
    student_id: Option<SeatId>,
}

/// Record an event of a game
///
/// By the game server for its class, or by a teacher of the class. The same event again is kept once.
#[utoipa::path(post, path = "/api/v1/roblox/analytics/event", tag = "roblox",
    security(("access_token" = []), ("game_token" = [])), request_body = GameEventIn,
    responses((status = 201, body = GameEventOut), Problems))]
async fn record_game_event(
    State(app): State<AppState>,
    runner: Runner,
    Json { value: input, .. }: Json<GameEventIn>,
) -> Result<(StatusCode, Out<GameEventOut>), ApiError> {
    let now = app.clock.now();
    let mut texts = Texts::default();
    texts.event_id(&input.event_id);
    texts.document("/event_data", &input.event_data, MAX_EVENT_BYTES);
    let at = happened_at(input.timestamp, now);
    if at.is_none() {
        texts.fail("/timestamp", FieldErrorCode::OutOfRange, "within the last 7 days");
    }
    let (Some(at), true) = (at, texts.0.is_empty()) else { return Err(ApiError::invalid(texts.0)) };
    let who = input.student_id.as_deref().map(student_field).transpose()?;
    let (game, class) = runner.open_game(&app, &input.game_id).await?;
    let seat = match who {
        Some(who) => Some(seat_of(&app, &class, who).await?.id),
        None => None,
    };
    let new = NewEvent {
        school_id: &class.school_id,
        class_id: &class.id,
        event_id: &input.event_id,
        game_id: Some(&game.id),
        session_id: input.session_id.as_ref(),
        seat_id: seat.as_ref(),
        kind: input.event_type.name(),
        data: &input.event_data.text(),
        fingerprint: &fingerprint(&input),
        at,
        now,
    };
    let is_duplicate = match events::keep(app.db.as_ref(), &new).await? {
        Kept::New => {
            tell_achievement(&app, &class, &input, seat.as_ref()).await;
            false
        }
        Kept::Known => true,
        Kept::Reused => return Err(id_reused()),
        Kept::Gone => return Err(closed()),
    };
    let out = GameEventOut { event_id: input.event_id, is_duplicate, student_id: seat };
    Ok((StatusCode::CREATED, Out(out)))
}

/// Tells the class's dashboards of an achievement that has a name. Not being told is no error: it is kept and counted.
async fn tell_achievement(app: &App, class: &ClassRow, input: &GameEventIn, seat: Option<&SeatId>) {
    let title = input.event_data.0.get("title").and_then(serde_json::Value::as_str).map(str::trim);
    let title = title.filter(|title| !title.is_empty());
    let (GameEventType::AchievementUnlock, Some(seat), Some(title)) = (input.event_type, seat, title) else {
        return;
    };
    let title = title.chars().filter(|c| !c.is_control()).take(MAX_ACHIEVEMENT).collect();
    let op = RoomOp::Unlocked(Achievement { seat_id: seat.clone(), title });
    if let Err(error) = app.rooms.call(class.facts(), op).await {
        let line =
            serde_json::json!({"message": "room not told", "level": "warn", "cause": error.to_string()});
        app.log.line(&line.to_string());
    }
}

/// What a live session came to.
#[derive(Serialize, ToSchema)]
pub struct SessionAnalytics {
    /// The session.
    session_id: SessionId,
    /// Where it stands.
    status: Status,
    /// Pupils who were in the class.
    student_count: usize,
    /// Pupils who answered at all.
    participants: usize,
    /// The share of pupils who answered at all, 0 to 1; null without pupils.
    participation_rate: Option<f64>,
    /// The share of questions that were answered, over all pupils, 0 to 1; null without pupils.
    completion_rate: Option<f64>,
    /// The share of right answers among those that were given, 0 to 1; null without answers.
    accuracy: Option<f64>,
    /// The mean of the pupils' points; null without pupils.
    average_points: Option<f64>,
    /// The mean time of an answer, in seconds; null without answers.
    average_answer_s: Option<f64>,
    /// Minutes from its start to its end, or to now; null before it started.
    duration_minutes: Option<f64>,
    /// Question by question, in order.
    learning_outcomes: Vec<QuestionOutcome>,
    /// What games told of it: how many events of each type.
    events: BTreeMap<String, i64>,
}

/// What a question came to.
#[derive(Serialize, ToSchema)]
pub struct QuestionOutcome {
    /// Its number, from 0.
    question: u32,
    /// Pupils who answered it.
    answered: usize,
    /// Pupils who answered it right.
    correct: usize,
}

#[expect(clippy::cast_precision_loss, reason = "counts of a class")]
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[expect(clippy::cast_precision_loss, reason = "counts of a class, and minutes")]
fn analysed(sheet: &Sheet, events: Vec<CountRow>, now: Timestamp) -> SessionAnalytics {
    let session = &sheet.head.session;
    let answers = || sheet.rows.iter().flat_map(|row| &row.answers);
    let (students, given) = (sheet.rows.len(), answers().count());
    let participants = sheet.rows.iter().filter(|row| !row.answers.is_empty()).count();
    let correct = answers().filter(|answer| answer.correct).count();
    let points: u64 = answers().map(|answer| u64::from(answer.points)).sum();
    let millis: i64 = answers().map(|answer| answer.ms).sum();
    let duration = session.started_at.map(|start| session.ended_at.unwrap_or(now).millis_since(start));
    let outcome = |question: u32| {
        let of = || answers().filter(|answer| answer.question == question);
        QuestionOutcome {
            question,
            answered: of().count(),
            correct: of().filter(|answer| answer.correct).count(),
        }
    };
    let questions = usize::try_from(session.question_count).unwrap_or(0);
    SessionAnalytics {
        session_id: session.id.clone(),
        status: session.status,
        student_count: students,
        participants,
        participation_rate: share(participants, students),
        completion_rate: share(given, students.saturating_mul(questions)),
        accuracy: share(correct, given),
        average_points: (students > 0).then(|| points as f64 / students as f64),
        average_answer_s: (given > 0).then(|| millis as f64 / 1000.0 / given as f64),
        duration_minutes: duration.map(|millis| millis as f64 / 60_000.0),
        learning_outcomes: (0..session.question_count).map(outcome).collect(),
        events: events.into_iter().map(|row| (row.name, row.count)).collect(),
    }
}

async fn sheet_of(app: &App, class: &classes::ClassRow, id: &SessionId) -> Result<Sheet, ApiError> {
    let sheet = match app.rooms.call(class.facts(), RoomOp::Results(Some(id.clone()))).await? {
        RoomAnswer::Results(sheet) => Some(*sheet),
        RoomAnswer::Refused(Refusal::NotFound) => {
            reports::sheet(app.db.as_ref(), &class.school_id, &class.id, id).await?
        }
        other => return Err(unexpected(&other)),
    };
    sheet.ok_or_else(|| ApiError::not_found("live session"))
}

/// Show the analytics of a live session
///
/// Computed from the answers and from what games told of it.
#[utoipa::path(get, path = "/api/v1/roblox/analytics/session/{session_id}", tag = "roblox",
    security(("access_token" = [])), params(("session_id" = String, Path)),
    responses((status = 200, body = SessionAnalytics), Problems))]
async fn show_session_analytics(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<SessionId>,
) -> Result<Out<SessionAnalytics>, ApiError> {
    let (db, scope) = (app.db.as_ref(), teacher.scope());
    let class = classes::by_session(db, &scope, &id).await?;
    let class = class.ok_or_else(|| ApiError::not_found("live session"))?;
    let sheet = sheet_of(&app, &class, &id).await?;
    let counted = events::of_session(db, &scope, &id).await?;
    Ok(Out(analysed(&sheet, counted, app.clock.now())))
}

/// What a school's games did lately.
#[derive(Serialize, ToSchema)]
pub struct PerformanceOut {
    /// Since when.
    since: Timestamp,
    /// Games by status, of all time.
    games: BTreeMap<String, i64>,
    /// Live sessions that have not ended.
    open_sessions: i64,
    /// Pupils of whom something was reported.
    active_students: i64,
    /// Reports of progress and checkpoints.
    reports: i64,
    /// Events.
    events: i64,
    /// Deployments by status.
    deployments: BTreeMap<String, i64>,
    /// The mean time from asking for a deployment until it was live, in seconds; null when there was none.
    average_deployment_s: Option<f64>,
    /// The mean time from live until a game server had it, in seconds; null when there was none.
    average_acknowledgement_s: Option<f64>,
}

/// Show what the school's games did
///
/// In the last 24 hours, counted from what is stored. How the server itself is doing is in `/metrics`.
#[utoipa::path(get, path = "/api/v1/roblox/analytics/performance", tag = "roblox", security(("access_token" = [])),
    responses((status = 200, body = PerformanceOut), Problems))]
async fn show_performance(
    State(app): State<AppState>,
    Limited(Admin(admin)): Limited<Admin>,
) -> Result<Out<PerformanceOut>, ApiError> {
    let since = app.clock.now().plus_millis(-DAY_MS);
    let (games, deployments, activity) =
        events::performance(app.db.as_ref(), &admin.school_id, since).await?;
    let map = |rows: Vec<CountRow>| rows.into_iter().map(|row| (row.name, row.count)).collect();
    Ok(Out(PerformanceOut {
        since,
        games: map(games),
        open_sessions: activity.open_sessions,
        active_students: activity.active_students,
        reports: activity.reports,
        events: activity.events,
        deployments: map(deployments),
        average_deployment_s: activity.deployment_ms.map(|millis| millis / 1000.0),
        average_acknowledgement_s: activity.acknowledgement_ms.map(|millis| millis / 1000.0),
    }))
}

/// Where one signs in with Roblox.
#[derive(Serialize, ToSchema)]
pub struct RobloxLoginOut {
    /// The page to open.
    oauth_url: String,
}

/// Roblox's identity provider (its discovery document's issuer).
pub(super) const ROBLOX_ISSUER: &str = "https://apis.roblox.com/oauth";

/// The routes for signing in.
pub fn login_routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_roblox_login))
}

/// Where to sign in with Roblox
///
/// The start of the sign-in at Roblox, if this server is set up for it (`OIDC_PROVIDERS`); its state is kept in a cookie there,
/// never in an answer. 404 otherwise.
#[utoipa::path(get, path = "/api/v1/roblox/auth/login", tag = "roblox",
    responses((status = 200, body = RobloxLoginOut), Problems))]
async fn show_roblox_login(State(app): State<AppState>) -> Result<Out<RobloxLoginOut>, ApiError> {
    let is_roblox = |issuer: &str| issuer.trim_end_matches('/') == ROBLOX_ISSUER;
    let provider = app.config.oidc_providers.iter().find(|provider| is_roblox(&provider.issuer));
    let provider = provider
        .ok_or_else(|| ApiError::new(ProblemCode::NotFound, "This server knows no sign-in at Roblox."))?;
    let oauth_url = format!("{}/api/v1/auth/oidc/{}/start", app.config.public_url, provider.id);
    Ok(Out(RobloxLoginOut { oauth_url }))
}
