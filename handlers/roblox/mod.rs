//! Games in Roblox: `/api/v1/roblox/`.

mod analytics;
mod caller;
mod checkpoints;
mod connections;
mod content;
mod deployments;
mod game_settings;
mod games;
mod generation;
mod leaderboard;
mod limited;
pub(super) mod nudge;
mod plugin;
mod progress;
mod templates;
mod webhook;

use super::AppState;
use super::routing::OpenApiRouter;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(games::routes())
        .merge(game_settings::routes())
        .merge(progress::routes())
        .merge(leaderboard::routes())
        .merge(checkpoints::routes())
        .merge(connections::routes())
        .merge(webhook::routes())
        .merge(templates::routes())
        .merge(content::routes())
        .merge(deployments::routes())
        .merge(generation::routes())
        .merge(plugin::routes())
        .merge(analytics::routes())
        .merge(analytics::login_routes())
}
