//! The board of a game.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Runner;
use super::progress::minutes;
use crate::domain::ids::{GameId, SeatId};
use crate::domain::roblox::BoardType;
use crate::domain::time::Timestamp;
use crate::handlers::AppState;
use crate::handlers::extract::Query;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::storage::roblox::progress::{self, BoardRow};

/// The most places of a board.
const MAX_PLACES: i64 = 100;
/// Places of a board when nobody says.
const DEFAULT_PLACES: i64 = 10;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_game_leaderboard))
}

/// Which board.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct GameBoardQuery {
    /// The game.
    game_id: String,
    /// `score` when left out.
    #[serde(default)]
    #[param(value_type = Option<BoardType>, inline)]
    leaderboard_type: BoardType,
    /// 1 to 100, 10 when left out.
    limit: Option<i64>,
}

/// The board of a game.
#[derive(Serialize, ToSchema)]
pub struct GameBoard {
    /// The game.
    game_id: GameId,
    /// What it is sorted by.
    leaderboard_type: BoardType,
    /// Best first. Who has the same has the same rank.
    entries: Vec<GameBoardEntry>,
    /// All pupils who have played.
    total_students: i64,
    /// The mean over all of them of what the board is sorted by; null while nobody has any.
    class_average: Option<f64>,
}

/// A place on a board.
#[derive(Serialize, ToSchema)]
pub struct GameBoardEntry {
    /// From 1.
    rank: i64,
    /// The pupil.
    student_id: SeatId,
    /// The pupil's name; null in the first seconds after they came. Text that people wrote: filter it before you show it.
    display_name: Option<String>,
    /// The best score.
    score: Option<i64>,
    /// 0 to 100.
    progress: i64,
    /// Minutes.
    time_minutes: f64,
    /// How many objectives were reached.
    objectives_count: i64,
    /// When the last report happened.
    last_active: Timestamp,
}

impl From<BoardRow> for GameBoardEntry {
    fn from(row: BoardRow) -> Self {
        Self {
            rank: row.rank,
            student_id: row.seat_id,
            display_name: row.display_name,
            score: row.best_score,
            progress: row.percent,
            time_minutes: minutes(row.time_spent_s),
            objectives_count: row.objectives,
            last_active: Timestamp::from_millis(row.reported_at),
        }
    }
}

/// Show the leaderboard of a game
#[utoipa::path(get, path = "/api/v1/roblox/progress/leaderboard", tag = "roblox",
    security(("access_token" = []), ("game_token" = [])), params(GameBoardQuery),
    responses((status = 200, body = GameBoard), Problems))]
async fn show_game_leaderboard(
    State(app): State<AppState>,
    runner: Runner,
    Query(query): Query<GameBoardQuery>,
) -> Result<Out<GameBoard>, ApiError> {
    let limit = query.limit.unwrap_or(DEFAULT_PLACES);
    if !(1..=MAX_PLACES).contains(&limit) {
        return Err(ApiError::new(ProblemCode::Malformed, format!("limit: 1 to {MAX_PLACES}")));
    }
    let id = GameId::parse(&query.game_id).ok_or_else(|| ApiError::not_found("game"))?;
    let (game, class) = runner.game(&app, &id).await?;
    let whose = (&class.school_id, &class.id, &game.id);
    let by = query.leaderboard_type;
    let (rows, totals) = progress::board(app.db.as_ref(), whose, by, limit).await?;
    let class_average = match by {
        BoardType::Score => totals.score,
        BoardType::Progress => totals.percent,
        BoardType::Time => totals.time_spent_s.map(|seconds| seconds / 60.0),
    };
    Ok(Out(GameBoard {
        game_id: game.id,
        leaderboard_type: by,
        entries: rows.into_iter().map(GameBoardEntry::from).collect(),
        total_students: totals.students,
        class_average,
    }))
}
