//! Games in Roblox: `/api/v1/roblox/`.

mod games;

use super::AppState;
use super::routing::OpenApiRouter;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().merge(games::routes())
}
