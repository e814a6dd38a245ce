//! What a school's admins say to all its people.

use axum::Json as Out;
use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::auth::{Admin, Person};
use super::context::RequestContext;
use super::extract::{Json, List, PageQuery, Path, Query};
use super::idempotency::{IdempotencyKey, lost_the_race, made_before};
use super::problem::{ApiError, ProblemCode, Problems, key_reused};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{AnnouncementId, SchoolId};
use crate::domain::limits::{Action, Per};
use crate::domain::roblox::Texts;
use crate::domain::user::Identity;
use crate::jobs::Job;
use crate::school_channel::SchoolAnnouncement;
use crate::storage::IdempotencyRecord;
use crate::storage::school_announcements::{self, NewAnnouncement, Which};

/// Longest announcement, in characters: half a page, that people read where they are.
const MAX_TEXT: usize = 1000;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(announce_to_school, list_school_announcements))
}

/// What is to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolAnnouncementIn {
    /// 1 to 1,000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    text: String,
}

/// Which announcements.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AnnouncementQuery {
    /// Only those with a higher number.
    after: Option<i64>,
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    /// 1 to 100, 50 when left out.
    limit: Option<i64>,
}

fn own_school(caller: &Identity, school: &SchoolId) -> Result<(), ApiError> {
    if caller.school_id == *school { Ok(()) } else { Err(ApiError::not_found("school")) }
}

/// Announce something to a school
///
/// To everybody with an account there: whoever is connected to the school's channel gets it as the event `announcement` within
/// seconds, others find it in the list.
#[utoipa::path(post, path = "/api/v1/schools/{school_id}/announcements", tag = "people",
    security(("access_token" = [])), params(("school_id" = String, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body again are said once.")),
    request_body = SchoolAnnouncementIn, responses((status = 201, body = SchoolAnnouncement), Problems))]
async fn announce_to_school(
    State(app): State<AppState>,
    Admin(admin): Admin,
    context: RequestContext,
    Path(school): Path<SchoolId>,
    key: IdempotencyKey,
    Json { value: input, fingerprint }: Json<SchoolAnnouncementIn>,
) -> Result<(StatusCode, Out<SchoolAnnouncement>), ApiError> {
    own_school(&admin, &school)?;
    app.count(&context, &[(Action::Announcement, Per::Account.of(admin.user_id.as_str()))]).await?;
    let mut texts = Texts::default();
    let text = texts.text("/text", &input.text, 1, MAX_TEXT);
    if !texts.0.is_empty() {
        return Err(ApiError::invalid(texts.0));
    }
    let record = key.record(&fingerprint);
    let id = match made_before(&app, &admin, record.as_ref()).await? {
        Some(id) => AnnouncementId::parse(&id).ok_or_else(key_reused)?,
        None => insert(&app, &admin, &context, &text, record.as_ref()).await?,
    };
    let said = school_announcements::by_id(app.db.as_ref(), &school, &id).await?;
    let said = said.ok_or_else(|| ApiError::new(ProblemCode::Forbidden, "You are no longer an admin."))?;
    app.enqueue(Job::SchoolAnnounced { school_id: school }).await;
    Ok((StatusCode::CREATED, Out(said)))
}

async fn insert(
    app: &App,
    admin: &Identity,
    context: &RequestContext,
    text: &str,
    record: Option<&IdempotencyRecord>,
) -> Result<AnnouncementId, ApiError> {
    let at = app.clock.now();
    let id = AnnouncementId::new(at, app.entropy.as_ref());
    let event = app
        .audit(&admin.school_id, Subject::user(&admin.user_id), AuditAction::SchoolAnnounced, context)
        .on(Subject::new(SubjectKind::School, admin.school_id.as_str()))
        .with(serde_json::json!({"announcement": id}));
    let new = NewAnnouncement { id: &id, text, at };
    match school_announcements::insert(app.db.as_ref(), admin, &new, &event, record).await {
        Ok(()) => Ok(id),
        Err(error) if lost_the_race(&error) => {
            let first = made_before(app, admin, record).await?.ok_or(error)?;
            AnnouncementId::parse(&first).ok_or_else(key_reused)
        }
        Err(error) => Err(error.into()),
    }
}

/// List a school's announcements
///
/// Newest first; with `after` what somebody missed.
#[utoipa::path(get, path = "/api/v1/schools/{school_id}/announcements", tag = "people",
    security(("access_token" = [])), params(("school_id" = String, Path), AnnouncementQuery),
    responses((status = 200, body = List<SchoolAnnouncement>), Problems))]
async fn list_school_announcements(
    State(app): State<AppState>,
    Person(caller): Person,
    Path(school): Path<SchoolId>,
    Query(AnnouncementQuery { after, cursor, limit }): Query<AnnouncementQuery>,
) -> Result<Out<List<SchoolAnnouncement>>, ApiError> {
    own_school(&caller, &school)?;
    let page = PageQuery { cursor, limit }.page()?;
    let before = page.before.as_deref().map(str::parse).transpose();
    let before = before.map_err(|_| ApiError::new(ProblemCode::Malformed, "cursor: not one of this list"))?;
    let which = Which { after: after.unwrap_or(0), before, limit: page.limit };
    let rows = school_announcements::list(app.db.as_ref(), &school, which).await?;
    Ok(Out(List::of(rows, &page, |row| row.seq.to_string(), |row| row)))
}
