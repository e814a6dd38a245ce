//! A person's notifications, from their inbox.

use axum::extract::State;
use http::StatusCode;

use super::AppState;
use super::auth::Person;
use super::extract::Path;
use super::out::Out;
use super::problem::{ApiError, Problems};
use super::routing::{OpenApiRouter, routes};
use crate::domain::ids::NotificationId;
use crate::inbox::{InboxAnswer, InboxOp, Notifications};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_notifications))
        .routes(routes!(read_all_notifications))
        .routes(routes!(read_notification))
}

/// List notifications
///
/// The newest 200. A pupil who waits to be let in is told once, and settled by itself when somebody decides.
#[utoipa::path(get, path = "/api/v1/notifications", tag = "notifications", security(("access_token" = [])),
    responses((status = 200, body = Notifications), Problems))]
async fn list_notifications(
    State(app): State<AppState>,
    Person(caller): Person,
) -> Result<Out<Notifications>, ApiError> {
    match app.inboxes.call(caller.user_id, InboxOp::List).await? {
        InboxAnswer::Notifications(notifications) => Ok(Out(notifications)),
        _ => Err(ApiError::internal("the inbox gave an answer of another kind")),
    }
}

/// Mark all notifications as read
#[utoipa::path(post, path = "/api/v1/notifications/read", tag = "notifications", security(("access_token" = [])),
    responses((status = 204), Problems))]
async fn read_all_notifications(
    State(app): State<AppState>,
    Person(caller): Person,
) -> Result<StatusCode, ApiError> {
    app.inboxes.call(caller.user_id, InboxOp::ReadAll).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Mark a notification as read
#[utoipa::path(post, path = "/api/v1/notifications/{notification_id}/read", tag = "notifications",
    security(("access_token" = [])), params(("notification_id" = String, Path)),
    responses((status = 204), Problems))]
async fn read_notification(
    State(app): State<AppState>,
    Person(caller): Person,
    Path(id): Path<NotificationId>,
) -> Result<StatusCode, ApiError> {
    match app.inboxes.call(caller.user_id, InboxOp::Read(id)).await? {
        InboxAnswer::NotFound => Err(ApiError::not_found("notification")),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
