//! Connections to universes by Open Cloud, for the admins of a school.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::limited::Limited;
use crate::domain::audit::{AuditAction, AuditEvent, Subject, SubjectKind};
use crate::domain::ids::ConnectionId;
use crate::domain::key::last_four;
use crate::domain::quiz::FieldErrorCode;
use crate::domain::roblox::{Purpose, Texts, open, seal};
use crate::domain::time::Timestamp;
use crate::domain::user::Identity;
use crate::handlers::auth::{Admin, Recent};
use crate::handlers::context::RequestContext;
use crate::handlers::extract::{Json, List, Path};
use crate::handlers::idempotency::{IdempotencyKey, lost_the_race, made_before};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems, key_reused};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::open_cloud::{CloudError, OpenCloud};
use crate::ports::DbError;
use crate::storage::IdempotencyRecord;
use crate::storage::roblox::connections::{self, ConnectionRow};

/// Bounds of an API key, in characters: Roblox's own have some hundreds.
const API_KEY: std::ops::RangeInclusive<usize> = 16..=4096;
/// Bounds of a webhook's secret, in characters.
const WEBHOOK_SECRET: std::ops::RangeInclusive<usize> = 16..=256;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_connection, list_connections))
        .routes(routes!(delete_connection))
        .routes(routes!(test_connection))
}

/// A new connection.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionIn {
    /// Roblox's id of the experience, as text.
    universe_id: String,
    /// A key of Open Cloud with `universe-messaging-service:publish` for this universe: 16 to 4096 visible characters.
    #[schema(min_length = 16, max_length = 4096)]
    api_key: String,
    /// What Roblox signs its webhooks with: 16 to 256 visible characters. Without one no webhook is taken.
    #[serde(default)]
    webhook_secret: Option<String>,
}

/// A connection, without its secrets.
#[derive(Serialize, ToSchema)]
pub struct ConnectionOut {
    /// The connection.
    id: ConnectionId,
    /// The universe.
    universe_id: String,
    /// The end of the API key.
    last_four: String,
    /// Whether webhooks are taken.
    has_webhook_secret: bool,
    /// Where Roblox sends them.
    webhook_url: String,
    /// Made.
    created_at: Timestamp,
}

/// Whether a key of Open Cloud is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloudKeyStatus {
    /// It is.
    Active,
    /// Its owner has switched it off.
    Disabled,
    /// Its time is over, or it was not used for 60 days.
    Expired,
    /// Roblox does not know it, or refuses it.
    Refused,
}

/// What Roblox says of a connection.
#[derive(Serialize, ToSchema)]
pub struct ConnectionTest {
    /// Whether nudges go through.
    ok: bool,
    /// What Roblox says of the key.
    key: CloudKeyStatus,
    /// Whether it may publish messages to this universe.
    may_publish: bool,
    /// When it ends by itself.
    expires_at: Option<Timestamp>,
}

fn out(app: &App, row: ConnectionRow) -> ConnectionOut {
    ConnectionOut {
        webhook_url: format!("{}/api/v1/roblox/webhook/{}", app.config.public_url, row.id),
        id: row.id,
        universe_id: row.universe_id,
        last_four: row.last_four,
        has_webhook_secret: row.webhook_secret.is_some(),
        created_at: Timestamp::from_millis(row.created_at),
    }
}

fn check(input: &ConnectionIn) -> Result<(), ApiError> {
    let mut texts = Texts::default();
    texts.roblox_id("/universe_id", Some(&input.universe_id));
    let secrets = [
        ("/api_key", Some(&input.api_key), API_KEY),
        ("/webhook_secret", input.webhook_secret.as_ref(), WEBHOOK_SECRET),
    ];
    for (pointer, secret, length) in secrets {
        let is_good =
            |text: &String| length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if secret.is_some_and(|text| !is_good(text)) {
            let detail = format!("{} to {} visible ASCII characters", length.start(), length.end());
            texts.fail(pointer, FieldErrorCode::Malformed, detail);
        }
    }
    if texts.0.is_empty() { Ok(()) } else { Err(ApiError::invalid(texts.0)) }
}

fn sealed(app: &App, admin: &Identity, input: &ConnectionIn) -> Result<ConnectionRow, ApiError> {
    let now = app.clock.now();
    let id = ConnectionId::new(now, app.entropy.as_ref());
    let keys = &app.config.factor_keys;
    let seal = |purpose, secret: &str| {
        seal(keys, app.entropy.as_ref(), &id, purpose, secret)
            .ok_or_else(|| ApiError::internal("a secret could not be sealed"))
    };
    let webhook_secret = input.webhook_secret.as_deref();
    Ok(ConnectionRow {
        school_id: admin.school_id.clone(),
        universe_id: input.universe_id.clone(),
        kid: keys.current().to_owned(),
        api_key: seal(Purpose::ApiKey, &input.api_key)?,
        last_four: last_four(&input.api_key).to_owned(),
        webhook_secret: webhook_secret.map(|secret| seal(Purpose::WebhookSecret, secret)).transpose()?,
        created_at: now.as_millis(),
        id,
    })
}

fn event(
    app: &App,
    admin: &Identity,
    action: AuditAction,
    id: &ConnectionId,
    context: &RequestContext,
) -> AuditEvent {
    app.audit(&admin.school_id, Subject::user(&admin.user_id), action, context)
        .on(Subject::new(SubjectKind::Connection, id.as_str()))
}

async fn connection_of(app: &App, admin: &Identity, id: &ConnectionId) -> Result<ConnectionRow, ApiError> {
    let row = connections::by_id(app.db.as_ref(), &admin.school_id, id).await?;
    row.ok_or_else(|| ApiError::not_found("connection"))
}

/// Connect a universe
///
/// Its secrets are sealed and never shown again. One connection a universe.
#[utoipa::path(post, path = "/api/v1/roblox/connections", tag = "roblox", security(("access_token" = [])),
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same connection.")),
    request_body = ConnectionIn, responses((status = 201, body = ConnectionOut), Problems))]
async fn create_connection(
    State(app): State<AppState>,
    context: RequestContext,
    Limited(Recent(Admin(admin))): Limited<Recent<Admin>>,
    key: IdempotencyKey,
    Json { value: input, fingerprint }: Json<ConnectionIn>,
) -> Result<impl IntoResponse, ApiError> {
    check(&input)?;
    let record = key.record(&fingerprint);
    let row = match made_before(&app, &admin, record.as_ref()).await? {
        Some(id) => made_connection(&app, &admin, &id).await?,
        None => insert_connection(&app, &admin, &input, record.as_ref(), &context).await?,
    };
    let location = format!("/api/v1/roblox/connections/{}", row.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Out(out(&app, row))))
}

async fn insert_connection(
    app: &App,
    admin: &Identity,
    input: &ConnectionIn,
    record: Option<&IdempotencyRecord>,
    context: &RequestContext,
) -> Result<ConnectionRow, ApiError> {
    let row = sealed(app, admin, input)?;
    let event = event(app, admin, AuditAction::RobloxConnected, &row.id, context)
        .with(serde_json::json!({"universe_id": row.universe_id}));
    match connections::insert(app.db.as_ref(), &row, admin, record, &event).await {
        Ok(()) => Ok(row),
        Err(DbError::Unique(constraint)) if constraint.starts_with("roblox_connections.") => {
            let detail = "The school has a connection to this universe; delete it first.";
            Err(ApiError::new(ProblemCode::Conflict, detail))
        }
        Err(error) if lost_the_race(&error) => {
            let id = made_before(app, admin, record).await?.ok_or(error)?;
            made_connection(app, admin, &id).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn made_connection(app: &App, admin: &Identity, id: &str) -> Result<ConnectionRow, ApiError> {
    let id = ConnectionId::parse(id).ok_or_else(key_reused)?;
    connection_of(app, admin, &id).await
}

/// List connections
///
/// The newest hundred, newest first.
#[utoipa::path(get, path = "/api/v1/roblox/connections", tag = "roblox", security(("access_token" = [])),
    responses((status = 200, body = List<ConnectionOut>), Problems))]
async fn list_connections(
    State(app): State<AppState>,
    Limited(Admin(admin)): Limited<Admin>,
) -> Result<Out<List<ConnectionOut>>, ApiError> {
    let rows = connections::list(app.db.as_ref(), &admin.school_id).await?;
    Ok(Out(List::all(rows.into_iter().map(|row| out(&app, row)).collect())))
}

/// Delete a connection
///
/// Together with its secrets; no webhook is taken and no server is nudged any more. Again is 404.
#[utoipa::path(delete, path = "/api/v1/roblox/connections/{connection_id}", tag = "roblox",
    security(("access_token" = [])), params(("connection_id" = String, Path)),
    responses((status = 204, description = "Deleted"), Problems))]
async fn delete_connection(
    State(app): State<AppState>,
    context: RequestContext,
    Limited(Recent(Admin(admin))): Limited<Recent<Admin>>,
    Path(id): Path<ConnectionId>,
) -> Result<StatusCode, ApiError> {
    let event = event(&app, &admin, AuditAction::RobloxDisconnected, &id, &context);
    if connections::delete(app.db.as_ref(), &admin.school_id, &id, &event).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(ApiError::not_found("connection"))
    }
}

/// Test a connection
///
/// Asks Roblox what the key may do. 503 while Roblox does not answer.
#[utoipa::path(post, path = "/api/v1/roblox/connections/{connection_id}/test", tag = "roblox",
    security(("access_token" = [])), params(("connection_id" = String, Path)),
    responses((status = 200, body = ConnectionTest), Problems))]
async fn test_connection(
    State(app): State<AppState>,
    Limited(Admin(admin)): Limited<Admin>,
    Path(id): Path<ConnectionId>,
) -> Result<Out<ConnectionTest>, ApiError> {
    let row = connection_of(&app, &admin, &id).await?;
    let key = open(&app.config.factor_keys, &row.kid, &row.id, Purpose::ApiKey, &row.api_key)
        .ok_or_else(|| ApiError::new(ProblemCode::Conflict, "The key cannot be opened; connect anew."))?;
    let cloud = OpenCloud { http: app.http.as_ref(), base_url: &app.config.open_cloud_url };
    match cloud.introspect(&key).await {
        Ok(found) => {
            let key = match (found.enabled, found.expired) {
                (true, false) => CloudKeyStatus::Active,
                (_, true) => CloudKeyStatus::Expired,
                (false, false) => CloudKeyStatus::Disabled,
            };
            let may_publish = found.may_publish(&row.universe_id);
            let ok = key == CloudKeyStatus::Active && may_publish;
            Ok(Out(ConnectionTest { ok, key, may_publish, expires_at: found.expiration_time_utc }))
        }
        Err(CloudError::Refused(_)) => {
            let key = CloudKeyStatus::Refused;
            Ok(Out(ConnectionTest { ok: false, key, may_publish: false, expires_at: None }))
        }
        Err(error) => Err(ApiError::unavailable(error.to_string())),
    }
}
