//! What a plugin sees: itself, the teacher's other plugins, how the server is.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::caller::{PluginCaller, unexpected};
use crate::content_cache::CacheStats;
use crate::domain::ids::PluginId;
use crate::domain::time::Timestamp;
use crate::handlers::context::RequestContext;
use crate::handlers::extract::Path;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{AlsoAt, OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::plugins::{Act, Acted, PluginStatus, PluginView};

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(show_plugin).also_at(&["/api/v1/plugins/me"]))
        .routes(routes!(list_own_plugins).also_at(&["/api/v1/plugins/mine"]))
        .routes(routes!(plugin_status).also_at(&["/api/v1/plugins/status"]))
}

/// A plugin.
#[derive(Serialize, ToSchema)]
pub struct PluginOut {
    /// True.
    success: bool,
    /// The plugin. Never with its token.
    plugin: PluginView,
}

/// Show a plugin
///
/// Itself; that of another one is not found.
#[utoipa::path(get, path = "/plugin/{plugin_id}", tag = "plugins", security(("plugin_token" = [])),
    params(("plugin_id" = String, Path)), responses((status = 200, body = PluginOut), Problems))]
async fn show_plugin(
    State(app): State<AppState>,
    caller: PluginCaller,
    context: RequestContext,
    id: Option<Path<PluginId>>,
) -> Result<Out<PluginOut>, ApiError> {
    caller.is(id.as_ref().map(|Path(id)| id.as_str()))?;
    match caller.act(&app, &context, Act::Show).await? {
        Acted::Plugins(plugins) => {
            let plugin = plugins.into_iter().next().ok_or_else(|| ApiError::not_found("plugin"))?;
            Ok(Out(PluginOut { success: true, plugin }))
        }
        _ => Err(unexpected()),
    }
}

/// Plugins.
#[derive(Serialize, ToSchema)]
pub struct PluginsOut {
    /// True.
    success: bool,
    /// Those of the teacher who paired this one; itself alone while it is unpaired.
    plugins: Vec<PluginView>,
    /// How many.
    count: usize,
}

async fn own(app: &App, caller: &PluginCaller, context: &RequestContext) -> Result<PluginsOut, ApiError> {
    match caller.act(app, context, Act::List).await? {
        Acted::Plugins(plugins) => Ok(PluginsOut { success: true, count: plugins.len(), plugins }),
        _ => Err(unexpected()),
    }
}

/// List the teacher's plugins
#[utoipa::path(get, path = "/plugins", tag = "plugins", security(("plugin_token" = [])),
    responses((status = 200, body = PluginsOut), Problems))]
async fn list_own_plugins(
    State(app): State<AppState>,
    caller: PluginCaller,
    context: RequestContext,
) -> Result<Out<PluginsOut>, ApiError> {
    own(&app, &caller, &context).await.map(Out)
}

/// What an operator set for plugins.
#[derive(Serialize, ToSchema)]
pub struct PluginConfigOut {
    /// Calls of one plugin in a window.
    rate_limit_requests: u32,
    /// The window, in seconds.
    rate_limit_window: u32,
    /// Hours that a token lives.
    token_expiry_hours: i64,
}

/// How this server is for a plugin.
#[derive(Serialize, ToSchema)]
pub struct StatusOut {
    /// The server's name.
    service: &'static str,
    /// `running`.
    status: &'static str,
    /// The server's version.
    version: &'static str,
    /// Now.
    timestamp: Timestamp,
    /// The teacher's plugins that were heard of within ten minutes.
    active_plugins: usize,
    /// What holds for plugins.
    config: PluginConfigOut,
    /// The cache of generated content; null for a plugin that nobody paired, and while the cache does not answer.
    cache_stats: Option<CacheStats>,
}

async fn status(app: &App, caller: &PluginCaller, context: &RequestContext) -> Result<StatusOut, ApiError> {
    let plugins = own(app, caller, context).await?.plugins;
    Ok(StatusOut {
        service: "ToolboxAI Edge",
        status: "running",
        version: env!("CARGO_PKG_VERSION"),
        timestamp: app.clock.now(),
        active_plugins: plugins.iter().filter(|plugin| plugin.status == PluginStatus::Active).count(),
        config: PluginConfigOut {
            rate_limit_requests: caller.limit().hits,
            rate_limit_window: caller.limit().window_s,
            token_expiry_hours: caller.token_hours(),
        },
        cache_stats: match caller.claims.owner() {
            Some(_) => app.content_cache.stats().await.ok(),
            None => None,
        },
    })
}

/// How the server is
#[utoipa::path(get, path = "/status", tag = "plugins", security(("plugin_token" = [])),
    responses((status = 200, body = StatusOut), Problems))]
async fn plugin_status(
    State(app): State<AppState>,
    caller: PluginCaller,
    context: RequestContext,
) -> Result<Out<StatusOut>, ApiError> {
    status(&app, &caller, &context).await.map(Out)
}
