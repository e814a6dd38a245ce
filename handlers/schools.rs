//! The caller's school.

use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AppState;
use super::account::checked_name;
use super::auth::{Admin, Person, Recent, Teacher};
use super::context::RequestContext;
use super::extract::Json;
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::SchoolId;
use crate::domain::user::Role;
use crate::storage::schools::{self, SchoolRow};

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(found_school)).routes(routes!(show_school, change_school))
}

/// A school.
#[derive(Serialize, ToSchema)]
pub struct SchoolDetails {
    /// The school.
    id: SchoolId,
    /// Its name.
    name: String,
    /// Whether it is one person's own.
    is_personal: bool,
    /// Whether it wants a second factor of its staff.
    require_second_factor: bool,
}

impl From<SchoolRow> for SchoolDetails {
    fn from(row: SchoolRow) -> Self {
        Self {
            id: row.school_id,
            name: row.name,
            is_personal: row.is_personal != 0,
            require_second_factor: row.require_second_factor != 0,
        }
    }
}

/// A new school.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolIn {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    name: String,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchoolPatch {
    /// 1 to 100 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100)]
    name: Option<String>,
    /// Whether its admins and teachers need a second factor. Felt when their tokens are refreshed.
    #[serde(default)]
    require_second_factor: Option<bool>,
}

/// Found a school
///
/// A teacher who registered by themselves makes their own place a school with a name, and becomes its admin: refresh to get the
/// role. The same again is no error.
#[utoipa::path(post, path = "/api/v1/schools", tag = "people", security(("access_token" = [])), request_body = SchoolIn,
    responses((status = 201, body = SchoolDetails), Problems))]
async fn found_school(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Teacher(caller)): Recent<Teacher>,
    Json { value: input, .. }: Json<SchoolIn>,
) -> Result<(StatusCode, Out<SchoolDetails>), ApiError> {
    let name = checked_name(&input.name, "/name").map_err(|error| ApiError::invalid(vec![error]))?;
    let actor = Subject::user(&caller.user_id);
    let event = app
        .audit(&caller.school_id, actor, AuditAction::SchoolFounded, &context)
        .on(Subject::new(SubjectKind::School, caller.school_id.as_str()));
    match schools::found(app.db.as_ref(), &caller.school_id, &caller.user_id, &name, &event).await? {
        Some((school, Role::Admin)) if school.is_personal == 0 && school.name == name => {
            Ok((StatusCode::CREATED, Out(school.into())))
        }
        _ => Err(ApiError::new(
            ProblemCode::Conflict,
            "You belong to a school already. Register with another address to found another one.",
        )),
    }
}

/// Show my school
#[utoipa::path(get, path = "/api/v1/schools/current", tag = "people", security(("access_token" = [])),
    responses((status = 200, body = SchoolDetails), Problems))]
async fn show_school(
    State(app): State<AppState>,
    Person(caller): Person,
) -> Result<Out<SchoolDetails>, ApiError> {
    let school = schools::by_id(app.db.as_ref(), &caller.school_id).await?;
    school.map(|row| Out(row.into())).ok_or_else(|| ApiError::not_found("school"))
}

/// Change my school
#[utoipa::path(patch, path = "/api/v1/schools/current", tag = "people", security(("access_token" = [])),
    request_body = SchoolPatch, responses((status = 200, body = SchoolDetails), Problems))]
async fn change_school(
    State(app): State<AppState>,
    context: RequestContext,
    Recent(Admin(admin)): Recent<Admin>,
    Json { value: input, .. }: Json<SchoolPatch>,
) -> Result<Out<SchoolDetails>, ApiError> {
    let name = input.name.as_deref().map(|name| checked_name(name, "/name")).transpose();
    let name = name.map_err(|error| ApiError::invalid(vec![error]))?;
    let detail = serde_json::json!({
        "name_changed": name.is_some(),
        "require_second_factor": input.require_second_factor,
    });
    let event = app
        .audit(&admin.school_id, Subject::user(&admin.user_id), AuditAction::SchoolChanged, &context)
        .on(Subject::new(SubjectKind::School, admin.school_id.as_str()))
        .with(detail);
    let change = (name.as_deref(), input.require_second_factor);
    let school = schools::change(app.db.as_ref(), &admin.school_id, &admin.user_id, change, &event).await?;
    school
        .map(|row| Out(row.into()))
        .ok_or_else(|| ApiError::new(ProblemCode::Forbidden, "You are no longer an admin."))
}
