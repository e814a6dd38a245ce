//! A game's settings: changed by a teacher, felt by its servers.

use axum::extract::State;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::ToSchema;

use super::games::{GameOut, archived, tell_room};
use super::limited::Limited;
use crate::domain::ids::{ClassId, GameId};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::roblox::{
    Document, GameStatus, MAX_DESCRIPTION, MAX_PLAYERS, MAX_SETTINGS_BYTES, MAX_TITLE, MIN_TITLE, Texts,
};
use crate::handlers::AppState;
use crate::handlers::auth::Teacher;
use crate::handlers::extract::{IfMatch, Json, Path, etag};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::rooms::GameEvent;
use crate::storage::roblox::games::{self, Changed, GameChange};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(change_game_settings))
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GamePatch {
    /// 3 to 100 characters.
    title: Option<String>,
    /// At most 500 characters.
    description: Option<String>,
    /// 1 to 50.
    max_players: Option<i64>,
    /// `active` or `paused`.
    status: Option<GameStatus>,
    /// The class that plays it; one that the caller runs.
    class_id: Option<ClassId>,
    /// Roblox's id of the experience, as text.
    universe_id: Option<String>,
    /// Roblox's id of the start place, as text.
    place_id: Option<String>,
    /// Merged into the settings (RFC 7396): a null takes a setting away.
    settings: Option<Document>,
}

fn changed(patch: GamePatch) -> Result<GameChange, ApiError> {
    let mut texts = Texts::default();
    let title = patch.title.map(|text| texts.text("/title", &text, MIN_TITLE, MAX_TITLE));
    let description = patch.description.map(|text| texts.text("/description", &text, 0, MAX_DESCRIPTION));
    if let Some(number) = patch.max_players {
        texts.number("/max_players", number, 1, MAX_PLAYERS);
    }
    if patch.status == Some(GameStatus::Archived) {
        texts.fail("/status", FieldErrorCode::NotAllowed, "delete the game to archive it");
    }
    texts.roblox_id("/universe_id", patch.universe_id.as_deref());
    texts.roblox_id("/place_id", patch.place_id.as_deref());
    if let Some(settings) = &patch.settings {
        texts.document("/settings", settings, MAX_SETTINGS_BYTES);
    }
    if !texts.0.is_empty() {
        return Err(ApiError::invalid(texts.0));
    }
    Ok(GameChange {
        title,
        description,
        max_players: patch.max_players,
        status: patch.status,
        class_id: patch.class_id,
        universe_id: patch.universe_id,
        place_id: patch.place_id,
        settings: patch.settings.map(|settings| settings.text()),
    })
}

/// Change a game's settings
///
/// With `If-Match`, only if nobody else has changed it since. Its servers hear of it by the next sync.
#[utoipa::path(patch, path = "/api/v1/roblox/games/{game_id}/settings", tag = "roblox", security(("access_token" = [])),
    params(("game_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = GamePatch,
    responses((status = 200, body = GameOut), Problems))]
async fn change_game_settings(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
    Path(id): Path<GameId>,
    IfMatch(revision): IfMatch,
    Json { value: patch, .. }: Json<GamePatch>,
) -> Result<impl IntoResponse, ApiError> {
    let change = changed(patch)?;
    let now = app.clock.now();
    match games::update(app.db.as_ref(), &teacher.scope(), &id, &change, revision, now).await? {
        Changed::Done(game) => {
            tell_room(&app, &game, GameEvent::SettingsUpdated).await;
            Ok(([etag(game.revision)], Out(GameOut::from(*game))))
        }
        Changed::NotFound => Err(ApiError::not_found("game")),
        Changed::NoClass => Err(ApiError::not_found("class")),
        Changed::Archived => Err(archived()),
        Changed::Conflict => Err(ApiError::new(
            ProblemCode::PreconditionFailed,
            "Somebody else changed the game. Load it again.",
        )),
        Changed::TooLarge => {
            let detail = format!("merged, they have more than {MAX_SETTINGS_BYTES} bytes of JSON");
            Err(ApiError::invalid(vec![FieldError::new("/settings", FieldErrorCode::TooLong, detail)]))
        }
    }
}
