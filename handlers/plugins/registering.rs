//! Coming, staying alive, going.

use axum::extract::State;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::PluginBody;
use super::caller::{PluginCaller, unexpected};
use super::pairing::{PairingOut, admit, offer, paired_update};
use super::plugin_post;
use super::tokens::{IssuedToken, issue};
use crate::domain::ids::PluginId;
use crate::domain::limits::{Action, Per};
use crate::domain::metrics::Metric;
use crate::domain::plugin::{Capability, ConnectionPreferences, Registration, RegistryName};
use crate::domain::time::Timestamp;
use crate::handlers::context::RequestContext;
use crate::handlers::extract::Path;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{AlsoAt, OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::plugins::{Act, Acted, PluginStatus, RegistryAnswer, RegistryOp, Standing};
use crate::storage::plugins;

/// How often a plugin should say that it lives: as the old one does.
const HEARTBEAT_S: u32 = 30;
/// How often it should ask for messages when it does not say otherwise.
const POLL_S: i64 = 2;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(register_plugin).also_at(&["/api/v1/plugins/register"]))
        .routes(routes!(heartbeat).also_at(&["/api/v1/plugins/heartbeat"]))
        .routes(routes!(heartbeat_of_plugin))
        .routes(routes!(refresh_plugin_token).also_at(&["/api/v1/plugins/refresh"]))
        .routes(routes!(unregister_plugin).also_at(&["/api/v1/plugins/unregister"]))
}

/// A plugin that registers. Unknown fields are ignored.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what domain::plugin::Registration reads")]
pub struct RegistrationIn {
    /// Studio's own id of the installation: 5 to 100 letters, digits, `_` and `-`.
    #[schema(min_length = 5, max_length = 100, pattern = "^[A-Za-z0-9_-]*$")]
    studio_id: String,
    /// `game.PlaceId`, as text.
    place_id: Option<String>,
    /// 64989 when left out.
    #[schema(minimum = 1024, maximum = 65535)]
    port: Option<u16>,
    /// 1.0.0 when left out.
    #[schema(min_length = 1, max_length = 20)]
    version: Option<String>,
    /// The Roblox user, as text.
    studio_user_id: Option<String>,
    /// What the plugin says that it can do.
    #[schema(max_items = 20)]
    capabilities: Option<Vec<String>>,
    /// How it would like to talk.
    connection_preferences: Option<ConnectionPreferences>,
}

/// A registered plugin.
#[derive(Serialize, ToSchema)]
pub struct RegisteredOut {
    /// True.
    success: bool,
    /// The plugin.
    plugin_id: PluginId,
    /// The same, by the name that old plugins know.
    session_id: PluginId,
    /// What happened, for people.
    message: &'static str,
    /// Now.
    timestamp: Timestamp,
    /// For `Authorization: Bearer`.
    token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// What it may do.
    capabilities: Vec<Capability>,
    /// Seconds from one heartbeat to the next.
    heartbeat_interval: u32,
    /// Seconds from one poll to the next.
    polling_interval: i64,
    /// How it is paired; nothing where it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pairing: Option<PairingOut>,
}

/// Takes a registration: of a plugin that shows a good token it is that plugin's, of everybody else a new one in a lobby.
async fn register(
    app: &App,
    headers: &HeaderMap,
    context: &RequestContext,
    fields: &Map<String, Value>,
) -> Result<RegisteredOut, ApiError> {
    app.count(context, &[(Action::PluginRegistration, Per::Address.of(context.address()))]).await?;
    let registration = Registration::parse(fields).map_err(|errors| {
        app.metrics.count(Metric::PluginRegistrationErrors, []);
        ApiError::invalid(errors)
    })?;
    let known = known(app, headers, context, &registration).await?;
    let lobby = RegistryName::lobby(&registration);
    let (standing, token) = match known {
        Some(known) => known,
        None => newcomer(app, registration).await?,
    };
    let pairing = if standing.owner.is_none() {
        Some(offer(app, context, &standing, &lobby, &Capability::ALL).await?)
    } else {
        None
    };
    Ok(RegisteredOut { pairing, ..registered(app, standing, token) })
}

fn registered(
    app: &App,
    standing: Standing,
    IssuedToken { token, expires_in }: IssuedToken,
) -> RegisteredOut {
    let preferences = standing.registration.connection_preferences.as_ref();
    RegisteredOut {
        success: true,
        session_id: standing.plugin_id.clone(),
        plugin_id: standing.plugin_id,
        message: "Plugin registered",
        timestamp: app.clock.now(),
        token,
        token_type: "Bearer",
        expires_in,
        capabilities: standing.owner.map(|owner| owner.capabilities).unwrap_or_default(),
        heartbeat_interval: HEARTBEAT_S,
        polling_interval: preferences.and_then(|it| it.polling_interval).unwrap_or(POLL_S),
        pairing: None,
    }
}

/// A plugin that comes back with its token stays who it is. One whose token is good no more is a newcomer.
async fn known(
    app: &App,
    headers: &HeaderMap,
    context: &RequestContext,
    registration: &Registration,
) -> Result<Option<(Standing, IssuedToken)>, ApiError> {
    let value = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some((_, token)) = value.split_once(' ') else { return Ok(None) };
    let is_over = |error: &ApiError| {
        matches!(error.code(), ProblemCode::InvalidToken | ProblemCode::TokenExpired | ProblemCode::NotFound)
    };
    let caller = match PluginCaller::of_token(app, token.trim()).await {
        Ok(caller) => caller,
        Err(error) if is_over(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let registry = &caller.claims.registry;
    if !registry.is_school() && *registry != RegistryName::lobby(registration) {
        return Ok(None);
    }
    match refreshed(app, &caller, context, Some(registration.clone())).await {
        Ok(refreshed) => Ok(Some(refreshed)),
        Err(error) if is_over(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Somebody whom nobody knows.
pub(super) async fn newcomer(
    app: &App,
    registration: Registration,
) -> Result<(Standing, IssuedToken), ApiError> {
    let lobby = RegistryName::lobby(&registration);
    match app.plugins.call(lobby.clone(), RegistryOp::Register(registration)).await? {
        RegistryAnswer::Registered(standing) => {
            app.metrics.count(Metric::PluginsRegistered, []);
            let token = issue(app, &standing, lobby, None).await?;
            Ok((standing, token))
        }
        _ => Err(unexpected()),
    }
}

/// A new token for the caller.
async fn refreshed(
    app: &App,
    caller: &PluginCaller,
    context: &RequestContext,
    registration: Option<Registration>,
) -> Result<(Standing, IssuedToken), ApiError> {
    // First what it was granted: when that cannot be found out, its token stays as it is.
    let claims = &caller.claims;
    let grant = plugins::standing(app.db.as_ref(), &claims.plugin_id).await?;
    if claims.registry.is_school() && grant.is_none() {
        let detail = "The plugin was unpaired, or whoever paired it has no access any more.";
        return Err(ApiError::new(ProblemCode::InvalidToken, detail));
    }
    let Acted::Refreshed(standing) = caller.act(app, context, Act::Refresh(registration)).await? else {
        return Err(unexpected());
    };
    let grant = grant.filter(|grant| !claims.registry.is_school() && grant.epoch == standing.epoch);
    if let Some(grant) = grant {
        return admit(app, &grant).await;
    }
    let token = issue(app, &standing, claims.registry.clone(), claims.school_id.as_ref()).await?;
    Ok((standing, token))
}

/// Register a plugin
///
/// The same Studio at the same place again is the same plugin; its earlier tokens end. With the plugin's own good token it
/// keeps its pairing.
#[utoipa::path(post, path = "/register_plugin", tag = "plugins", request_body = RegistrationIn,
    responses((status = 200, body = RegisteredOut), Problems))]
async fn register_plugin(
    State(app): State<AppState>,
    context: RequestContext,
    headers: HeaderMap,
    PluginBody(fields): PluginBody<Map<String, Value>>,
) -> Result<Out<RegisteredOut>, ApiError> {
    register(&app, &headers, &context, &fields).await.map(Out)
}

/// What a heartbeat brings. Unknown fields are ignored.
#[derive(Deserialize, ToSchema)]
pub struct HeartbeatIn {
    /// The plugin's own id, as old plugins send it.
    #[schema(ignore)]
    session_id: Option<String>,
}

/// A heartbeat was heard.
#[derive(Serialize, ToSchema)]
pub struct HeartbeatOut {
    /// True.
    success: bool,
    /// The plugin.
    plugin_id: PluginId,
    /// Now.
    timestamp: Timestamp,
    /// `active`.
    status: PluginStatus,
    /// Without another word the plugin stays registered until then, whatever happens to this server.
    registered_until: Timestamp,
    /// How many messages wait to be polled.
    messages_waiting: i64,
    /// What the plugin should know at once: `{"type": "paired"}` when it was paired and a token refresh gives it its rights.
    #[schema(value_type = Vec<Object>)]
    updates: Vec<Value>,
}

async fn beat(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: HeartbeatIn,
) -> Result<HeartbeatOut, ApiError> {
    caller.is(input.session_id.as_deref())?;
    let Acted::Beat(beat) = caller.act(app, context, Act::Heartbeat).await? else {
        return Err(unexpected());
    };
    app.metrics.count(Metric::HeartbeatsReceived, []);
    let paired = beat.paired.map(|school_id| paired_update(&school_id));
    Ok(HeartbeatOut {
        success: true,
        plugin_id: caller.claims.plugin_id,
        timestamp: app.clock.now(),
        status: PluginStatus::Active,
        registered_until: beat.registered_until,
        messages_waiting: beat.waiting,
        updates: paired.into_iter().collect(),
    })
}

plugin_post! {
    /// Heartbeat
    heartbeat at "/heartbeat": PluginCaller(HeartbeatIn) -> HeartbeatOut by beat
}

/// Heartbeat of a plugin
///
/// The body is ignored.
#[utoipa::path(post, path = "/plugin/{plugin_id}/heartbeat", tag = "plugins", security(("plugin_token" = [])),
    params(("plugin_id" = String, Path)), responses((status = 200, body = HeartbeatOut), Problems))]
async fn heartbeat_of_plugin(
    State(app): State<AppState>,
    caller: PluginCaller,
    context: RequestContext,
    Path(id): Path<PluginId>,
) -> Result<Out<HeartbeatOut>, ApiError> {
    let input = HeartbeatIn { session_id: Some(id.to_string()) };
    beat(&app, caller, &context, input).await.map(Out)
}

/// Refresh a plugin's token
///
/// The one before goes on for ten seconds. A plugin that was paired meanwhile gets its rights here.
#[utoipa::path(post, path = "/plugin/{plugin_id}/token", tag = "plugins", security(("plugin_token" = [])),
    params(("plugin_id" = String, Path)), responses((status = 200, body = RegisteredOut), Problems))]
async fn refresh_plugin_token(
    State(app): State<AppState>,
    caller: PluginCaller,
    context: RequestContext,
    id: Option<Path<PluginId>>,
) -> Result<Out<RegisteredOut>, ApiError> {
    caller.is(id.as_ref().map(|Path(id)| id.as_str()))?;
    let (standing, token) = refreshed(&app, &caller, &context, None).await?;
    Ok(Out(registered(&app, standing, token)))
}

/// Done.
#[derive(Serialize, ToSchema)]
pub struct DoneOut {
    /// True.
    pub success: bool,
    /// `success`.
    pub status: &'static str,
    /// What happened, for people.
    pub message: &'static str,
}

impl DoneOut {
    pub(super) const fn new(message: &'static str) -> Self {
        Self { success: true, status: "success", message }
    }
}

async fn leave(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: HeartbeatIn,
) -> Result<DoneOut, ApiError> {
    caller.is(input.session_id.as_deref())?;
    caller.act(app, context, Act::Unregister).await?;
    Ok(DoneOut::new("Plugin unregistered"))
}

plugin_post! {
    /// Unregister a plugin
    ///
    /// One that nobody paired is forgotten. A paired one goes offline and stays paired: its token opens as before.
    unregister_plugin at "/unregister_plugin": PluginCaller(HeartbeatIn) -> DoneOut by leave
}
