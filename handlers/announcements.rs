//! Announcements to the pupils of a class.

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use super::AppState;
use super::auth::Teacher;
use super::classes::class_of;
use super::context::RequestContext;
use super::extract::{Json, Path};
use super::idempotency::IdempotencyKey;
use super::out::Out;
use super::problem::{ApiError, Problems};
use super::roblox::nudge;
use super::routing::{OpenApiRouter, routes};
use super::seats::unexpected;
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{AnnouncementId, AuditId, ClassId};
use crate::domain::limits::{Action, Per};
use crate::domain::roblox::Texts;
use crate::rooms::{Announcement, NewAnnouncement, RoomAnswer, RoomOp};

/// Longest announcement, in characters: what a pupil reads in the seconds that a game shows it.
const MAX_TEXT: usize = 300;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(announce))
}

/// What is to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AnnouncementIn {
    /// 1 to 300 characters.
    #[schema(min_length = 1, max_length = 300)]
    text: String,
}

/// Announce something to a class
///
/// Every game of the class gets it with its next sync, as a message `announcement`, and shows it to its pupils. It stands in the
/// class's log (`GET /api/v1/classes/{class_id}/events`); a game that starts later does not get it.
#[utoipa::path(post, path = "/api/v1/classes/{class_id}/announcements", tag = "classes", security(("access_token" = [])),
    params(("class_id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body again are said once.")),
    request_body = AnnouncementIn, responses((status = 201, body = Announcement), Problems))]
async fn announce(
    State(app): State<AppState>,
    teacher: Teacher,
    context: RequestContext,
    Path(class_id): Path<ClassId>,
    IdempotencyKey(key): IdempotencyKey,
    Json { value: input, fingerprint }: Json<AnnouncementIn>,
) -> Result<(StatusCode, Out<Announcement>), ApiError> {
    let user = &teacher.0.user_id;
    app.count(&context, &[(Action::Announcement, Per::Account.of(user.as_str()))]).await?;
    let mut texts = Texts::default();
    let text = texts.text("/text", &input.text, 1, MAX_TEXT);
    if !texts.0.is_empty() {
        return Err(ApiError::invalid(texts.0));
    }
    let class = class_of(&app, &teacher, &class_id).await?;
    let new = NewAnnouncement {
        id: AnnouncementId::new(app.clock.now(), app.entropy.as_ref()),
        text,
        by: user.clone(),
        idempotency_key: key.map(|key| format!("{user}:{key}")),
        fingerprint,
    };
    let said = match app.rooms.call(class.facts(), RoomOp::Announce(new)).await? {
        RoomAnswer::Announced(said) => said,
        other => return Err(unexpected(&other)),
    };
    let mut event = app
        .audit(&class.school_id, Subject::user(user), AuditAction::ClassAnnounced, &context)
        .on(Subject::new(SubjectKind::Class, class.id.as_str()))
        .with(serde_json::json!({"announcement": said.id, "seq": said.seq}));
    event.id = AuditId::of_announcement(&said.id);
    app.write_down(event).await;
    nudge::soon(&app, &class.school_id, &class.id).await;
    Ok((StatusCode::CREATED, Out(said)))
}
