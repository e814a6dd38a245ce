//! Roblox's webhooks: checked over the body as it came, kept once, done by the queue.

use axum::extract::{Request, State};
use http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::ConnectionId;
use crate::domain::limits::{Action, Per};
use crate::domain::roblox::{
    BadSignature, ERASURE, MAX_NOTIFICATION_BYTES, Notification, Purpose, Signature, open,
};
use crate::handlers::context::RequestContext;
use crate::handlers::extract::{Path, bytes};
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::jobs::Job;
use crate::storage::roblox::connections::{self, ConnectionRow};
use crate::storage::roblox::erasure::{self, Which};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(receive_webhook))
}

/// What became of a notification.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// It is kept, and what it asks for is being done.
    Accepted,
    /// It came before.
    Duplicate,
}

/// That a notification was taken.
#[derive(Serialize, ToSchema)]
pub struct WebhookOut {
    /// What became of it.
    status: WebhookStatus,
    /// Roblox's id of it.
    event_id: String,
}

/// As Roblox describes it; what is added later is not looked at.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only describes what Roblox sends")]
#[schema(rename_all = "PascalCase")]
pub struct WebhookIn {
    /// The same however often it is sent.
    notification_id: String,
    /// What happened.
    event_type: String,
    /// When.
    event_time: String,
    /// More about it.
    event_payload: serde_json::Value,
}

fn refused(why: BadSignature) -> ApiError {
    let detail = match why {
        BadSignature::Malformed => "roblox-signature: `t=<unix time>,v1=<base64>` is expected.",
        BadSignature::Expired => "The signature's time is more than ten minutes off.",
        BadSignature::Wrong => "The signature is not of this body and secret.",
    };
    ApiError::new(ProblemCode::InvalidCode, detail)
}

fn check(
    app: &App,
    connection: &ConnectionRow,
    signature: &Signature<'_>,
    body: &[u8],
) -> Result<(), ApiError> {
    let sealed = connection.webhook_secret.as_deref();
    let secret = sealed.and_then(|sealed| {
        open(&app.config.factor_keys, &connection.kid, &connection.id, Purpose::WebhookSecret, sealed)
    });
    let secret = secret.ok_or_else(|| refused(BadSignature::Wrong))?;
    signature.verify(secret.as_bytes(), body).map_err(refused)
}

/// The connection whose secret signed this. What has not the form of a signature of now costs nothing; a wrong one is counted
/// before its secret is looked for, so that a flood of them does not reach D1.
async fn signer(
    app: &App,
    context: &RequestContext,
    id: &ConnectionId,
    signature: &Signature<'_>,
    body: &[u8],
) -> Result<ConnectionRow, ApiError> {
    let guess = app.spend(context, &[(Action::RobloxWebhook, Per::Address.of(context.address()))]).await?;
    let connection = connections::for_webhook(app.db.as_ref(), id).await?;
    let connection = connection.ok_or_else(|| ApiError::not_found("connection"))?;
    check(app, &connection, signature, body)?;
    app.give_back(context, guess).await;
    Ok(connection)
}

/// Take a notification of Roblox
///
/// Signed with the secret of the connection: `roblox-signature`. Requests for erasure are carried out by the queue;
/// notifications of types that we do not know are taken and logged.
#[utoipa::path(post, path = "/api/v1/roblox/webhook/{connection_id}", tag = "roblox",
    params(("connection_id" = String, Path), ("roblox-signature" = Option<String>, Header)), request_body = WebhookIn,
    responses((status = 200, body = WebhookOut), Problems))]
async fn receive_webhook(
    State(app): State<AppState>,
    Path(id): Path<ConnectionId>,
    context: RequestContext,
    headers: HeaderMap,
    request: Request,
) -> Result<Out<WebhookOut>, ApiError> {
    let header = headers.get("roblox-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let signature = Signature::read(header, app.clock.now()).map_err(refused)?;
    let body = bytes(request, &app, "application/json").await?;
    if body.len() > MAX_NOTIFICATION_BYTES {
        return Err(ApiError::new(ProblemCode::PayloadTooLarge, "A notification has at most 64 KB."));
    }
    let connection = signer(&app, &context, &id, &signature, &body).await?;
    let notification = Notification::parse(&body);
    let notification = notification
        .ok_or_else(|| ApiError::new(ProblemCode::Malformed, "The body is no notification of Roblox."))?;
    let payload = erasure_of(&connection, &notification)?;
    let which = Which {
        school_id: &connection.school_id,
        connection_id: &connection.id,
        notification_id: &notification.id,
    };
    let now = app.clock.now();
    let (kept, is_new) =
        erasure::receive(app.db.as_ref(), which, &notification.kind, payload.as_deref(), now).await?;
    if kept.done_at.is_none() {
        // Also when it came before: the message of the first time may be lost.
        let job = Job::RobloxErasure {
            school_id: connection.school_id.clone(),
            connection_id: connection.id.clone(),
            notification_id: notification.id.clone(),
        };
        app.jobs.send(job).await?;
    }
    let line = serde_json::json!({"message": "roblox notification", "level": "info",
        "roblox.connection": connection.id.as_str(), "roblox.event": notification.kind, "roblox.is_new": is_new});
    app.log.line(&line.to_string());
    let status = if is_new { WebhookStatus::Accepted } else { WebhookStatus::Duplicate };
    Ok(Out(WebhookOut { status, event_id: notification.id }))
}

/// What is to be done, as it is kept: whom to forget, in the games that it names and in those of the connection.
fn erasure_of(connection: &ConnectionRow, notification: &Notification) -> Result<Option<String>, ApiError> {
    if notification.kind != ERASURE {
        return Ok(None);
    }
    let request = notification.erasure();
    let mut request = request.ok_or_else(|| {
        ApiError::new(ProblemCode::Malformed, "EventPayload.UserId: who wants to be forgotten?")
    })?;
    request.game_ids.push(connection.universe_id.clone());
    serde_json::to_string(&request).map(Some).map_err(|error| ApiError::internal(error.to_string()))
}
