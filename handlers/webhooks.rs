//! Webhooks of a class: where its room tells servers what happens on channels.

use axum::Json as Out;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Teacher;
use super::classes::{class_of, tell_room};
use super::context::RequestContext;
use super::extract::{Json, List, Path};
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, AuditEvent, Subject, SubjectKind};
use crate::domain::ids::{ClassId, WebhookId};
use crate::domain::pusher::webhook_secret;
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::time::Timestamp;
use crate::domain::webhook::{MAX_WEBHOOKS, WebhookEvent, is_allowed};
use crate::storage::classes::ClassRow;
use crate::storage::webhooks::{self, Added, NewWebhook, WebhookRow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_webhooks, create_webhook)).routes(routes!(delete_webhook))
}

/// A new endpoint.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassWebhookIn {
    /// Where it is: https, to a name of the public internet; at most 500 characters.
    #[schema(max_length = 500)]
    url: String,
    /// What it is told.
    #[schema(min_items = 1, max_items = 6)]
    events: Vec<WebhookEvent>,
}

/// What came of the last delivery, to a minute.
#[derive(Serialize, ToSchema)]
pub struct DeliveryOut {
    /// When.
    at: Timestamp,
    /// The HTTP status that answered; null when nobody did.
    status: Option<u16>,
}

/// An endpoint, without its secret.
#[derive(Serialize, ToSchema)]
pub struct ClassWebhookOut {
    /// The endpoint.
    id: WebhookId,
    /// Where it is.
    url: String,
    /// What it is told.
    events: Vec<WebhookEvent>,
    /// Made.
    created_at: Timestamp,
    /// The last delivery; null before the first one.
    last_delivery: Option<DeliveryOut>,
}

/// An endpoint that was just made.
#[derive(Serialize, ToSchema)]
pub struct NewClassWebhookOut {
    /// All but the secret.
    #[serde(flatten)]
    about: ClassWebhookOut,
    /// Signs what goes there: `new Pusher({ key: room_key, secret }).webhook(request)` checks it. It is shown this once.
    secret: String,
}

impl From<WebhookRow> for ClassWebhookOut {
    fn from(row: WebhookRow) -> Self {
        let status = row.delivery_status.filter(|status| *status != 0);
        let at = row.delivered_at.map(Timestamp::from_millis);
        Self {
            events: row.events(),
            id: row.id,
            url: row.url,
            created_at: Timestamp::from_millis(row.created_at),
            last_delivery: at.map(|at| DeliveryOut { at, status }),
        }
    }
}

fn check(app: &App, input: &ClassWebhookIn) -> Result<(), ApiError> {
    let mut errors = Vec::new();
    if !is_allowed(&input.url, app.config.is_local) {
        let detail =
            "an https URL with a public host name, at most 500 characters, without user and fragment";
        errors.push(FieldError::new("/url", FieldErrorCode::Malformed, detail));
    }
    let mut events = input.events.clone();
    events.sort();
    events.dedup();
    if events.is_empty() {
        errors.push(FieldError::new("/events", FieldErrorCode::TooFew, "at least one"));
    } else if events.len() < input.events.len() {
        errors.push(FieldError::new("/events", FieldErrorCode::Duplicate, "each event once"));
    }
    if errors.is_empty() { Ok(()) } else { Err(ApiError::invalid(errors)) }
}

/// About the class: the endpoint is in the detail.
fn event(
    app: &App,
    teacher: &Teacher,
    action: AuditAction,
    (class, id): (&ClassRow, &WebhookId),
    context: &RequestContext,
) -> AuditEvent {
    app.audit(&class.school_id, Subject::user(&teacher.0.user_id), action, context)
        .on(Subject::new(SubjectKind::Class, class.id.as_str()))
        .with(serde_json::json!({"webhook": id}))
}

/// List the webhooks of a class
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/webhooks", tag = "realtime", security(("access_token" = [])),
    params(("class_id" = String, Path)), responses((status = 200, body = List<ClassWebhookOut>), Problems))]
async fn list_webhooks(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(class): Path<ClassId>,
) -> Result<Out<List<ClassWebhookOut>>, ApiError> {
    let class = class_of(&app, &teacher, &class).await?;
    let rows = webhooks::list(app.db.as_ref(), &class.school_id, &class.id).await?;
    Ok(Out(List::all(rows.into_iter().map(ClassWebhookOut::from).collect())))
}

/// Add a webhook to a class
///
/// The room of the class tells it what happens on its channels, as Pusher does. The secret is in this answer and nowhere
/// else. Five a class, each URL once.
#[utoipa::path(post, path = "/api/v1/classes/{class_id}/webhooks", tag = "realtime", security(("access_token" = [])),
    params(("class_id" = String, Path)), request_body = ClassWebhookIn, responses((status = 201, body = NewClassWebhookOut), Problems))]
async fn create_webhook(
    State(app): State<AppState>,
    context: RequestContext,
    teacher: Teacher,
    Path(class): Path<ClassId>,
    Json { value: input, .. }: Json<ClassWebhookIn>,
) -> Result<impl IntoResponse, ApiError> {
    let class = class_of(&app, &teacher, &class).await?;
    check(&app, &input)?;
    let id = WebhookId::new(app.clock.now(), app.entropy.as_ref());
    let new = NewWebhook {
        id: &id,
        school_id: &class.school_id,
        class_id: &class.id,
        url: &input.url,
        events: &input.events,
        created_by: &teacher.0.user_id,
    };
    let event = event(&app, &teacher, AuditAction::WebhookCreated, (&class, &id), &context);
    let (row, class) = match webhooks::insert(app.db.as_ref(), &new, &event).await? {
        Added::Done(done) => *done,
        Added::Exists => {
            let detail = "The class has a webhook of this URL. Delete it to get a new secret.";
            return Err(ApiError::new(ProblemCode::Conflict, detail));
        }
        Added::TooMany => {
            let detail = format!("A class has {MAX_WEBHOOKS} webhooks at most.");
            return Err(ApiError::new(ProblemCode::Conflict, detail));
        }
    };
    tell_room(&app, &class).await;
    let secret = webhook_secret(&app.config.realtime_secret, id.as_str());
    let headers = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, headers, Out(NewClassWebhookOut { about: row.into(), secret })))
}

/// Delete a webhook of a class
///
/// What is on its way there still arrives. Again is no error.
#[utoipa::path(delete, path = "/api/v1/classes/{class_id}/webhooks/{webhook_id}", tag = "realtime",
    security(("access_token" = [])), params(("class_id" = String, Path), ("webhook_id" = String, Path)),
    responses((status = 204, description = "Deleted"), Problems))]
async fn delete_webhook(
    State(app): State<AppState>,
    context: RequestContext,
    teacher: Teacher,
    Path((class, id)): Path<(ClassId, WebhookId)>,
) -> Result<StatusCode, ApiError> {
    let class = class_of(&app, &teacher, &class).await?;
    let event = event(&app, &teacher, AuditAction::WebhookDeleted, (&class, &id), &context);
    let which = (&class.school_id, &class.id, &id);
    let changed = webhooks::delete(app.db.as_ref(), which, &event).await?;
    // The first time may have died before it told the room: the second tells again.
    tell_room(&app, changed.as_ref().unwrap_or(&class)).await;
    Ok(StatusCode::NO_CONTENT)
}
