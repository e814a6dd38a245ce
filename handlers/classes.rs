//! Classes and their join codes.

use axum::extract::State;
use axum::response::IntoResponse;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Teacher;
use super::extract::{IfMatch, Json, List, PageQuery, Path, Query, etag};
use super::idempotency::{IdempotencyKey, lost_the_race, made_before};
use super::out::Out;
use super::problem::{ApiError, ProblemCode, Problems};
use super::reader::{ClassesRead, Reader};
use super::routing::{OpenApiRouter, routes};
use super::{App, AppState};
use crate::domain::class::{
    DEFAULT_CAPACITY, JoinPolicy, MAX_CAPACITY, MAX_GRADE_LEVEL, MAX_NAME, MAX_SUBJECT,
};
use crate::domain::ids::{ClassId, UserId, new_join_code, new_room_key};
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::time::Timestamp;
use crate::domain::user::Scope;
use crate::ports::DbError;
use crate::rooms::RoomOp;
use crate::storage::Written;
use crate::storage::classes::{self, ClassChange, ClassRow};

/// How often a taken code is drawn anew. With a million classes one draw in 150 is taken.
const CODE_DRAWS: usize = 8;

/// The routes.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(create_class, list_classes))
        .routes(routes!(show_class, update_class))
        .routes(routes!(rotate_join_code, close_join_code))
}

/// A new class.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassIn {
    /// 1 to 200 characters.
    name: String,
    /// 1 to 50 characters.
    subject: String,
    /// 0 (kindergarten) to 13.
    grade_level: i64,
    /// 1 to 200, 30 when left out.
    capacity: Option<i64>,
    /// `open` when left out.
    join_policy: Option<JoinPolicy>,
}

/// What changes; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClassPatch {
    /// 1 to 200 characters.
    name: Option<String>,
    /// 1 to 50 characters.
    subject: Option<String>,
    /// 0 (kindergarten) to 13.
    grade_level: Option<i64>,
    /// 1 to 200.
    capacity: Option<i64>,
    /// How pupils come in.
    join_policy: Option<JoinPolicy>,
}

/// A class.
#[derive(Serialize, ToSchema)]
pub struct ClassOut {
    /// The class.
    id: ClassId,
    /// Who teaches it.
    teacher_id: UserId,
    /// Name.
    name: String,
    /// Subject.
    subject: String,
    /// School year.
    grade_level: i64,
    /// The most seats.
    capacity: i64,
    /// How pupils come in.
    join_policy: JoinPolicy,
    /// What pupils type in the game; null while it is closed.
    join_code: Option<String>,
    /// The app key of the room's channels.
    room_key: String,
    /// Counts the changes; the ETag.
    revision: i64,
    /// Made.
    created_at: Timestamp,
    /// Changed last.
    updated_at: Timestamp,
}

impl From<ClassRow> for ClassOut {
    fn from(row: ClassRow) -> Self {
        Self {
            id: row.id,
            teacher_id: row.teacher_id,
            name: row.name,
            subject: row.subject,
            grade_level: row.grade_level,
            capacity: row.capacity,
            join_policy: row.join_policy,
            join_code: row.join_code,
            room_key: row.room_key,
            revision: row.revision,
            created_at: Timestamp::from_millis(row.created_at),
            updated_at: Timestamp::from_millis(row.updated_at),
        }
    }
}

fn with_etag(row: ClassRow) -> impl IntoResponse {
    ([etag(row.revision)], Out(ClassOut::from(row)))
}

/// The class, if the caller may see it.
pub(super) async fn class_of(app: &App, teacher: &Teacher, id: &ClassId) -> Result<ClassRow, ApiError> {
    class_in(app, &teacher.scope(), id).await
}

/// The class, if it is in the scope.
pub(super) async fn class_in(app: &App, scope: &Scope, id: &ClassId) -> Result<ClassRow, ApiError> {
    let class = classes::by_id(app.db.as_ref(), scope, id).await?;
    class.ok_or_else(|| ApiError::not_found("class"))
}

/// Collects the fields at fault.
#[derive(Default)]
struct Fields(Vec<FieldError>);

impl Fields {
    fn text(&mut self, pointer: &str, value: Option<&str>, most: usize) -> Option<String> {
        let text = value?.trim();
        if text.is_empty() {
            self.0.push(FieldError::new(pointer, FieldErrorCode::Required, "must not be empty"));
        } else if text.chars().count() > most {
            self.0.push(FieldError::new(
                pointer,
                FieldErrorCode::TooLong,
                format!("at most {most} characters"),
            ));
        }
        Some(text.to_owned())
    }

    fn number(&mut self, pointer: &str, value: Option<i64>, least: i64, most: i64) -> Option<i64> {
        if value.is_some_and(|value| !(least..=most).contains(&value)) {
            self.0.push(FieldError::new(pointer, FieldErrorCode::OutOfRange, format!("{least} to {most}")));
        }
        value
    }
}

fn checked(patch: &ClassPatch) -> Result<ClassChange, ApiError> {
    let mut fields = Fields::default();
    let change = ClassChange {
        name: fields.text("/name", patch.name.as_deref(), MAX_NAME),
        subject: fields.text("/subject", patch.subject.as_deref(), MAX_SUBJECT),
        grade_level: fields.number("/grade_level", patch.grade_level, 0, MAX_GRADE_LEVEL),
        capacity: fields.number("/capacity", patch.capacity, 1, MAX_CAPACITY),
        join_policy: patch.join_policy,
    };
    if fields.0.is_empty() { Ok(change) } else { Err(ApiError::invalid(fields.0)) }
}

fn new_class(app: &App, teacher: &Teacher, change: ClassChange) -> ClassRow {
    let now = app.clock.now();
    let entropy = app.entropy.as_ref();
    ClassRow {
        id: ClassId::new(now, entropy),
        school_id: teacher.0.school_id.clone(),
        teacher_id: teacher.0.user_id.clone(),
        name: change.name.unwrap_or_default(),
        subject: change.subject.unwrap_or_default(),
        grade_level: change.grade_level.unwrap_or_default(),
        capacity: change.capacity.unwrap_or(DEFAULT_CAPACITY),
        join_policy: change.join_policy.unwrap_or_default(),
        join_code: Some(new_join_code(entropy)),
        room_key: new_room_key(entropy),
        webhooks: "[]".to_owned(),
        revision: 1,
        created_at: now.as_millis(),
        updated_at: now.as_millis(),
    }
}

/// Tells the room what its class is. Not being told now is no error: every later call tells it again.
pub(super) async fn tell_room(app: &App, class: &ClassRow) {
    if let Err(error) = app.rooms.call(class.facts(), RoomOp::Configure).await {
        let line =
            serde_json::json!({"message": "room not told", "level": "warn", "cause": error.to_string()});
        app.log.line(&line.to_string());
    }
}

/// Make a class
#[utoipa::path(post, path = "/api/v1/classes", tag = "classes", security(("access_token" = [])), request_body = ClassIn,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body again give the same class.")),
    responses((status = 201, body = ClassOut), Problems))]
async fn create_class(
    State(app): State<AppState>,
    teacher: Teacher,
    key: IdempotencyKey,
    Json { value, fingerprint }: Json<ClassIn>,
) -> Result<impl IntoResponse, ApiError> {
    let ClassIn { name, subject, grade_level, capacity, join_policy } = value;
    let patch = ClassPatch {
        name: Some(name),
        subject: Some(subject),
        grade_level: Some(grade_level),
        capacity,
        join_policy,
    };
    let change = checked(&patch)?;
    let record = key.record(&fingerprint);
    let class = match made_before(&app, &teacher.0, record.as_ref()).await? {
        Some(id) => made_class(&app, &teacher, &id).await?,
        None => insert_class(&app, &teacher, new_class(&app, &teacher, change), record.as_ref()).await?,
    };
    let location = format!("/api/v1/classes/{}", class.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], with_etag(class)))
}

async fn made_class(app: &App, teacher: &Teacher, id: &str) -> Result<ClassRow, ApiError> {
    let id = ClassId::parse(id).ok_or_else(super::problem::key_reused)?;
    class_of(app, teacher, &id).await
}

async fn insert_class(
    app: &App,
    teacher: &Teacher,
    mut class: ClassRow,
    record: Option<&crate::storage::IdempotencyRecord>,
) -> Result<ClassRow, ApiError> {
    for _ in 0..CODE_DRAWS {
        match classes::insert(app.db.as_ref(), &class, &teacher.0, record).await {
            Ok(()) => {
                tell_room(app, &class).await;
                return Ok(class);
            }
            Err(DbError::Unique(constraint)) if constraint == "classes.join_code" => {
                class.join_code = Some(new_join_code(app.entropy.as_ref()));
            }
            Err(error) if lost_the_race(&error) => {
                let id = made_before(app, &teacher.0, record).await?.ok_or(error)?;
                return made_class(app, teacher, &id).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::unavailable("no free join code was drawn"))
}

/// List classes
///
/// Newest first. A teacher gets those that they run, an admin and a key the school's.
#[utoipa::path(get, path = "/api/v1/classes", tag = "classes", security(("access_token" = []), ("integration_key" = [])), params(PageQuery),
    responses((status = 200, body = List<ClassOut>), Problems))]
async fn list_classes(
    State(app): State<AppState>,
    reader: Reader<ClassesRead>,
    Query(query): Query<PageQuery>,
) -> Result<Out<List<ClassOut>>, ApiError> {
    let page = query.page()?;
    let rows = classes::list(app.db.as_ref(), &reader.scope, &page).await?;
    Ok(Out(List::of(rows, &page, |row| row.id.to_string(), ClassOut::from)))
}

/// Show a class
#[utoipa::path(get, path = "/api/v1/classes/{class_id}", tag = "classes",
    security(("access_token" = []), ("integration_key" = [])),
    params(("class_id" = String, Path)), responses((status = 200, body = ClassOut), Problems))]
async fn show_class(
    State(app): State<AppState>,
    reader: Reader<ClassesRead>,
    Path(id): Path<ClassId>,
) -> Result<impl IntoResponse, ApiError> {
    class_in(&app, &reader.scope, &id).await.map(with_etag)
}

/// Change a class
///
/// With `If-Match`, only if nobody else has changed it since.
#[utoipa::path(patch, path = "/api/v1/classes/{class_id}", tag = "classes", security(("access_token" = [])),
    params(("class_id" = String, Path), ("If-Match" = Option<String>, Header)), request_body = ClassPatch,
    responses((status = 200, body = ClassOut), Problems))]
async fn update_class(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(id): Path<ClassId>,
    IfMatch(revision): IfMatch,
    Json { value: patch, .. }: Json<ClassPatch>,
) -> Result<impl IntoResponse, ApiError> {
    let change = checked(&patch)?;
    let now = app.clock.now();
    match classes::update(app.db.as_ref(), &teacher.scope(), &id, &change, revision, now).await? {
        Written::Done(class) => {
            tell_room(&app, &class).await;
            Ok(with_etag(class))
        }
        Written::NotFound => Err(ApiError::not_found("class")),
        Written::Conflict => Err(ApiError::new(
            ProblemCode::PreconditionFailed,
            "Somebody else changed the class. Load it again.",
        )),
    }
}

/// Rotate the join code
///
/// The old code is worth nothing from now on; who is in stays in. Opens a closed class again.
#[utoipa::path(post, path = "/api/v1/classes/{class_id}/join-code", tag = "classes", security(("access_token" = [])),
    params(("class_id" = String, Path)), responses((status = 200, body = ClassOut), Problems))]
async fn rotate_join_code(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(id): Path<ClassId>,
) -> Result<impl IntoResponse, ApiError> {
    for _ in 0..CODE_DRAWS {
        let code = new_join_code(app.entropy.as_ref());
        match classes::set_join_code(app.db.as_ref(), &teacher.scope(), &id, Some(&code), app.clock.now())
            .await
        {
            Ok(class) => return class.map(with_etag).ok_or_else(|| ApiError::not_found("class")),
            Err(DbError::Unique(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(ApiError::unavailable("no free join code was drawn"))
}

/// Close the join code
///
/// Nobody new comes in; who is in stays in.
#[utoipa::path(delete, path = "/api/v1/classes/{class_id}/join-code", tag = "classes", security(("access_token" = [])),
    params(("class_id" = String, Path)), responses((status = 200, body = ClassOut), Problems))]
async fn close_join_code(
    State(app): State<AppState>,
    teacher: Teacher,
    Path(id): Path<ClassId>,
) -> Result<impl IntoResponse, ApiError> {
    let class = classes::set_join_code(app.db.as_ref(), &teacher.scope(), &id, None, app.clock.now()).await?;
    class.map(with_etag).ok_or_else(|| ApiError::not_found("class"))
}
