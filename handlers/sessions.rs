//! The sign-ins of the caller: on which devices they are signed in, and how to end one.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;
use super::access::{Ended, end_access};
use super::auth::Account;
use super::context::RequestContext;
use super::extract::{List, Path};
use super::out::Out;
use super::problem::{ApiError, Problems};
use super::routing::{OpenApiRouter, routes};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::SignInId;
use crate::domain::time::Timestamp;
use crate::storage::sessions::{self, EndedWhy, SessionRow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(end))
}

/// A sign-in.
#[derive(Serialize, ToSchema)]
pub struct SessionOut {
    /// The sign-in.
    id: SignInId,
    /// The device in words, like `Chrome on Windows`.
    device: String,
    /// The country, ISO 3166-1 alpha-2, if it is known.
    place: Option<String>,
    /// When it was made.
    created_at: Timestamp,
    /// When it was refreshed last.
    last_used_at: Timestamp,
    /// Whether it is the one that asks.
    is_current: bool,
}

impl SessionOut {
    fn new(row: SessionRow, current: &SignInId) -> Self {
        Self {
            is_current: row.id == *current,
            id: row.id,
            device: row.device,
            place: row.country,
            created_at: Timestamp::from_millis(row.created_at),
            last_used_at: Timestamp::from_millis(row.last_used_at),
        }
    }
}

/// Where am I signed in?
#[utoipa::path(get, path = "/api/v1/auth/sessions", tag = "auth", security(("access_token" = [])),
    responses((status = 200, body = List<SessionOut>), Problems))]
async fn list(
    State(app): State<AppState>,
    Account(caller): Account,
) -> Result<Out<List<SessionOut>>, ApiError> {
    let rows = sessions::list(app.db.as_ref(), &caller.school_id, &caller.user_id, app.clock.now()).await?;
    let items = rows.into_iter().map(|row| SessionOut::new(row, &caller.sign_in_id)).collect();
    Ok(Out(List::all(items)))
}

/// End a sign-in
///
/// Ending one that has ended is no error.
#[utoipa::path(delete, path = "/api/v1/auth/sessions/{session_id}", tag = "auth", security(("access_token" = [])),
    params(("session_id" = String, Path)), responses((status = 204, description = "Ended"), Problems))]
async fn end(
    State(app): State<AppState>,
    context: RequestContext,
    Account(caller): Account,
    Path(id): Path<SignInId>,
) -> Result<StatusCode, ApiError> {
    let now = app.clock.now();
    if sessions::owned(app.db.as_ref(), &caller.school_id, &caller.user_id, &id).await?.is_none() {
        return Err(ApiError::not_found("sign-in"));
    }
    let event =
        app.audit(&caller.school_id, Subject::user(&caller.user_id), AuditAction::SignInEnded, &context);
    let event = event.on(Subject::new(SubjectKind::SignIn, id.as_str()));
    let end = sessions::end_one(&caller.school_id, &caller.user_id, &id, EndedWhy::EndedElsewhere, now);
    sessions::end(app.db.as_ref(), end, &event).await?;
    end_access(&app, &caller.school_id, &caller.user_id, Ended::SignIns(vec![id])).await?;
    Ok(StatusCode::NO_CONTENT)
}
