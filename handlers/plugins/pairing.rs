//! Pairing instead of passwords in Studio: the device authorization grant (RFC 8628). The plugin shows a code, a teacher confirms it
//! on the dashboard, the plugin gets a token with rights. Answers and errors are as the RFC writes them.

use std::collections::BTreeMap;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::caller::unexpected;
use super::registering::newcomer;
use super::tokens::{IssuedToken, issue};
use crate::domain::ids::PluginId;
use crate::domain::key::secret;
use crate::domain::limits::{Action, Per};
use crate::domain::plugin::{Capability, Registration, RegistryName, new_user_code, shown_user_code};
use crate::domain::tokens::{hex, sha256_hex};
use crate::handlers::context::RequestContext;
use crate::handlers::extract::bytes;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::plugins::{Owner, RegistryAnswer, RegistryOp, Standing};
use crate::ports::DbError;
use crate::storage::plugins::{self, GrantRow, NewPairing, PairingState};

/// A code is good for so long.
const LIFE_S: i64 = 600;
/// Seconds between two questions (RFC 8628 section 3.2).
const INTERVAL_S: i64 = 5;
/// Two plugins draw the same code once in a hundred million times; thrice in a row, never.
const DRAWS: usize = 3;
/// The grant's name in OAuth.
const DEVICE_CODE: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(authorize_device)).routes(routes!(get_plugin_token))
}

/// How a plugin is paired (RFC 8628 section 3.2).
#[derive(Serialize, ToSchema)]
pub struct PairingOut {
    /// For the plugin alone.
    device_code: String,
    /// For people: `XXXX-XXXX`.
    user_code: String,
    /// Where a teacher enters it.
    verification_uri: String,
    /// The same, with the code.
    verification_uri_complete: String,
    /// Seconds.
    expires_in: i64,
    /// Seconds to wait between two questions.
    interval: i64,
}

/// The hashes of a person's code, under each key.
pub(super) fn user_code_hashes(app: &App, code: &str) -> Vec<String> {
    app.config.plugin_keys.macs("plugin-user-code", code).map(|mac| hex(&mac)).collect()
}

/// Makes a code for a plugin that waits in a lobby.
pub(super) async fn offer(
    app: &App,
    context: &RequestContext,
    standing: &Standing,
    registry: &RegistryName,
    capabilities: &[Capability],
) -> Result<PairingOut, ApiError> {
    let now = app.clock.now();
    for _ in 0..DRAWS {
        let (device_code, user_code) =
            (secret("pdc_", app.entropy.as_ref()), new_user_code(app.entropy.as_ref()));
        let hashes = user_code_hashes(app, &user_code);
        let new = NewPairing {
            plugin_id: &standing.plugin_id,
            registry,
            epoch: standing.epoch,
            registration: &standing.registration,
            capabilities,
            device_code_hash: &sha256_hex(&device_code),
            user_code_hash: hashes.first().map(String::as_str).unwrap_or_default(),
            country: context.origin.country.as_deref(),
            at: now,
            expires_at: now.plus_millis(LIFE_S * 1000),
            interval_s: INTERVAL_S,
        };
        match plugins::ask(app.db.as_ref(), &new).await {
            Err(DbError::Unique(_)) => {}
            asked => {
                asked?;
                let user_code = shown_user_code(&user_code);
                let verification_uri = format!("{}/pair", app.config.public_url);
                return Ok(PairingOut {
                    verification_uri_complete: format!("{verification_uri}#code={user_code}"),
                    verification_uri,
                    device_code,
                    user_code,
                    expires_in: LIFE_S,
                    interval: INTERVAL_S,
                });
            }
        }
    }
    Err(ApiError::unavailable("no user code is free"))
}

/// Takes a paired plugin into its school's registry, and gives the token that says so. Again is the same as once.
pub(super) async fn admit(app: &App, grant: &GrantRow) -> Result<(Standing, IssuedToken), ApiError> {
    let registry = RegistryName::school(&grant.school_id);
    let op = RegistryOp::Adopt {
        plugin_id: grant.id.clone(),
        registration: grant.registration()?,
        owner: Owner { user_id: grant.user_id.clone(), capabilities: grant.capabilities() },
    };
    match app.plugins.call(registry.clone(), op).await? {
        RegistryAnswer::Registered(standing) => {
            let token = issue(app, &standing, registry, Some(&grant.school_id)).await?;
            Ok((standing, token))
        }
        _ => Err(unexpected()),
    }
}

/// An error of OAuth (RFC 6749 section 5.2, RFC 8628 section 3.5).
#[derive(Serialize, ToSchema)]
pub struct OAuthError {
    /// Such as `authorization_pending`, `slow_down`, `access_denied`, `expired_token`.
    error: &'static str,
    /// For people.
    error_description: &'static str,
}

fn oauth(error: &'static str, error_description: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, Out(OAuthError { error, error_description })).into_response()
}

/// The fields of a form; the first of each name.
async fn form(request: Request, app: &AppState) -> Result<BTreeMap<String, String>, ApiError> {
    let body = bytes(request, app, "application/x-www-form-urlencoded").await?;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_bytes(&body).unwrap_or_default();
    let mut fields = BTreeMap::new();
    for (name, value) in pairs {
        fields.entry(name).or_insert(value);
    }
    Ok(fields)
}

/// A plugin that wants to be paired.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct DeviceAuthorizationIn {
    /// Studio's own id of the installation, as in a registration.
    #[schema(min_length = 5, max_length = 100)]
    client_id: String,
    /// What the plugin asks for: capabilities with spaces between; all of them when left out.
    scope: Option<String>,
    /// `game.PlaceId`.
    place_id: Option<String>,
    /// As in a registration.
    version: Option<String>,
}

/// A plugin that waits for its teacher.
#[derive(Serialize, ToSchema)]
pub struct DeviceAuthorizationOut {
    /// How it is paired.
    #[serde(flatten)]
    pairing: PairingOut,
    /// The plugin.
    plugin_id: PluginId,
}

/// Ask for a pairing code
///
/// RFC 8628 section 3.1; it registers the plugin as well, so the same Studio's earlier token ends. Errors are OAuth's.
#[utoipa::path(post, path = "/api/v1/plugins/device-authorization", tag = "plugins",
    request_body(content = DeviceAuthorizationIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = DeviceAuthorizationOut), (status = 400, body = OAuthError), Problems))]
async fn authorize_device(
    State(app): State<AppState>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    app.count(&context, &[(Action::PluginRegistration, Per::Address.of(context.address()))]).await?;
    let form = form(request, &app).await?;
    let Some(capabilities) = Capability::parse_scope(form.get("scope").map_or("", String::as_str)) else {
        return Ok(oauth("invalid_scope", "A capability is not known."));
    };
    let mut fields = Map::new();
    for (name, known_as) in [("client_id", "studio_id"), ("place_id", "place_id"), ("version", "version")] {
        if let Some(value) = form.get(name) {
            fields.insert(known_as.to_owned(), Value::String(value.clone()));
        }
    }
    let Ok(registration) = Registration::parse(&fields) else {
        return Ok(oauth("invalid_request", "client_id, place_id or version is not what it should be."));
    };
    let registry = RegistryName::lobby(&registration);
    let (standing, _) = newcomer(&app, registration).await?;
    let pairing = offer(&app, &context, &standing, &registry, &capabilities).await?;
    Ok(Out(DeviceAuthorizationOut { pairing, plugin_id: standing.plugin_id }).into_response())
}

/// A plugin that asks whether it was paired.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes the form")]
pub struct PluginTokenIn {
    /// `urn:ietf:params:oauth:grant-type:device_code`.
    grant_type: String,
    /// The plugin's own.
    #[schema(max_length = 100)]
    device_code: String,
    /// Studio's own id of the installation.
    client_id: String,
}

/// A paired plugin's token.
#[derive(Serialize, ToSchema)]
pub struct PluginTokenOut {
    /// For `Authorization: Bearer`.
    access_token: String,
    /// `Bearer`.
    token_type: &'static str,
    /// Seconds.
    expires_in: i64,
    /// The capabilities, with spaces between.
    scope: String,
    /// The plugin.
    plugin_id: PluginId,
}

/// Get a paired plugin's token
///
/// RFC 8628 section 3.4. Until a teacher has decided: 400 with `authorization_pending`; too soon after the last question:
/// `slow_down`, and five seconds more between two from then on. Errors are OAuth's.
#[utoipa::path(post, path = "/api/v1/plugins/token", tag = "plugins",
    request_body(content = PluginTokenIn, content_type = "application/x-www-form-urlencoded"),
    responses((status = 200, body = PluginTokenOut), (status = 400, body = OAuthError), Problems))]
async fn get_plugin_token(
    State(app): State<AppState>,
    context: RequestContext,
    request: Request,
) -> Result<Response, ApiError> {
    app.count(&context, &[(Action::PluginToken, Per::Address.of(context.address()))]).await?;
    let form = form(request, &app).await?;
    if form.get("grant_type").is_some_and(|grant_type| grant_type != DEVICE_CODE) {
        return Ok(oauth("unsupported_grant_type", "Only the device code grant is taken here."));
    }
    let (Some(device_code), Some(client_id), Some(_)) =
        (form.get("device_code"), form.get("client_id"), form.get("grant_type"))
    else {
        return Ok(oauth("invalid_request", "grant_type, device_code and client_id are needed."));
    };
    let now = app.clock.now();
    let row = plugins::poll(app.db.as_ref(), &sha256_hex(device_code), now).await?;
    let Some(row) = row else {
        return Ok(oauth("invalid_grant", "The device code is not known, or was replaced by a newer one."));
    };
    if row.registration()?.studio_id != *client_id {
        return Ok(oauth("invalid_grant", "The device code belongs to another client."));
    }
    if row.expires_at <= now.as_millis() {
        return Ok(oauth("expired_token", "The code is too old; ask for a new one."));
    }
    let is_hasty = row.polled_at.is_some_and(|at| at + row.interval_s * 1000 > now.as_millis());
    match row.state {
        PairingState::Denied => Ok(oauth("access_denied", "A teacher said no.")),
        PairingState::Pending if is_hasty => Ok(oauth("slow_down", "Wait five seconds longer each time.")),
        PairingState::Pending => Ok(oauth("authorization_pending", "No teacher has entered the code yet.")),
        PairingState::Approved => {
            let grant = plugins::standing(app.db.as_ref(), &row.plugin_id).await?;
            let Some(grant) = grant.filter(|grant| grant.epoch == row.epoch) else {
                return Ok(oauth("access_denied", "The pairing was ended."));
            };
            let (standing, IssuedToken { token, expires_in }) = admit(&app, &grant).await?;
            let token = PluginTokenOut {
                access_token: token,
                token_type: "Bearer",
                expires_in,
                scope: Capability::scope(&grant.capabilities()),
                plugin_id: standing.plugin_id,
            };
            Ok(Out(token).into_response())
        }
    }
}

/// What a plugin in a lobby is told when it was paired.
pub(super) fn paired_update(school: &crate::domain::ids::SchoolId) -> Value {
    json!({"type": "paired", "data": {"school_id": school}})
}
