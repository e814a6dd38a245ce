//! Whether the caller's Studio plugin is there.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::limited::Limited;
use crate::domain::plugin::RegistryName;
use crate::domain::time::Timestamp;
use crate::handlers::AppState;
use crate::handlers::auth::Teacher;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::plugins::{PluginStatus, RegistryAnswer, RegistryOp};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(show_studio))
}

/// How the caller's Studio does.
#[derive(Serialize, ToSchema)]
pub struct StudioOut {
    /// Whether a plugin that the caller paired was heard of within ten minutes.
    connected: bool,
    /// The version of the one that was heard of last; null while none is connected.
    version: Option<String>,
    /// When it was heard of; null where none ever was.
    last_seen_at: Option<Timestamp>,
    /// How many of the caller's plugins are connected.
    active_plugins: usize,
}

/// Show whether Studio is connected
///
/// By the plugins that the caller paired; `GET /api/v1/plugins` lists them.
#[utoipa::path(get, path = "/api/v1/roblox/plugin/status", tag = "roblox", security(("access_token" = [])),
    responses((status = 200, body = StudioOut), Problems))]
async fn show_studio(
    State(app): State<AppState>,
    Limited(teacher): Limited<Teacher>,
) -> Result<Out<StudioOut>, ApiError> {
    let registry = RegistryName::school(&teacher.0.school_id);
    let RegistryAnswer::Plugins(views) = app.plugins.call(registry, RegistryOp::List).await? else {
        return Err(ApiError::internal("the registry gave an answer of another kind"));
    };
    let own = || views.iter().filter(|view| view.paired_by.as_ref() == Some(&teacher.0.user_id));
    let active = || own().filter(|view| view.status == PluginStatus::Active);
    let newest = active().max_by_key(|view| view.last_heartbeat);
    Ok(Out(StudioOut {
        connected: newest.is_some(),
        version: newest.map(|view| view.version.clone()),
        last_seen_at: own().filter_map(|view| view.last_heartbeat).max(),
        active_plugins: active().count(),
    }))
}
