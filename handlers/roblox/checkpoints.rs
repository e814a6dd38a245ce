//! Checkpoints: where a pupil goes on. The newest ten in each game are kept.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::{Runner, active_seat, student_field};
use super::progress::{closed, fingerprint, id_reused};
use crate::domain::ids::{CheckpointId, GameId};
use crate::domain::roblox::{Document, MAX_CHECKPOINT_BYTES, MAX_TITLE, Texts};
use crate::domain::time::Timestamp;
use crate::handlers::AppState;
use crate::handlers::extract::Json;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::storage::roblox::checkpoints::{self, CheckpointRow, NewCheckpoint};
use crate::storage::roblox::progress::Taken;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(save_checkpoint))
}

/// A new checkpoint.
#[derive(Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckpointIn {
    /// The caller's name for it, the same however often it is sent: 1 to 64 letters, digits, `_`, `-`, `.`, `:`.
    event_id: String,
    /// The game.
    game_id: GameId,
    /// The pupil: a seat, or the user of Roblox who sits there, as text.
    student_id: String,
    /// At most 100 characters; `Checkpoint N` when left out.
    #[serde(default)]
    checkpoint_name: Option<String>,
    /// What the game needs to go on; at most 16 KB.
    checkpoint_data: Document,
    /// Whether the game saved it by itself.
    #[serde(default)]
    auto_save: bool,
}

/// A checkpoint.
#[derive(Serialize, ToSchema)]
pub struct CheckpointOut {
    /// The checkpoint.
    id: CheckpointId,
    /// The game.
    game_id: GameId,
    /// Its name.
    checkpoint_name: String,
    /// What the game needs to go on.
    checkpoint_data: Document,
    /// Whether the game saved it by itself.
    auto_save: bool,
    /// Saved.
    saved_at: Timestamp,
}

impl From<CheckpointRow> for CheckpointOut {
    fn from(row: CheckpointRow) -> Self {
        Self {
            id: row.id,
            game_id: row.game_id,
            checkpoint_name: row.name,
            checkpoint_data: Document::stored(&row.data),
            auto_save: row.auto_save != 0,
            saved_at: Timestamp::from_millis(row.saved_at),
        }
    }
}

/// Save a checkpoint
///
/// By the game server for pupils of its class, or by a teacher of the class. The same event again is the same checkpoint.
#[utoipa::path(post, path = "/api/v1/roblox/progress/checkpoint", tag = "roblox",
    security(("access_token" = []), ("game_token" = [])), request_body = CheckpointIn,
    responses((status = 201, body = CheckpointOut), Problems))]
async fn save_checkpoint(
    State(app): State<AppState>,
    runner: Runner,
    Json { value: input, .. }: Json<CheckpointIn>,
) -> Result<(StatusCode, Out<CheckpointOut>), ApiError> {
    let mut texts = Texts::default();
    texts.event_id(&input.event_id);
    let name = input.checkpoint_name.as_ref().map(|text| texts.text("/checkpoint_name", text, 1, MAX_TITLE));
    texts.document("/checkpoint_data", &input.checkpoint_data, MAX_CHECKPOINT_BYTES);
    if !texts.0.is_empty() {
        return Err(ApiError::invalid(texts.0));
    }
    let who = student_field(&input.student_id)?;
    let (game, class) = runner.open_game(&app, &input.game_id).await?;
    let seat = active_seat(&app, &class, who).await?;
    let now = app.clock.now();
    let new = NewCheckpoint {
        id: &CheckpointId::new(now, app.entropy.as_ref()),
        school_id: &class.school_id,
        class_id: &class.id,
        game_id: &game.id,
        seat_id: &seat.id,
        event_id: &input.event_id,
        fingerprint: &fingerprint(&input),
        name: name.as_deref(),
        auto_save: input.auto_save,
        data: &input.checkpoint_data.text(),
        now,
    };
    match checkpoints::save(app.db.as_ref(), &new).await? {
        Taken::Applied(row) | Taken::Duplicate(row) => Ok((StatusCode::CREATED, Out(row.into()))),
        Taken::Reused => Err(id_reused()),
        Taken::Closed => Err(closed()),
    }
}
