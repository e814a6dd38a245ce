//! Who runs a class: its owner and the co-teachers that were invited. They see and do the same.

use axum::extract::State;
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::AppState;
use super::access::{Ended, end_access};
use super::auth::Teacher;
use super::classes::class_of;
use super::context::RequestContext;
use super::extract::{List, Path};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::routing::{OpenApiRouter, routes};
use crate::domain::audit::{AuditAction, Subject, SubjectKind};
use crate::domain::ids::{ClassId, UserId};
use crate::domain::time::Timestamp;
use crate::domain::user::Role;
use crate::storage::classes::{self, StaffRow};
use crate::storage::people;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_class_teachers)).routes(routes!(remove_class_teacher))
}

/// Somebody who runs a class.
#[derive(Serialize, ToSchema)]
pub struct ClassTeacherOut {
    /// The person.
    user_id: UserId,
    /// Their name.
    display_name: String,
    /// Their address.
    email: String,
    /// Whether the class is theirs.
    is_owner: bool,
    /// Since when.
    added_at: Timestamp,
}

impl From<StaffRow> for ClassTeacherOut {
    fn from(row: StaffRow) -> Self {
        Self {
            user_id: row.user_id,
            display_name: row.display_name,
            email: row.email,
            is_owner: row.is_owner != 0,
            added_at: Timestamp::from_millis(row.since),
        }
    }
}

/// List the teachers of a class
#[utoipa::path(get, path = "/api/v1/classes/{class_id}/teachers", tag = "people", security(("access_token" = [])),
    params(("class_id" = String, Path)), responses((status = 200, body = List<ClassTeacherOut>), Problems))]
async fn list_class_teachers(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(class): Path<ClassId>,
) -> Result<Out<List<ClassTeacherOut>>, ApiError> {
    let class = class_of(&app, &teacher, &class).await?;
    let staff = classes::staff(app.db.as_ref(), &class.school_id, &class.id).await?;
    Ok(Out(List::all(staff.into_iter().map(ClassTeacherOut::from).collect())))
}

/// Take a co-teacher off a class
///
/// They are out of its room at once. Also oneself; never the owner. Again is no error.
#[utoipa::path(delete, path = "/api/v1/classes/{class_id}/teachers/{user_id}", tag = "people",
    security(("access_token" = [])), params(("class_id" = String, Path), ("user_id" = String, Path)),
    responses((status = 204, description = "Removed"), Problems))]
async fn remove_class_teacher(
    State(app): State<AppState>,
    context: RequestContext,
    teacher: Teacher,
    Path((class, user)): Path<(ClassId, UserId)>,
) -> Result<StatusCode, ApiError> {
    let class = class_of(&app, &teacher, &class).await?;
    if class.teacher_id == user {
        return Err(ApiError::new(ProblemCode::Conflict, "The class is theirs."));
    }
    let person = people::by_id(app.db.as_ref(), &class.school_id, &user).await?;
    let person = person.ok_or_else(|| ApiError::not_found("teacher"))?;
    let event = app
        .audit(&class.school_id, Subject::user(&teacher.0.user_id), AuditAction::TeacherRemoved, &context)
        .on(Subject::user(&user))
        .with(serde_json::json!({"class": Subject::new(SubjectKind::Class, class.id.as_str())}));
    classes::remove_teacher(app.db.as_ref(), &class.school_id, &class.id, &user, &event).await?;
    // An admin sees the class all the same.
    if person.role != Role::Admin {
        end_access(&app, &class.school_id, &user, Ended::Room(class.room_key)).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}
