//! Games in Roblox: `/api/v1/roblox/`.

mod caller;
mod checkpoints;
mod connections;
mod games;
pub(super) mod nudge;
mod progress;
mod webhook;

use super::AppState;
use super::routing::OpenApiRouter;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(games::routes())
        .merge(progress::routes())
        .merge(checkpoints::routes())
        .merge(connections::routes())
        .merge(webhook::routes())
}
