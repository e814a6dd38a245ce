//! Pupils' progress: reported by the game server that they play on or by a teacher of their class, read by both.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Runner, active_seat, seat_of, student, student_field};
use super::checkpoints::CheckpointOut;
use crate::domain::ids::{ClassId, GameId, SeatId, SessionId};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::roblox::{
    Document, MAX_MINUTES, MAX_OBJECTIVE, MAX_OBJECTIVES, MAX_PROGRESS_BYTES, Texts, happened_at, seconds,
};
use crate::domain::time::Timestamp;
use crate::domain::tokens::sha256_hex;
use crate::handlers::extract::{Json, Path, Query};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::json;
use crate::rooms::Student;
use crate::storage::roblox::checkpoints;
use crate::storage::roblox::progress::{self, NewProgress, ProgressRow, Taken};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(update_progress)).routes(routes!(show_progress))
}

/// A report. What is left out stays as it was.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressIn {
    /// The caller's name for this report, the same however often it is sent: 1 to 64 letters, digits, `_`, `-`, `.`, `:`.
    event_id: String,
    /// The game.
    game_id: GameId,
    /// The pupil: a seat, or the user of Roblox who sits there, as text.
    student_id: String,
    /// The live session that it happened in.
    #[serde(default)]
    session_id: Option<SessionId>,
    /// How far the pupil came: 0 to 100.
    #[serde(default)]
    progress: Option<i64>,
    /// 0 to 100.
    #[serde(default)]
    score: Option<i64>,
    /// Added to what there is: 0 to 1440.
    #[serde(default)]
    time_spent_minutes: Option<f64>,
    /// Reached now; what was reached before stays. At most 50, each of at most 200 characters.
    #[serde(default)]
    completed_objectives: Vec<String>,
    /// What the game wants to know again; at most 8 KB.
    #[serde(default)]
    progress_data: Option<Document>,
    /// When it happened, now when left out. A report that is older than the last one takes nothing back.
    #[serde(default)]
    at: Option<Timestamp>,
}

/// Whether a report counted.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportStatus {
    /// It counts.
    Applied,
    /// It counted before.
    Duplicate,
}

/// What became of a report.
#[derive(Serialize, ToSchema)]
pub struct ReportOut {
    /// Whether it counted.
    status: ReportStatus,
    /// The pupil.
    student_id: SeatId,
    /// Where the pupil stands now.
    progress: GameProgress,
}

/// Where a pupil stands in a game.
#[derive(Serialize, ToSchema)]
pub struct GameProgress {
    /// The game.
    game_id: GameId,
    /// 0 to 100.
    progress: i64,
    /// The last score.
    current_score: Option<i64>,
    /// The best score.
    best_score: Option<i64>,
    /// Minutes.
    time_spent_minutes: f64,
    /// What was reached.
    completed_objectives: Vec<String>,
    /// What the game wants to know again.
    progress_data: Document,
    /// The live session of the last report.
    session_id: Option<SessionId>,
    /// When the last report happened.
    last_active: Timestamp,
}

#[expect(clippy::cast_precision_loss, reason = "nobody plays for 2^52 seconds")]
pub(super) fn minutes(seconds: i64) -> f64 {
    (seconds as f64 / 6.0).round() / 10.0
}

impl From<ProgressRow> for GameProgress {
    fn from(row: ProgressRow) -> Self {
        Self {
            game_id: row.game_id,
            progress: row.percent,
            current_score: row.score,
            best_score: row.best_score,
            time_spent_minutes: minutes(row.time_spent_s),
            completed_objectives: json::from_str(&row.objectives).unwrap_or_default(),
            progress_data: Document::stored(&row.data),
            session_id: row.session_id,
            last_active: Timestamp::from_millis(row.reported_at),
        }
    }
}

/// Another report had this id.
pub(super) fn id_reused() -> ApiError {
    let detail = "Another report had this id: give each its own.";
    let error = FieldError::new("/event_id", FieldErrorCode::Duplicate, detail);
    ApiError::invalid(vec![error])
}

/// What a report says, for recognising it.
pub(super) fn fingerprint(said: &impl Serialize) -> String {
    sha256_hex(&serde_json::to_string(said).unwrap_or_default())
}

struct Checked {
    seconds: i64,
    objectives: String,
    at: Timestamp,
}

fn checked(input: &ProgressIn, now: Timestamp) -> Result<Checked, ApiError> {
    let mut texts = Texts::default();
    texts.event_id(&input.event_id);
    for (pointer, value) in [("/progress", input.progress), ("/score", input.score)] {
        if let Some(value) = value {
            texts.number(pointer, value, 0, 100);
        }
    }
    let seconds = seconds(input.time_spent_minutes.unwrap_or(0.0));
    if seconds.is_none() {
        let detail = format!("0 to {MAX_MINUTES}");
        texts.fail("/time_spent_minutes", FieldErrorCode::OutOfRange, detail);
    }
    if input.completed_objectives.len() > MAX_OBJECTIVES {
        texts.fail("/completed_objectives", FieldErrorCode::TooMany, format!("at most {MAX_OBJECTIVES}"));
    }
    let objectives = (0..).zip(input.completed_objectives.iter().take(MAX_OBJECTIVES));
    let objectives: Vec<String> = objectives
        .map(|(n, text)| texts.text(&format!("/completed_objectives/{n}"), text, 1, MAX_OBJECTIVE))
        .collect();
    if let Some(data) = &input.progress_data {
        texts.document("/progress_data", data, MAX_PROGRESS_BYTES);
    }
    let at = happened_at(input.at, now);
    if at.is_none() {
        texts.fail("/at", FieldErrorCode::OutOfRange, "within the last 7 days");
    }
    match (seconds, at) {
        (Some(seconds), Some(at)) if texts.0.is_empty() => {
            let objectives = serde_json::to_string(&objectives).unwrap_or_default();
            Ok(Checked { seconds, objectives, at })
        }
        _ => Err(ApiError::invalid(texts.0)),
    }
}

/// Report progress
///
/// By the game server for pupils of its class, or by a teacher of the class. The same event again counts once; one that
/// comes late adds its time and takes nothing back.
#[utoipa::path(post, path = "/api/v1/roblox/progress/update", tag = "roblox",
    security(("access_token" = []), ("game_token" = [])), request_body = ProgressIn,
    responses((status = 200, body = ReportOut), Problems))]
async fn update_progress(
    State(app): State<AppState>,
    runner: Runner,
    Json { value: input, .. }: Json<ProgressIn>,
) -> Result<Out<ReportOut>, ApiError> {
    let now = app.clock.now();
    let Checked { seconds, objectives, at } = checked(&input, now)?;
    let who = student_field(&input.student_id)?;
    let (game, class) = runner.open_game(&app, &input.game_id).await?;
    let seat = active_seat(&app, &class, who).await?;
    let data = input.progress_data.as_ref().map(Document::text);
    let new = NewProgress {
        school_id: &class.school_id,
        class_id: &class.id,
        game_id: &game.id,
        seat_id: &seat.id,
        event_id: &input.event_id,
        fingerprint: &fingerprint(&input),
        percent: input.progress,
        score: input.score,
        time_spent_s: seconds,
        objectives: &objectives,
        data: data.as_deref(),
        session_id: input.session_id.as_ref(),
        at,
        now,
    };
    let (status, row) = match progress::report(app.db.as_ref(), &new).await? {
        Taken::Applied(row) => (ReportStatus::Applied, row),
        Taken::Duplicate(row) => (ReportStatus::Duplicate, row),
        Taken::Reused => return Err(id_reused()),
        Taken::Closed => return Err(closed()),
    };
    Ok(Out(ReportOut { status, student_id: seat.id, progress: row.into() }))
}

/// The game or the seat went away while the report was on its way.
pub(super) fn closed() -> ApiError {
    ApiError::new(ProblemCode::Conflict, "The game no longer takes reports of this pupil.")
}

/// Of which game.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ProgressQuery {
    /// All games of the pupil's class when left out.
    game_id: Option<String>,
}

/// A pupil's progress.
#[derive(Serialize, ToSchema)]
pub struct ProgressOut {
    /// The pupil.
    student_id: SeatId,
    /// The mean over the games, 0 to 100.
    overall_progress: i64,
    /// What was reached in any of them.
    completed_objectives: Vec<String>,
    /// The last score in the game that was played last.
    current_score: Option<i64>,
    /// Minutes in all of them.
    time_spent_minutes: f64,
    /// When the last report happened.
    last_active: Timestamp,
    /// Game by game, the one played last first.
    games: Vec<GameProgress>,
    /// The newest ten.
    checkpoints: Vec<CheckpointOut>,
}

/// The pupil and the class that bounds what is read.
async fn whose(
    app: &App,
    runner: &Runner,
    text: &str,
    game: Option<&GameId>,
) -> Result<(SeatId, Option<ClassId>), ApiError> {
    let unknown = || ApiError::not_found("student");
    let class = match (game, runner) {
        (Some(game), _) => Some(runner.game(app, game).await?.1),
        (None, Runner::Server(claims)) => Some(runner.class(app, &claims.class_id).await?),
        (None, Runner::Teacher(_)) => None,
    };
    match (student(text).ok_or_else(unknown)?, class) {
        (Student::Seat(seat), class) => Ok((seat, class.map(|class| class.id))),
        (user, Some(class)) => Ok((seat_of(app, &class, user).await?.id, Some(class.id))),
        (Student::User(_), None) => {
            let detail = "game_id: say in which game this user of Roblox plays, or name the seat";
            Err(ApiError::new(ProblemCode::Malformed, detail))
        }
    }
}

fn game_id(text: Option<&str>) -> Result<Option<GameId>, ApiError> {
    match text.map(GameId::parse) {
        Some(None) => Err(ApiError::not_found("game")),
        known => Ok(known.flatten()),
    }
}

/// Show a pupil's progress
///
/// The pupil is a seat, or a user of Roblox together with `game_id` or a game server's token. 404 while nothing was reported.
#[utoipa::path(get, path = "/api/v1/roblox/progress/{student_id}", tag = "roblox",
    security(("access_token" = []), ("game_token" = [])), params(("student_id" = String, Path), ProgressQuery),
    responses((status = 200, body = ProgressOut), Problems))]
async fn show_progress(
    State(app): State<AppState>,
    runner: Runner,
    Path(who): Path<String>,
    Query(query): Query<ProgressQuery>,
) -> Result<Out<ProgressOut>, ApiError> {
    let game = game_id(query.game_id.as_deref())?;
    let (seat, class) = whose(&app, &runner, &who, game.as_ref()).await?;
    let (db, (scope, _)) = (app.db.as_ref(), runner.scope());
    let rows = progress::of_student(db, &scope, &seat, class.as_ref(), game.as_ref()).await?;
    let saved = checkpoints::of_student(db, &scope, &seat, class.as_ref(), game.as_ref()).await?;
    summary(seat, rows, saved.into_iter().map(CheckpointOut::from).collect())
        .map(Out)
        .ok_or_else(|| ApiError::not_found("progress"))
}

fn summary(
    student_id: SeatId,
    rows: Vec<ProgressRow>,
    checkpoints: Vec<CheckpointOut>,
) -> Option<ProgressOut> {
    let newest = rows.first()?;
    let (last_active, current_score) = (Timestamp::from_millis(newest.reported_at), newest.score);
    let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let overall_progress = rows.iter().map(|row| row.percent).sum::<i64>() / count;
    let time_spent_minutes = minutes(rows.iter().map(|row| row.time_spent_s).sum());
    let games: Vec<GameProgress> = rows.into_iter().map(GameProgress::from).collect();
    let mut reached: Vec<String> =
        games.iter().flat_map(|game| game.completed_objectives.iter().cloned()).collect();
    reached.sort_unstable();
    reached.dedup();
    Some(ProgressOut {
        student_id,
        overall_progress,
        completed_objectives: reached,
        current_score,
        time_spent_minutes,
        last_active,
        games,
        checkpoints,
    })
}
