//! What a plugin looks up: content of the teacher who paired it, and progress that it reported.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{PluginBody, checked_text};
use super::caller::{Paired, PluginCaller, unexpected};
use super::plugin_post;
use crate::domain::ids::ContentId;
use crate::domain::plugin::Capability;
use crate::domain::quiz::{FieldError, FieldErrorCode};
use crate::domain::roblox::{ContentKind, ContentStatus, Document};
use crate::domain::time::Timestamp;
use crate::domain::user::Scope;
use crate::handlers::context::RequestContext;
use crate::handlers::out::Out;
use crate::handlers::problem::{ApiError, ProblemCode, Problems};
use crate::handlers::routing::{AlsoAt, OpenApiRouter, routes};
use crate::handlers::{App, AppState};
use crate::plugins::{Act, Acted, PluginProgress};
use crate::storage::roblox::content::{self, ContentRow};

/// Longest id that a plugin gives a pupil or a lesson.
const MAX_ID: usize = 100;

/// The routes.
pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(query_plugin_data).also_at(&["/api/v1/plugins/query"]))
}

/// A question. Unknown fields are ignored.
#[derive(Deserialize, ToSchema)]
pub struct QueryIn {
    /// `get_lesson_content`, which wants `content:read`, or `get_student_progress`.
    #[schema(required, value_type = String)]
    query_type: Option<String>,
    /// A content (`content_…`) of the teacher, or the lesson that progress was reported for.
    #[schema(value_type = String)]
    lesson_id: Option<Value>,
    /// The kind that the content must be of; any when left out.
    content_type: Option<String>,
    /// The pupil that progress was reported for.
    #[schema(value_type = Option<String>)]
    student_id: Option<Value>,
}

/// A content as Studio gets it.
#[derive(Serialize, ToSchema)]
pub struct LessonContentOut {
    /// The content.
    lesson_id: ContentId,
    /// What it is.
    content_type: ContentKind,
    /// Title. Text that people wrote: filter it before you show it.
    title: String,
    /// Subject.
    subject: String,
    /// School year.
    grade_level: i64,
    /// Where it stands.
    status: ContentStatus,
    /// The content; null while it is generated.
    content: Option<Document>,
    /// Changed last.
    updated_at: Timestamp,
}

impl From<ContentRow> for LessonContentOut {
    fn from(row: ContentRow) -> Self {
        Self {
            lesson_id: row.summary.id,
            content_type: row.summary.kind,
            title: row.summary.title,
            subject: row.summary.subject,
            grade_level: row.summary.grade_level,
            status: row.summary.status,
            content: row.body.as_deref().map(Document::stored),
            updated_at: Timestamp::from_millis(row.summary.updated_at),
        }
    }
}

/// What was asked for.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum QueryData {
    /// Of `get_lesson_content`.
    Lesson(LessonContentOut),
    /// Of `get_student_progress`.
    Progress(PluginProgress),
}

/// An answer.
#[derive(Serialize, ToSchema)]
pub struct QueryOut {
    /// True.
    success: bool,
    /// `success`.
    status: &'static str,
    /// What was asked for.
    data: QueryData,
}

async fn query(
    app: &App,
    caller: PluginCaller,
    context: &RequestContext,
    input: QueryIn,
) -> Result<QueryOut, ApiError> {
    let data = match input.query_type.as_deref() {
        Some("get_lesson_content") => QueryData::Lesson(lesson(app, &caller, context, &input).await?),
        Some("get_student_progress") => QueryData::Progress(progress(app, &caller, context, &input).await?),
        _ => {
            let detail = "get_lesson_content or get_student_progress";
            let fault = FieldError::new("/query_type", FieldErrorCode::NotAllowed, detail);
            return Err(ApiError::invalid(vec![fault]));
        }
    };
    Ok(QueryOut { success: true, status: "success", data })
}

/// A content of whoever paired the plugin.
async fn lesson(
    app: &App,
    caller: &PluginCaller,
    context: &RequestContext,
    input: &QueryIn,
) -> Result<LessonContentOut, ApiError> {
    if !caller.claims.capabilities.contains(&Capability::ContentRead) {
        let detail = "The plugin was paired without the capability content:read.";
        return Err(ApiError::new(ProblemCode::Forbidden, detail));
    }
    caller.act(app, context, Act::Admit).await?;
    let unknown = || ApiError::not_found("lesson");
    let id =
        input.lesson_id.as_ref().and_then(Value::as_str).and_then(ContentId::parse).ok_or_else(unknown)?;
    let (school, user) = caller.claims.owner().ok_or_else(unknown)?;
    let scope = Scope { school_id: school.clone(), owner_id: Some(user.clone()) };
    let row = content::by_id(app.db.as_ref(), &scope, &id).await?;
    let is_wanted =
        |kind: ContentKind| input.content_type.as_deref().is_none_or(|wanted| wanted == kind.name());
    let row = row.filter(|row| row.summary.status != ContentStatus::Archived && is_wanted(row.summary.kind));
    row.map(LessonContentOut::from).ok_or_else(unknown)
}

/// The newest progress of a pupil and lesson that this plugin reported.
async fn progress(
    app: &App,
    caller: &PluginCaller,
    context: &RequestContext,
    input: &QueryIn,
) -> Result<PluginProgress, ApiError> {
    let mut errors = Vec::new();
    let mut id = |value: &Option<Value>, pointer: &'static str| {
        let text = match value {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        checked_text(&text, MAX_ID, pointer).map_err(|error| errors.push(error)).ok()
    };
    let (student, lesson) = (id(&input.student_id, "/student_id"), id(&input.lesson_id, "/lesson_id"));
    let (Some(student), Some(lesson)) = (student, lesson) else { return Err(ApiError::invalid(errors)) };
    let Acted::Synced(known) = caller.act(app, context, Act::Sync { after: 0 }).await? else {
        return Err(unexpected());
    };
    let is_it = |progress: &PluginProgress| progress.student_id == student && progress.lesson_id == lesson;
    known.progress.into_iter().find(is_it).ok_or_else(|| ApiError::not_found("progress"))
}

plugin_post! {
    /// Look something up
    ///
    /// `get_lesson_content` of `lesson_id` and, where it matters, `content_type`; `get_student_progress` of `student_id` and `lesson_id`.
    query_plugin_data at "/plugin/database/query": Paired(QueryIn) -> QueryOut by query
}
